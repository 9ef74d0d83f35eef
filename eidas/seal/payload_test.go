package seal_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"okienko/bank"
	"okienko/eidas/seal"
)

// stringify is QuoteJSONString of ECMA-262, 25.5.4.3, step by step over UTF-16 code units as the standard has it. It
// shares nothing with the code under test.
func stringify(units []uint16) string {
	var product strings.Builder
	product.WriteByte('"')
	for i := 0; i < len(units); i++ {
		switch c := units[i]; {
		case c == 0x08:
			product.WriteString(`\b`)
		case c == 0x09:
			product.WriteString(`\t`)
		case c == 0x0a:
			product.WriteString(`\n`)
		case c == 0x0c:
			product.WriteString(`\f`)
		case c == 0x0d:
			product.WriteString(`\r`)
		case c == 0x22:
			product.WriteString(`\"`)
		case c == 0x5c:
			product.WriteString(`\\`)
		case c < 0x20:
			fmt.Fprintf(&product, `\u%04x`, c)
		case c >= 0xd800 && c < 0xdc00 && i+1 < len(units) && units[i+1] >= 0xdc00 && units[i+1] < 0xe000:
			product.WriteRune(utf16.DecodeRune(rune(c), rune(units[i+1])))
			i++
		case c >= 0xd800 && c < 0xe000:
			fmt.Fprintf(&product, `\u%04x`, c)
		default:
			product.WriteRune(rune(c))
		}
	}
	product.WriteByte('"')
	return product.String()
}

func payload(t testing.TB, uri string, headers map[string]string, body string) string {
	t.Helper()
	h := http.Header{}
	for name, value := range headers {
		h.Set(name, value)
	}
	got, err := seal.AppendPayload(nil, uri, h, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

func TestPayloadIsWhatStringifyWrites(t *testing.T) {
	var every strings.Builder // each character of the first plane's start, and the notorious ones
	for r := range rune(0x300) {
		every.WriteRune(r)
	}
	every.WriteString("\u2027\u2028\u2029\u202a\ufeff\ufffd\uffff\U00010000\U0001f600\U0010ffff</script>&amp;ż$/\\\"")
	for _, text := range []string{"", "a", `"`, `\`, "\x00", "\x7f", `é`, every.String()} {
		want := `{"uri":"/x","headers":{},"body":` + stringify(utf16.Encode([]rune(text))) + `}`
		if got := payload(t, "/x", nil, text); got != want {
			t.Errorf("%.40q: got  %s\nwant %s", text, got, want)
		}
	}
	dice := rand.New(rand.NewPCG(7, 7))
	for range 2000 {
		text := randomText(dice)
		quoted := stringify(utf16.Encode([]rune(text)))
		want := `{"uri":` + quoted + `,"headers":{"tpp-id":` + quoted + `},"body":` + quoted + `}`
		uri, body := text, text
		// A header has no white space at its ends; the rest of what stringify knows may stand in it here.
		got, err := seal.AppendPayload(nil, uri, map[string][]string{"Tpp-Id": {" \t" + text + " "}}, []byte(body))
		if err != nil || (string(got) != want && strings.Trim(text, " \t") == text) {
			t.Fatalf("%q: got %s, %v\nwant %s", text, got, err, want)
		}
		var back struct{ URI, Body string }
		if err := json.Unmarshal(got, &back); err != nil || back.URI != text || back.Body != text {
			t.Fatalf("%q comes back as %q, %v", text, back, err)
		}
	}
}

func randomText(dice *rand.Rand) string {
	runes := make([]rune, dice.IntN(40))
	for i := range runes {
		switch dice.IntN(4) {
		case 0:
			runes[i] = dice.Int32N(0x80)
		case 1:
			runes[i] = dice.Int32N(0x3000)
		case 2:
			runes[i] = []rune("\"\\\b\f\n\r\t<>&/\u2028\u2029$\x7f\u0000")[dice.IntN(16)]
		default:
			if runes[i] = dice.Int32N(0x110000); !utf8.ValidRune(runes[i]) {
				runes[i] = '�'
			}
		}
	}
	return string(runes)
}

func TestPayloadHasTheListedHeadersInOrder(t *testing.T) {
	names := seal.SignedHeaders()
	if !slices.IsSorted(names) || len(names) != 16 {
		t.Errorf("the list is %q", names)
	}
	headers, want := map[string]string{"Accept": "x", "X-Tpp-Id": "x", "Digest": "x"}, `{"uri":"/","headers":{`
	for i, name := range names {
		headers[strings.ToUpper(name)] = fmt.Sprintf(" \t %d ż ", i)
		if i > 0 {
			want += ","
		}
		want += fmt.Sprintf(`"%s":"%d ż"`, name, i)
	}
	if got := payload(t, "/", headers, ""); got != want+`},"body":""}` {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := payload(t, "/", map[string]string{"PSU-ID": ""}, ""); got != `{"uri":"/","headers":{"psu-id":""},"body":""}` {
		t.Errorf("an empty header: %s", got)
	}
}

// Bodies of §10 case 17: what other libraries would escape stays as it came.
func TestPayloadLeavesTheBodyAlone(t *testing.T) {
	body := "{\"a\":\"<b>&amp;ż\u2028\",\r\n \"e\":\"\\u00e9\",\"$\":1.50}"
	want := `{"uri":"/a/$1?b=%C5%BC&c=d+e","headers":{},"body":"{\"a\":\"<b>&amp;ż` + "\u2028" + `\",\r\n \"e\":\"\\u00e9\",\"$\":1.50}"}`
	if got := payload(t, "/a/$1?b=%C5%BC&c=d+e", nil, body); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestPayloadIsAppended(t *testing.T) {
	got, err := seal.AppendPayload([]byte("before "), "/", nil, nil)
	if err != nil || string(got) != `before {"uri":"/","headers":{},"body":""}` {
		t.Errorf("%s, %v", got, err)
	}
}

func TestPayloadThatNobodyCanHaveSigned(t *testing.T) {
	for name, test := range map[string]struct {
		uri     string
		headers http.Header
		body    string
		field   string
	}{
		"header twice":               {headers: http.Header{"Tpp-Id": {"a", "a"}}, field: "tpp-id"},
		"header not UTF-8":           {headers: http.Header{"Psu-User-Agent": {"\xf3"}}, field: "psu-user-agent"},
		"uri not UTF-8":              {uri: "/\xff", field: "uri"},
		"body not UTF-8":             {body: "{\"a\":\"\xb1\"}", field: "body"},
		"body with half a pair":      {body: "\xed\xa0\x80", field: "body"},
		"body with an overlong form": {body: "\xc0\xaf", field: "body"},
	} {
		_, err := seal.AppendPayload(nil, test.uri, test.headers, []byte(test.body))
		var r *bank.Refusal
		if !asRefusal(err, &r) || r.Code != bank.InvalidParameter || r.Field != test.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	twice := http.Header{"Accept": {"a", "b"}, "Tpp-Id": {"a"}}
	if _, err := seal.AppendPayload(nil, "/", twice, nil); err != nil {
		t.Errorf("a header that is not signed may stand twice: %v", err)
	}
}

func FuzzStringify(f *testing.F) {
	for _, s := range []string{"", "\"\\\b\f\n\r\t\x00\x1f\x7f", "ż\u2028\U0001f600", "\xed\xa0\x80", "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := seal.AppendPayload(nil, "/", nil, text)
		if (err == nil) != utf8.Valid(text) {
			t.Fatalf("%q: %v", text, err)
		}
		if err != nil {
			return
		}
		if want := `{"uri":"/","headers":{},"body":` + stringify(utf16.Encode([]rune(string(text)))) + `}`; string(got) != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
		if !bytes.HasSuffix(got, []byte(`"}`)) || !json.Valid(got) {
			t.Fatalf("%s is no JSON", got)
		}
	})
}
