package trustedlist_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"okienko/eidas"
	"okienko/eidas/trustedlist"
	"okienko/eidas/trustservice"
)

var start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

type still struct{ now time.Time }

func (s still) Now() time.Time { return s.now }

func certificate(t testing.TB, name string, authority bool, key crypto.Signer) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(int64(len(name))), Subject: pkix.Name{Organization: []string{name}, CommonName: name},
		NotBefore: start.AddDate(-1, 0, 0), NotAfter: start.AddDate(9, 0, 0), IsCA: authority, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// office is the supervisor that signs the list.
type office struct {
	key  *rsa.PrivateKey
	cert *x509.Certificate
}

func newOffice(t testing.TB) *office {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &office{key: key, cert: certificate(t, "Scheme operator", false, key)}
}

var shared = sync.OnceValue(func() *office { return newOffice(nopTB{}) })

// nopTB lets the office be made once for all tests.
type nopTB struct{ testing.TB }

func (nopTB) Helper()          {}
func (nopTB) Fatal(arg ...any) { panic(fmt.Sprint(arg...)) }

// sign signs a list as scheme operators do: enveloped, exclusive canonicalisation.
func (o *office) sign(t testing.TB, text string, change func(*dsig.SigningContext)) []byte {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		t.Fatal(err)
	}
	ctx, err := dsig.NewSigningContext(o.key, [][]byte{o.cert.Raw})
	if err != nil {
		t.Fatal(err)
	}
	ctx.IdAttribute = "Id"
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if change != nil {
		change(ctx)
	}
	signed, err := ctx.SignEnveloped(doc.Root())
	if err != nil {
		t.Fatal(err)
	}
	out := etree.NewDocument()
	out.SetRoot(signed)
	b, err := out.WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	caQC    = "http://uri.etsi.org/TrstSvc/Svctype/CA/QC"
	granted = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted"
	infoExt = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/"
)

// entry is one service of a list.
type entry struct {
	name, kind, status, since string
	certs                     []*x509.Certificate
	extensions                string
}

func purposes(uses ...string) string {
	var s strings.Builder
	for _, use := range uses {
		fmt.Fprintf(&s, `<Extension Critical="true"><AdditionalServiceInformation><URI xml:lang="en"> %s%s </URI></AdditionalServiceInformation></Extension>`, infoExt, use)
	}
	return s.String()
}

func (e *entry) String() string {
	var ids strings.Builder
	for _, c := range e.certs {
		text := base64.StdEncoding.EncodeToString(c.Raw)
		fmt.Fprintf(&ids, "<DigitalId><X509Certificate>\n%s\n%s</X509Certificate></DigitalId>", text[:64], text[64:])
	}
	return fmt.Sprintf(`<TSPService><ServiceInformation><ServiceTypeIdentifier>%s</ServiceTypeIdentifier><ServiceName><Name xml:lang="en">%s</Name></ServiceName>
<ServiceDigitalIdentity>%s<DigitalId><X509SubjectName>CN=x</X509SubjectName></DigitalId></ServiceDigitalIdentity><ServiceStatus>%s</ServiceStatus>
<StatusStartingTime>%s</StatusStartingTime><ServiceInformationExtensions>%s</ServiceInformationExtensions></ServiceInformation>
<ServiceHistory><ServiceHistoryInstance><ServiceTypeIdentifier>%s</ServiceTypeIdentifier><ServiceStatus>%s</ServiceStatus></ServiceHistoryInstance></ServiceHistory></TSPService>`,
		e.kind, e.name, &ids, e.status, e.since, e.extensions, caQC, granted)
}

func list(next string, entries ...entry) string {
	var services strings.Builder
	for i := range entries {
		e := entries[i]
		if e.kind == "" {
			e.kind = caQC
		}
		if e.status == "" {
			e.status = granted
		}
		if e.since == "" {
			e.since = "2020-01-01T00:00:00Z"
		}
		services.WriteString(e.String())
	}
	return `<?xml version="1.0" encoding="UTF-8"?>
<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#" Id="list-1" TSLTag="http://uri.etsi.org/19612/TSLTag"><SchemeInformation>
<TSLVersionIdentifier>5</TSLVersionIdentifier><TSLSequenceNumber>41</TSLSequenceNumber><SchemeTerritory>PL</SchemeTerritory>
<ListIssueDateTime>2027-02-01T00:00:00Z</ListIssueDateTime><NextUpdate><dateTime>` + next + `</dateTime></NextUpdate></SchemeInformation>
<TrustServiceProviderList><TrustServiceProvider><TSPInformation/><TSPServices>` + services.String() + `</TSPServices></TrustServiceProvider></TrustServiceProviderList></TrustServiceStatusList>`
}

const soon = "2027-08-01T00:00:00Z"

func newAuthority(t testing.TB, name string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return certificate(t, name, true, key)
}

func settings(o *office) trustedlist.Settings {
	return trustedlist.Settings{Signers: []*x509.Certificate{o.cert}, Environment: eidas.Production, Clock: still{start}}
}

func TestGrantedServicesBecomeIssuers(t *testing.T) {
	o := shared()
	web, seals, both := newAuthority(t, "web"), newAuthority(t, "seals"), newAuthority(t, "both")
	sandboxCA := newAuthority(t, eidas.SandboxOrganisation)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plain := certificate(t, "no authority", false, key)
	all := purposes("ForWebSiteAuthentication", "ForeSeals")
	text := list(soon,
		entry{name: "web", certs: []*x509.Certificate{web}, extensions: purposes("ForWebSiteAuthentication", "ForeSignatures")},
		entry{name: "seals", certs: []*x509.Certificate{seals}, extensions: purposes("ForeSeals")},
		entry{name: "both", certs: []*x509.Certificate{both, web}, extensions: all},
		entry{name: "qualified by more", certs: []*x509.Certificate{both}, extensions: all +
			`<Extension Critical="true"><q:Qualifications xmlns:q="http://uri.etsi.org/TrstSvc/SvcInfoExt/eSigDir-1999-93-EC-TrustedList/#"><q:QualificationElement><q:Qualifiers><q:Qualifier uri="` + infoExt + `QCWithQSCD"/></q:Qualifiers></q:QualificationElement></q:Qualifications></Extension>`},
		entry{name: "taken over", certs: []*x509.Certificate{both}, extensions: all + `<Extension Critical="true"><TakenOverBy/></Extension>`},
		entry{name: "unknown, harmless", certs: []*x509.Certificate{both}, extensions: all + `<Extension Critical="false"><Whatever/></Extension>`},
		// And those that must not.
		entry{name: "time stamps", kind: "http://uri.etsi.org/TrstSvc/Svctype/TSA/QTST", certs: []*x509.Certificate{both}, extensions: all},
		entry{name: "withdrawn", status: "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/withdrawn", certs: []*x509.Certificate{both}, extensions: all},
		entry{name: "from tomorrow", since: "2027-03-02T00:00:00Z", certs: []*x509.Certificate{both}, extensions: all},
		entry{name: "since never", since: "never", certs: []*x509.Certificate{both}, extensions: all},
		entry{name: "signatures only", certs: []*x509.Certificate{both}, extensions: purposes("ForeSignatures")},
		entry{name: "no purpose", certs: []*x509.Certificate{both}},
		entry{name: "not qualified", certs: []*x509.Certificate{both}, extensions: all +
			`<Extension Critical="true"><q:Qualifications xmlns:q="urn:q"><q:QualificationElement><q:Qualifiers><q:Qualifier uri="` + infoExt + `NotQualified"/></q:Qualifiers></q:QualificationElement></q:Qualifications></Extension>`},
		entry{name: "unknown, critical", certs: []*x509.Certificate{both}, extensions: all + `<Extension Critical="true"><Whatever/></Extension>`},
		entry{name: "no certificate", extensions: all},
		entry{name: "no authority", certs: []*x509.Certificate{plain}, extensions: all},
		entry{name: "sandbox", certs: []*x509.Certificate{sandboxCA}, extensions: all},
	)
	got, err := trustedlist.Read(o.sign(t, text, nil), settings(o))
	if err != nil {
		t.Fatal(err)
	}
	if got.Territory != "PL" || got.Sequence != 41 || !got.NextUpdate.Equal(time.Date(2027, 8, 1, 0, 0, 0, 0, time.UTC)) || got.Issued.Month() != time.February {
		t.Errorf("read as %+v", got)
	}
	var issuers []string
	for _, i := range got.Issuers {
		if i.Environment != eidas.Production {
			t.Errorf("%s is of %s", i.Certificate.Subject, i.Environment)
		}
		issuers = append(issuers, fmt.Sprintf("%s %v", i.Certificate.Subject.CommonName, i.Types))
	}
	want := []string{"web [QWAC]", "seals [QSealC]", "both [QWAC QSealC]", "web [QWAC QSealC]", "both [QWAC QSealC]", "both [QWAC QSealC]", "both [QWAC QSealC]"}
	if !slices.Equal(issuers, want) {
		t.Errorf("issuers %q\nwant    %q", issuers, want)
	}
	var skipped []string
	for _, s := range got.Skipped {
		if s.Why == "" {
			t.Errorf("%s was left out without a reason", s.Service)
		}
		skipped = append(skipped, s.Service)
	}
	if want := []string{"withdrawn", "from tomorrow", "since never", "signatures only", "no purpose", "not qualified", "unknown, critical", "no certificate", "no authority", "sandbox"}; !slices.Equal(skipped, want) {
		t.Errorf("left out %q\nwant     %q", skipped, want)
	}
}

// The list of a sandbox's trust service makes a checker accept its certificates: the whole way once.
func TestAListFeedsTheChecker(t *testing.T) {
	o := shared()
	service, err := trustservice.Open(trustservice.Settings{Clock: still{start}})
	if err != nil {
		t.Fatal(err)
	}
	s := settings(o)
	s.Environment = eidas.Test
	text := o.sign(t, list(soon, entry{name: "sandbox", certs: []*x509.Certificate{service.Issuer()}, extensions: purposes("ForWebSiteAuthentication")}), nil)
	got, err := trustedlist.Read(text, s)
	if err != nil {
		t.Fatal(err)
	}
	checker, err := eidas.NewChecker(eidas.Settings{Environment: eidas.Test, Issuers: got.Issuers, Clock: still{start}})
	if err != nil {
		t.Fatal(err)
	}
	r := trustservice.Request{Organisation: "PSDPL-PFSA-5250007738", Name: "x", Type: eidas.QWAC}
	qwac, err := service.Issue(r)
	if err != nil {
		t.Fatal(err)
	}
	r.Type = eidas.QSealC
	qsealc, err := service.Issue(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := checker.CheckQWAC(context.Background(), qwac.Chain()); err != nil {
		t.Error(err)
	}
	if _, err := checker.CheckQSealC(context.Background(), qsealc.Chain()); err == nil {
		t.Error("a seal passes though the list allows web sites only")
	}
}

// between cuts out what begins with from and ends before to, or at the end.
func between(t *testing.T, text []byte, from, to string) string {
	t.Helper()
	_, behind, found := strings.Cut(string(text), from)
	inside, _, ends := strings.Cut(behind, to)
	if !found || to != "" && !ends {
		t.Fatalf("the list has no %s … %s", from, to)
	}
	if to == "" {
		inside = behind
	}
	return from + inside
}

func TestListsThatAreNotTheSigners(t *testing.T) {
	o, other := shared(), newOffice(t)
	text := list(soon, entry{name: "web", certs: []*x509.Certificate{newAuthority(t, "web")}, extensions: purposes("ForWebSiteAuthentication")})
	good := o.sign(t, text, nil)
	if _, err := trustedlist.Read(good, settings(o)); err != nil {
		t.Fatal(err)
	}
	edit := func(from, to string) []byte {
		t.Helper()
		if !bytes.Contains(good, []byte(from)) {
			t.Fatalf("%q is not in the list", from)
		}
		return bytes.Replace(good, []byte(from), []byte(to), 1)
	}
	signature := between(t, good, "<ds:Signature", "</TrustServiceStatusList>")
	evil := list(soon, entry{name: "evil", certs: []*x509.Certificate{newAuthority(t, "evil")}, extensions: purposes("ForWebSiteAuthentication")})
	late := settings(o)
	late.Clock = still{start.AddDate(0, 6, 0)}
	muchLater := settings(o)
	muchLater.Clock = still{start.AddDate(20, 0, 0)}
	for name, test := range map[string]struct {
		text     []byte
		settings trustedlist.Settings
	}{
		"not signed":                 {[]byte(text), settings(o)},
		"signed by another":          {other.sign(t, text, nil), settings(o)},
		"another is configured":      {good, settings(other)},
		"a purpose changed":          {edit("ForWebSiteAuthentication", "ForeSeals"), settings(o)},
		"a status changed":           {edit("Svcstatus/granted", "Svcstatus/withdrawn"), settings(o)},
		"a service added":            {edit("<TSPServices>", "<TSPServices><TSPService/>"), settings(o)},
		"the number changed":         {edit("41", "42"), settings(o)},
		"wrapped in another":         {[]byte(strings.Replace(evil, "</TrustServiceStatusList>", between(t, good, "<TrustService", "")+"</TrustServiceStatusList>", 1)), settings(o)},
		"signature moved to another": {[]byte(strings.Replace(evil, "</TrustServiceStatusList>", signature+"</TrustServiceStatusList>", 1)), settings(o)},
		"two signatures":             {edit("</TrustServiceStatusList>", signature+"</TrustServiceStatusList>"), settings(o)},
		"signature deeper":           {edit(signature, "<a>"+signature+"</a>"), settings(o)},
		"SHA-1":                      {o.sign(t, text, func(c *dsig.SigningContext) { c.Hash = crypto.SHA1 }), settings(o)},
		"another document":           {o.sign(t, `<a Id="b"/>`, nil), settings(o)},
		"another namespace":          {o.sign(t, strings.Replace(text, "02231/v2#", "02231/v1#", 1), nil), settings(o)},
		"overdue":                    {good, late},
		"the signer has expired":     {o.sign(t, strings.Replace(text, soon, "2099-01-01T00:00:00Z", 1), nil), muchLater},
		"closed, without a next":     {o.sign(t, strings.Replace(text, soon, "", 1), nil), settings(o)},
		"a document type":            {[]byte(strings.Replace(string(good), "<TrustService", "<!DOCTYPE a [<!ENTITY b 'c'>]><TrustService", 1)), settings(o)},
		"great depth":                {[]byte(strings.Repeat("<a>", 1000) + strings.Repeat("</a>", 1000)), settings(o)},
		"no XML":                     {[]byte("404 not found"), settings(o)},
		"cut short":                  {good[:len(good)/2], settings(o)},
		"nothing":                    {nil, settings(o)},
		"too long":                   {make([]byte, 33<<20), settings(o)},
		"no signer configured":       {good, trustedlist.Settings{Environment: eidas.Production, Clock: still{start}}},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := trustedlist.Read(test.text, test.settings); err == nil {
				t.Errorf("accepted as %+v", got)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	o := shared()
	f.Add(o.sign(f, list(soon, entry{name: "web", certs: []*x509.Certificate{newAuthority(f, "web")}, extensions: purposes("ForWebSiteAuthentication")}), nil))
	f.Add([]byte("<a/>"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := trustedlist.Read(text, settings(o))
		if err == nil && (got.Sequence != 41 || len(got.Issuers) > 1) { // whatever the text became, only what was signed comes out
			t.Fatalf("read %+v from %q", got, text)
		}
	})
}
