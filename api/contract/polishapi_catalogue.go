package contract

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The catalogue of the fields of PolishAPI 3.0: facts read off classes that were once
// generated from the published file.
type catalogue struct {
	Models     map[string]map[string]catalogueField
	Operations []struct {
		Path, Request, Response string
		ResponseCodes           []string
		Headers                 map[string]bool // by name, whether it is required
	}
}

type catalogueField struct {
	Type             string
	Required         bool
	Enum             []any
	MinSize, MaxSize *int
	Minimum, Maximum *int
}

// fromCatalogue makes of the catalogue what the published file of the older versions is after its conversion.
func fromCatalogue(text []byte) (document, error) {
	var c catalogue
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, err
	}
	schemas := object{}
	for name, fields := range c.Models {
		model, properties, required := object{}, object{}, []any{}
		for field, f := range fields {
			properties[field] = f.schema()
			if f.Required {
				required = append(required, field)
			}
		}
		if len(properties) > 0 {
			model["type"], model["properties"] = "object", properties
		}
		if len(required) > 0 {
			model["required"] = required
		}
		schemas[name] = model
	}
	paths := object{}
	for _, o := range c.Operations {
		name, err := operationOf(o.Path)
		if err != nil {
			return nil, err
		}
		operation := object{"operationId": name[strings.Index(name, "/")+1:]}
		operation["requestBody"] = object{"required": true, "content": contentOf(o.Request)}
		parameters := []any{}
		for header, required := range o.Headers {
			parameters = append(parameters, object{"name": header, "in": "header", "required": required, "schema": object{"type": "string"}})
		}
		operation["parameters"] = parameters
		responses := object{}
		for _, code := range o.ResponseCodes {
			response := object{"description": code}
			switch {
			case !strings.HasPrefix(code, "2"):
				response["content"] = contentOf("Error")
			case code != "204" && o.Response != "Void":
				response["content"] = contentOf(o.Response)
			}
			responses[code] = response
		}
		operation["responses"] = responses
		paths[o.Path] = object{"post": operation}
	}
	return readDocument(object{
		"openapi": "3.0.3", "info": object{"title": "PolishAPI", "version": "3.0"},
		"paths": paths, "components": object{"schemas": schemas},
	})
}

func contentOf(schema string) object {
	return object{"application/json": object{"schema": reference(schema)}}
}

func (f catalogueField) schema() object {
	s := typeOf(f.Type)
	low, high := "minLength", "maxLength"
	if s["type"] == "array" {
		low, high = "minItems", "maxItems"
	}
	for name, bound := range map[string]*int{low: f.MinSize, high: f.MaxSize, "minimum": f.Minimum, "maximum": f.Maximum} {
		if bound != nil {
			s[name] = *bound
		}
	}
	if f.Enum != nil {
		s["enum"] = f.Enum
	}
	return s
}

func typeOf(name string) object {
	if element, ok := strings.CutPrefix(name, "List<"); ok {
		return object{"type": "array", "items": typeOf(strings.TrimSuffix(element, ">"))}
	}
	switch name {
	case "String":
		return object{"type": "string"}
	case "UUID":
		return object{"type": "string", "format": "uuid"}
	case "OffsetDateTime":
		return object{"type": "string", "format": "date-time"}
	case "LocalDate":
		return object{"type": "string", "format": "date"}
	case "Integer":
		return object{"type": "integer"}
	case "Double":
		return object{"type": "number", "format": "double"}
	case "Boolean":
		return object{"type": "boolean"}
	case "java.util.Map":
		return object{"type": "object", "additionalProperties": object{"type": "string"}}
	default:
		return reference(name)
	}
}

func reference(schema string) object {
	return object{"$ref": fmt.Sprintf("#/components/schemas/%s", schema)}
}
