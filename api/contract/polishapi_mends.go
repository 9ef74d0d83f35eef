package contract

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Mend is a change that a published file of PolishAPI needs before it can judge
// anything, and that our own description of the version makes too.
type Mend struct {
	// What is changed, where, and why.
	What string

	apply func(document)
}

// swaggerMends are the mends of the files of 2.1.1 and 2.1.2.
func swaggerMends() []Mend {
	mends := []Mend{
		{"EatCodeRequest does not require requestId, callbackURL and apiKey: they are fields of its requestHeader, and it has none of them.",
			func(d document) {
				s := d.schema("EatCodeRequest")
				s["required"] = slices.DeleteFunc(list(s, "required"), func(name any) bool { return child(s, "properties")[name.(string)] == nil })
			}},
		{"RequestHeaderWithoutTokenCallbackAS requires callbackURL and apiKey, where the file requires one field named \"callbackURL, apiKey\".",
			func(d document) {
				s := list(d.schema("RequestHeaderWithoutTokenCallbackAS"), "allOf")[1].(object)
				s["required"] = []any{"callbackURL", "apiKey"}
			}},
		{"Payor.payorIdType has texts only in its enum, where the file mixes texts and numbers in a field that is a text.",
			func(d document) { textEnum(d.field("Payor", "payorIdType")) }},
		{"SocialSecurityPayor.additionalPayorIdType has texts only in its enum, where the file mixes texts and numbers in a field that is a text.",
			func(d document) { textEnum(d.field("SocialSecurityPayor", "additionalPayorIdType")) }},
		{"CurrencyRate.rate has no pattern: it is a number, and patterns hold for texts.",
			func(d document) { delete(d.field("CurrencyRate", "rate"), "pattern") }},
		{"Schemas with properties are of type object, where the file gives no type and so lets anything pass.",
			func(d document) {
				for _, s := range d.schemas() {
					if o := s.(object); o["properties"] != nil && o["type"] == nil {
						o["type"] = "object"
					}
				}
			}},
		{"Nothing is put together by allOf: every schema lists its own fields and what it requires, and bases that nothing else uses are gone.",
			takeApart},
	}
	return append(mends, commonMends()...)
}

// catalogueMends are the mends of the catalogue of 3.0, with what it leaves out taken from 2.1.2.
func catalogueMends(before document) []Mend {
	mends := []Mend{
		{"Amounts have the patterns of 2.1.2, and spTaxAmount, which is new, that of amounts without a sign: the catalogue has no patterns.",
			func(d document) { amountPatterns(d, before) }},
		{"PaymentStatus has the values of 2.1.2: the catalogue has none.",
			func(d document) { maps.Copy(d.schema("PaymentStatus"), before.copy().schema("PaymentStatus")) }},
		{"A line of NameAddress has at most 35 characters, as in 2.1.2: the catalogue has no bounds of the elements of lists.",
			func(d document) { child(d.field("NameAddress", "value"), "items")["maxLength"] = 35 }},
		{"TransactionInfoRequest and HoldRequest require requestHeader and accountNumber, as in 2.1.2: a generator lost it.",
			func(d document) {
				for _, name := range []string{"TransactionInfoRequest", "HoldRequest"} {
					d.schema(name)["required"] = []any{"requestHeader", "accountNumber"}
				}
			}},
		{"RequestHeaderWithoutTokenCallbackAS requires callbackURL and apiKey: a generator lost it to the defect that 2.1.2 has too.",
			func(d document) {
				s := d.schema("RequestHeaderWithoutTokenCallbackAS")
				s["required"] = append(list(s, "required"), "callbackURL", "apiKey")
			}},
		{"Accept-Encoding and Accept-Charset have the values of 2.1.2: the catalogue has none.",
			func(d document) {
				d.eachParameter(func(p object) {
					switch p["name"] {
					case "Accept-Encoding":
						child(p, "schema")["enum"] = []any{"gzip", "deflate"}
					case "Accept-Charset":
						child(p, "schema")["enum"] = []any{"utf-8"}
					}
				})
			}},
		{"A success may carry Content-Encoding, and one with a body X-JWS-SIGNATURE, as in 2.1.2: the catalogue has no headers of answers.",
			func(d document) {
				text := func() object { return object{"schema": object{"type": "string"}} }
				d.eachResponse(func(status string, r object) {
					if strings.HasPrefix(status, "2") {
						r["headers"] = object{"Content-Encoding": text()}
						if r["content"] != nil {
							child(r, "headers")[signatureHeader] = text()
						}
					}
				})
			}},
		{"Bases that nothing uses are gone.",
			func(d document) { d.dropUnused() }},
	}
	return append(mends, commonMends()...)
}

// commonMends are those of every version: what OpenAPI 3 says in another way, and what the standard leaves to the bank.
func commonMends() []Mend {
	return []Mend{
		{"TokenRequest takes code, as RFC 6749 spells it, beside Code.",
			func(d document) { child(d.schema("TokenRequest"), "properties")["code"] = object{"type": "string"} }},
		{"Error may carry error and error_description, which clients of OAuth 2.0 read (RFC 6749, section 5.2).",
			func(d document) {
				child(d.schema("Error"), "properties")["error"] = object{"type": "string"}
				child(d.schema("Error"), "properties")["error_description"] = object{"type": "string"}
			}},
		{"Objects are closed: a field that the version does not have is wrong.",
			func(d document) {
				for _, s := range d.schemas() {
					if s.(object)["properties"] != nil {
						s.(object)["additionalProperties"] = false
					}
				}
			}},
		{"Accept-Encoding and Accept-Charset are lists of the words in their enums, as in HTTP, and not one word.",
			func(d document) {
				d.eachParameter(func(p object) {
					if schema := child(p, "schema"); schema["enum"] != nil {
						p["schema"] = object{"type": "array", "items": schema}
					}
				})
			}},
		{"Authorization is the security scheme accessToken, for OpenAPI 3 ignores a parameter with that name; certificate stands beside it on every call.",
			asSecurity},
		{"Every 200 has X-JWS-SIGNATURE.",
			func(d document) {
				d.eachResponse(func(status string, r object) {
					if status == "200" {
						child(child(r, "headers"), signatureHeader)["required"] = true
					}
				})
			}},
		{"429 and 503 may have Retry-After.",
			func(d document) {
				d.eachResponse(func(status string, r object) {
					if status == "429" || status == "503" {
						r["headers"] = object{"Retry-After": object{"schema": object{"type": "integer"}}}
					}
				})
			}},
	}
}

func textEnum(schema object) {
	values := list(schema, "enum")
	for i, v := range values {
		if n, ok := v.(float64); ok {
			values[i] = strconv.FormatFloat(n, 'f', -1, 64)
		}
	}
}

// takeApart writes into each schema with allOf what its parts say.
func takeApart(d document) {
	whole := object{}
	for name, s := range d.schemas() {
		whole[name] = d.flat(s.(object))
	}
	child(object(d), "components")["schemas"] = whole
	d.dropUnused()
}

func (d document) flat(s object) object {
	if ref, ok := s["$ref"].(string); ok {
		return d.flat(d.schema(lastPart(ref)))
	}
	parts, ok := s["allOf"].([]any)
	if !ok {
		return s
	}
	properties, required := object{}, []any{}
	for _, part := range parts {
		p := d.flat(part.(object))
		maps.Copy(properties, child(p, "properties"))
		for _, name := range list(p, "required") {
			if !slices.Contains(required, name) {
				required = append(required, name)
			}
		}
	}
	whole := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		whole["required"] = required
	}
	return whole
}

// amountPatterns gives every field the pattern that 2.1.2 has for the fields with its name.
func amountPatterns(d, before document) {
	patterns := map[string]any{"spTaxAmount": before.field("ItemInfoBase", "amount")["pattern"]}
	for _, s := range before.schemas() {
		for name, field := range child(s.(object), "properties") {
			if pattern := field.(object)["pattern"]; pattern != nil {
				patterns[name] = pattern
			}
		}
	}
	for _, s := range d.schemas() {
		for name, field := range child(s.(object), "properties") {
			if pattern := patterns[name]; pattern != nil && field.(object)["type"] == "string" {
				field.(object)["pattern"] = pattern
			}
		}
	}
}

func asSecurity(d document) {
	child(object(d), "components")["securitySchemes"] = object{
		"certificate": object{"type": "mutualTLS"},
		"accessToken": object{"type": "http", "scheme": "bearer"},
	}
	delete(child(child(object(d), "components"), "parameters"), "authorizationParam")
	for _, item := range child(object(d), "paths") {
		operation := child(item.(object), "post")
		need := object{"certificate": []any{}}
		operation["parameters"] = slices.DeleteFunc(list(operation, "parameters"), func(p any) bool {
			asks := p.(object)["name"] == "Authorization" || lastPart(p.(object)["$ref"]) == "authorizationParam"
			if asks {
				need["accessToken"] = []any{}
			}
			return asks
		})
		operation["security"] = []any{need}
	}
}

// document is a description as JSON has it, to be changed before it is loaded.
type document map[string]any

type object = map[string]any

func readDocument(description any) (document, error) {
	text, err := json.Marshal(description)
	if err != nil {
		return nil, err
	}
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, err
	}
	return d, nil
}

func (d document) copy() document {
	c, err := readDocument(d)
	if err != nil {
		panic(err) // what was JSON is JSON
	}
	return c
}

func (d document) schemas() object           { return child(child(object(d), "components"), "schemas") }
func (d document) schema(name string) object { return child(d.schemas(), name) }
func (d document) field(schema, name string) object {
	return child(child(d.schema(schema), "properties"), name)
}

func (d document) eachParameter(change func(object)) {
	for _, p := range child(child(object(d), "components"), "parameters") {
		change(p.(object))
	}
	for _, item := range child(object(d), "paths") {
		for _, p := range list(child(item.(object), "post"), "parameters") {
			if p.(object)["$ref"] == nil {
				change(p.(object))
			}
		}
	}
}

func (d document) eachResponse(change func(status string, response object)) {
	for _, item := range child(object(d), "paths") {
		for status, r := range child(child(item.(object), "post"), "responses") {
			change(status, r.(object))
		}
	}
}

// dropUnused drops the schemas that nothing refers to.
func (d document) dropUnused() {
	for {
		used := map[string]bool{}
		references(object(d), used)
		before := len(d.schemas())
		maps.DeleteFunc(d.schemas(), func(name string, _ any) bool { return !used[name] })
		if len(d.schemas()) == before {
			return
		}
	}
}

func references(value any, used map[string]bool) {
	switch v := value.(type) {
	case object:
		if ref, ok := v["$ref"].(string); ok {
			used[lastPart(ref)] = true
		}
		for _, w := range v {
			references(w, used)
		}
	case []any:
		for _, w := range v {
			references(w, used)
		}
	}
}

func child(o object, name string) object { c, _ := o[name].(object); return c }
func list(o object, name string) []any   { l, _ := o[name].([]any); return l }

func lastPart(ref any) string {
	s, _ := ref.(string)
	return s[strings.LastIndex(s, "/")+1:]
}
