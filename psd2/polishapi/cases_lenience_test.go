package polishapi_test

import (
	"net/http"
	"testing"

	"okienko/bank/thirdparty"
	"okienko/eidas"
	"okienko/eidas/trustservice"
	"okienko/psd2/polishapi"
	"okienko/psd2/psd2test"
)

// In what the bank is lenient to one third party (docs/divergences.md). Each point
// is refused while it is off, also when every other one is on, and served when it
// alone is on. The official files refuse what such a third party sends, so only its
// answers are judged here.
func TestLenience(t *testing.T) {
	w := newWorld(t)
	number := numberOf(1)
	loose := "PL " + number[:2] + " " + number[2:]
	header := func(name string) func(polishapi.Version, string) *ask {
		return func(v polishapi.Version, token string) *ask { return w.one.lister(v, token).set(name, "") }
	}
	points := []struct {
		point, name string
		versions    []polishapi.Version
		code        string
		status      int
		ask         func(v polishapi.Version, token string) *ask // the token lists accounts
	}{
		{"any-uuid", "random id", versions, "invalid_field", 400, func(v polishapi.Version, token string) *ask {
			return w.one.lister(v, token).identified(randomised())
		}},
		{"optional-headers", "Accept-Encoding", versions, "header_missing", 400, header("Accept-Encoding")},
		{"optional-headers", "Accept-Language", versions, "header_missing", 400, header("Accept-Language")},
		{"optional-headers", "Accept-Charset", versions, "header_missing", 400, header("Accept-Charset")},
		{"unknown-fields", "in the body", versions, "invalid_field", 400, func(v polishapi.Version, token string) *ask {
			return w.one.lister(v, token).put("nothing", 1)
		}},
		{"unknown-fields", "in requestHeader", versions, "invalid_field", 400, func(v polishapi.Version, token string) *ask {
			return w.one.lister(v, token).say("nothing", m{"deep": list{1}})
		}},
		{"unknown-fields", "in scope_details", versions, "invalid_field", 400, func(v polishapi.Version, _ string) *ask {
			return w.one.asksInfo(v).put("scope_details.nothing", 1)
		}},
		{"token-once", "no token in requestHeader", versions, "invalid_token", 401, func(v polishapi.Version, token string) *ask {
			return w.one.lister(v, token).say("token", nil)
		}},
		{"optional-tpp-id", "no tppId", []polishapi.Version{v300}, "invalid_field", 400, func(v polishapi.Version, token string) *ask {
			return w.one.lister(v, token).say("tppId", nil)
		}},
		{"loose-numbers", "payee", versions, "invalid_field", 400, func(v polishapi.Version, _ string) *ask {
			pay := domestic(v)
			pay["recipient"] = m{"accountNumber": loosely(numberOf(4)), "nameAddress": pay["recipient"].(m)["nameAddress"]}
			return w.one.authorize(v, "pis", psd2test.NewUUID(w.Wall.Now()), may("pis:domestic", pay))
		}},
		{"loose-numbers", "payer", versions, "invalid_field", 400, func(v polishapi.Version, _ string) *ask {
			pay := domestic(v)
			pay["sender"] = m{"accountNumber": loose}
			return w.one.authorize(v, "pis", psd2test.NewUUID(w.Wall.Now()), may("pis:domestic", pay))
		}},
	}
	allow := func(change func(*thirdparty.Lenience)) {
		w.Change(oneOrg, func(c *thirdparty.Client) { change(&c.Lenience) })
	}
	tried := map[string]bool{}
	for _, p := range points {
		tried[p.point] = true
		t.Run(p.point+" "+p.name, func(t *testing.T) {
			for _, v := range p.versions {
				allow(func(l *thirdparty.Lenience) { *l = thirdparty.Lenience{} })
				token := w.one.lists(v, annas).access
				p.ask(v, token).send().Fails(p.status, p.code)
				allow(func(l *thirdparty.Lenience) {
					*l = thirdparty.Lenient()
					must(t, l.Set(p.point, false))
				})
				p.ask(v, token).send().Fails(p.status, p.code)
				allow(func(l *thirdparty.Lenience) {
					*l = thirdparty.Lenience{}
					must(t, l.Set(p.point, true))
				})
				a := p.ask(v, token)
				a.operation = ""
				proven(t, a.send().Is(http.StatusOK))
			}
		})
	}
	for _, name := range thirdparty.Leniences {
		if !tried[name] {
			t.Errorf("no test of %s", name)
		}
	}
}

// randomised is an id of version 4 that nobody has used.
func randomised() string {
	id := []byte(psd2test.NewUUID(noon))
	id[14] = '4'
	return string(id)
}

func loosely(number string) string {
	return "PL" + number[:2] + " " + number[2:6] + " " + number[6:]
}

// What is there is judged as strictly as ever.
func TestLenienceIsNoCarelessness(t *testing.T) {
	w := newWorld(t)
	w.Change(oneOrg, func(c *thirdparty.Client) { c.Lenience = thirdparty.Lenient() })
	inVersions(t, func(_ *testing.T, v polishapi.Version) {
		token := w.one.lists(v, annas).access
		list := func() *ask { return w.one.lister(v, token) }
		list().say("token", "x").send().Fails(http.StatusUnauthorized, "invalid_token")
		list().say("tppId", otherOrg).send().Fails(http.StatusUnauthorized, "third_party_unknown")
		list().set("Accept-Encoding", "br").send().Fails(http.StatusBadRequest, "invalid_field")
		list().set("Accept-Charset", "iso-8859-2").send().Fails(http.StatusNotAcceptable, "not_acceptable")
		list().set("X-REQUEST-ID", "").send().Fails(http.StatusBadRequest, "header_missing")
		list().set("Authorization", "").send().Fails(http.StatusBadRequest, "header_missing")
		list().identified("12345").send().Fails(http.StatusBadRequest, "invalid_field")
		list().notSigned().send().Fails(http.StatusBadRequest, "signature_missing")
		list().put("perPage", "five").send().Fails(http.StatusBadRequest, "invalid_field")
		once := list().identified(randomised())
		once.operation = ""
		once.send().Is(http.StatusOK)
		once.send().Fails(http.StatusBadRequest, "request_repeated")
		// To nobody else.
		w.other.lister(v, "x").set("Accept-Charset", "").send().Fails(http.StatusBadRequest, "header_missing")
	})
}

// To whom the bank is lenient is told by a certificate that is good, and by no
// other: a caller who presents none hears of the header before the certificate.
func TestLenienceNeedsAGoodCertificate(t *testing.T) {
	w := newWorld(t)
	w.Change(oneOrg, func(c *thirdparty.Client) { c.Lenience = thirdparty.Lenient() })
	bare := *w.one
	bare.http = w.HTTPClient(w.net)
	revoked := w.tpp(oneOrg, w.one.client, psd2test.Papers{QWAC: ca.Issue(oneOrg, eidas.QWAC, trustservice.Revoked), Seal: ca.PapersOf(oneOrg).Seal})
	for _, p := range []*tpp{&bare, revoked} {
		p.lister(v212, "x").set("Accept-Charset", "").send().Fails(http.StatusBadRequest, "header_missing")
		p.lister(v212, "x").send().Fails(http.StatusUnauthorized, "certificate_invalid")
	}
	stranger := w.tpp("PSDPL-PFSA-7777777777", "", ca.NewPapers("PSDPL-PFSA-7777777777"))
	stranger.lister(v212, "x").set("Accept-Charset", "").send().Fails(http.StatusBadRequest, "header_missing")
}
