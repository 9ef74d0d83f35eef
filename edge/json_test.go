package edge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestParseObjectReadsValues(t *testing.T) {
	o, err := ParseObject([]byte(` { "operationId" : "a-1", "amount":"12.50","n":-0.5e+3,"i":42,"yes":true,"no":false,
		"nothing":null,"list":["x","\u017c\u00f3\u0142w \ud83d\ude00\n"],"mixed":["x",1],"inner":{"a":{"b":[]}} } `))
	if err != nil {
		t.Fatal(err)
	}
	get := func(name string) Value {
		v, ok := o.Get(name)
		if !ok {
			t.Errorf("%s is missing", name)
		}
		return v
	}
	if s, ok := get("amount").String(); !ok || s != "12.50" {
		t.Errorf("amount = %q, %v", s, ok)
	}
	if s, ok := get("n").NumberText(); !ok || s != "-0.5e+3" {
		t.Errorf("n = %q, %v", s, ok)
	}
	if n, ok := get("i").Int64(); !ok || n != 42 {
		t.Errorf("i = %d, %v", n, ok)
	}
	if b, ok := get("yes").Bool(); !ok || !b {
		t.Error("yes is not true")
	}
	if b, ok := get("no").Bool(); !ok || b {
		t.Error("no is not false")
	}
	if !get("nothing").IsNull() {
		t.Error("nothing is not null")
	}
	if l, ok := get("list").Strings(); !ok || !reflect.DeepEqual(l, []string{"x", "żółw 😀\n"}) {
		t.Errorf("list = %q, %v", l, ok)
	}
	if inner, ok := get("inner").Object(); !ok || inner.Len() != 1 {
		t.Errorf("inner = %v, %v", inner, ok)
	}
	if _, ok := o.Get("Amount"); ok {
		t.Error("a name was found by another case")
	}
	if got := o.Unknown("operationId", "amount", "n", "i", "yes", "no", "nothing", "list", "INNER"); !reflect.DeepEqual(got, []string{"mixed", "inner"}) {
		t.Errorf("unknown = %v", got)
	}

	// No value answers to another kind than its own.
	for name, ok := range map[string]bool{
		"null as string":    second(get("nothing").String()),
		"number as string":  second(get("i").String()),
		"string as number":  second(get("amount").NumberText()),
		"string as bool":    second(get("amount").Bool()),
		"mixed as strings":  second(get("mixed").Strings()),
		"null as object":    second(get("nothing").Object()),
		"string as array":   second(get("amount").Elements()),
		"fraction as int64": second(get("n").Int64()),
		"absent as string":  second(Value{}.String()),
	} {
		if ok {
			t.Error(name)
		}
	}
}

func second[T any](_ T, ok bool) bool { return ok }

func nested(depth int) string {
	return strings.Repeat(`{"a":`, depth-1) + "{}" + strings.Repeat("}", depth-1)
}

func keys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":0`, i)
	}
	return "{" + b.String()[1:] + "}"
}

func TestParseObjectRefuses(t *testing.T) {
	for name, body := range map[string]string{
		"empty":                          "",
		"only space":                     " \n",
		"a string":                       `"a"`,
		"an array":                       `[]`,
		"a byte order mark":              "\ufeff{}",
		"data after the object":          `{}{}`,
		"text after the object":          `{"a":1}x`,
		"a NUL after the object":         "{}\x00",
		"no end":                         `{"a":1`,
		"no end of a string":             `{"a":"b`,
		"no end of an escape":            `{"a":"\`,
		"no end of a hex escape":         `{"a":"\u00`,
		"a comma before the end":         `{"a":1,}`,
		"a comma before the array's end": `{"a":[1,]}`,
		"two commas":                     `{"a":1,,"b":2}`,
		"no colon":                       `{"a" 1}`,
		"a bare name":                    `{a:1}`,
		"single quotes":                  `{'a':1}`,
		"a comment":                      `{"a":1/**/}`,
		"duplicate names":                `{"amount":"1.00","amount":"2.00"}`,
		"duplicate names by escape":      `{"amount":"1.00","\u0061mount":"2.00"}`,
		"duplicate names further in":     `{"a":[{"b":1,"b":2}]}`,
		"invalid UTF-8":                  "{\"a\":\"\xff\"}",
		"invalid UTF-8 after an escape":  "{\"a\":\"\\n\xff\"}",
		"an overlong encoding":           "{\"a\":\"\xc0\xaf\"}",
		"a surrogate in UTF-8":           "{\"a\":\"\xed\xa0\x80\"}",
		"invalid UTF-8 in a name":        "{\"\xff\":1}",
		"a lone high surrogate":          `{"a":"\ud83d"}`,
		"a lone low surrogate":           `{"a":"\ude00"}`,
		"two high surrogates":            `{"a":"\ud83d\ud83d"}`,
		"a raw control character":        "{\"a\":\"\n\"}",
		"a raw control after an escape":  "{\"a\":\"\\n\n\"}",
		"an escaped NUL":                 `{"a":"\u0000"}`,
		"an escaped ESC":                 `{"a":"\u001b[2J"}`,
		"an escaped backspace":           `{"a":"\b"}`,
		"an unknown escape":              `{"a":"\x41"}`,
		"a plus":                         `{"a":+1}`,
		"a leading zero":                 `{"a":01}`,
		"a negative leading zero":        `{"a":-01}`,
		"no digit before the point":      `{"a":.5}`,
		"no digit after the point":       `{"a":1.}`,
		"no digit in the exponent":       `{"a":1e}`,
		"a lone minus":                   `{"a":-}`,
		"a hex number":                   `{"a":0x1}`,
		"NaN":                            `{"a":NaN}`,
		"Infinity":                       `{"a":Infinity}`,
		"a word of other case":           `{"a":True}`,
		"half a word":                    `{"a":nul}`,
		"a level too deep":               nested(maxJSONDepth + 1),
		"an array too deep":              `{"a":` + strings.Repeat("[", maxJSONDepth) + strings.Repeat("]", maxJSONDepth) + "}",
		"a field too many":               keys(maxJSONKeys + 1),
		"an element too many":            `{"a":[0` + strings.Repeat(",0", maxJSONElements) + `]}`,
	} {
		_, err := ParseObject([]byte(body))
		if syntax := (*SyntaxError)(nil); !errors.As(err, &syntax) {
			t.Errorf("%s: %s: got %v", name, body, err)
		}
	}
	for name, body := range map[string]string{
		"as deep as allowed":    nested(maxJSONDepth),
		"as many as allowed":    keys(maxJSONKeys),
		"as long as allowed":    `{"a":[0` + strings.Repeat(",0", maxJSONElements-1) + `]}`,
		"the empty object":      `{}`,
		"the replacement rune":  "{\"a\":\"\ufffd\"}",
		"a surrogate pair":      `{"a":"\uD83D\uDE00"}`,
		"tab and line ends":     `{"a":"\t\r\n"}`,
		"an empty name":         `{"":1}`,
		"names of another case": `{"a":1,"A":2}`,
	} {
		if _, err := ParseObject([]byte(body)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSyntaxErrorsQuoteNothing(t *testing.T) {
	for _, body := range []string{`{"pesel":44051401359}x`, `{"44051401359":44051401359x}`, `44051401359`} {
		_, err := ParseObject([]byte(body))
		if err == nil || strings.Contains(err.Error(), "44051401359") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// plain turns a value into what encoding/json makes of it with UseNumber.
func plain(t *testing.T, v Value) any {
	switch v.Kind() {
	case KindNull:
		return nil
	case KindBool:
		b, _ := v.Bool()
		return b
	case KindNumber:
		n, _ := v.NumberText()
		return json.Number(n)
	case KindString:
		s, _ := v.String()
		return s
	case KindArray:
		list := []any{}
		elements, _ := v.Elements()
		for _, e := range elements {
			list = append(list, plain(t, e))
		}
		return list
	case KindObject:
		o, _ := v.Object()
		return plainObject(t, o)
	}
	t.Fatalf("a value of kind %v", v.Kind())
	return nil
}

func plainObject(t *testing.T, o Object) map[string]any {
	m := map[string]any{}
	for _, name := range o.Names() {
		v, _ := o.Get(name)
		m[name] = plain(t, v)
	}
	return m
}

// FuzzParseObject: what we accept, encoding/json accepts with the same values.
// What encoding/json accepts and we refuse must be for one of our reasons.
func FuzzParseObject(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":1}`, string(transferBody), `{"a":"\ud83d\ude00","b":[1,-0.5e3,[],{"c":null}]}`,
		`{"a":1,"\u0061":2}`, nested(9), "{\"a\":\"\xff\"}", `{"a":"\ud83d"}`, "\ufeff{}", `{"a":"\u0000"}`,
	} {
		f.Add([]byte(seed))
	}
	ours := map[string]bool{
		"nested too deep": true, "too many fields": true, "too many elements": true,
		"a field name for the second time": true, "invalid UTF-8": true, "a lone surrogate": true,
		"an escaped control character": true,
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := ParseObject(body)
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		var theirs map[string]any
		theirErr := decoder.Decode(&theirs)
		if err == nil {
			if theirErr != nil {
				t.Fatalf("we accept, encoding/json says %v", theirErr)
			}
			if got := plainObject(t, o); !reflect.DeepEqual(got, theirs) {
				t.Fatalf("we read %v, encoding/json %v", got, theirs)
			}
			return
		}
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Fatalf("an error of another type: %v", err)
		}
		if syntax.Offset < 0 || syntax.Offset > len(body) {
			t.Fatalf("offset %d of %d bytes", syntax.Offset, len(body))
		}
		if json.Valid(body) && theirs != nil && !ours[syntax.Reason] {
			t.Fatalf("we refuse a valid object: %v", err)
		}
	})
}

var transferBody = []byte(`{"operationId":"6f1f2a7e-3a1c-4a57-9a39-55d0f5b7c111","account_id":"5b0d6a4f-8a8e-4a30-8a4c",` +
	`"amount":"1250.00","currency":"PLN","title":"Zamówienie 4711 / marzec","executionDate":"2026-03-02"}`)

func BenchmarkParseObject(b *testing.B) {
	b.Run("edge", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(transferBody)))
		for b.Loop() {
			if _, err := ParseObject(transferBody); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding_json_struct", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(transferBody)))
		for b.Loop() {
			var body struct {
				OperationID   string `json:"operationId"`
				AccountID     string `json:"account_id"`
				Amount        string `json:"amount"`
				Currency      string `json:"currency"`
				Title         string `json:"title"`
				ExecutionDate string `json:"executionDate"`
			}
			if err := json.Unmarshal(transferBody, &body); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func TestWriterMakesWhatEncodingJSONReads(t *testing.T) {
	text := "a\"b\\c\n\r\t\x00\x1f\x7f zażółć 😀 <&> \u2028\u2029"
	b := []byte{'{'}
	b = AppendStringField(b, "text", text)
	b = AppendIntField(b, "int", -42)
	b = AppendBoolField(b, "bool", true)
	b = AppendNullField(b, "null")
	b = AppendStringsField(b, "list", []string{"{", ","})
	b = AppendStringsField(b, "none", nil)
	b = AppendRawField(b, "raw", []byte(`{"x":[1]}`))
	b = append(b, '}')
	want := map[string]any{
		"text": text, "int": -42.0, "bool": true, "null": nil,
		"list": []any{"{", ","}, "none": []any{}, "raw": map[string]any{"x": []any{1.0}},
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s\nread as %v, %v", b, got, err)
	}
	if !bytes.Contains(b, []byte("zażółć 😀 <&> \\u2028\\u2029")) {
		t.Errorf("text was escaped without need, or U+2028 was not: %s", b)
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add("zażółć \xff\u2028 \"\\")
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		if err := json.Unmarshal(AppendString(nil, s), &got); err != nil {
			t.Fatal(err)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); strings.ToValidUTF8(s, "") == s && got != want {
			t.Fatalf("%q came back as %q", s, got)
		}
	})
}
