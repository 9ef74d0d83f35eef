// Package api holds the published descriptions of the bank's interfaces. They
// are data: the doors are handed them, and tests hold every answer against
// them.
package api

import _ "embed"

// Partner is the OpenAPI description of the partner API.
//
//go:embed partner.yaml
var Partner []byte

// PSD2MBank is the OpenAPI description of the interface for licensed third
// parties in mBank's form.
//
//go:embed psd2-mbank.yaml
var PSD2MBank []byte

// PolishAPI211 is the OpenAPI description of the interface for licensed third
// parties in the form of PolishAPI 2.1.1.
//
//go:embed polishapi-2.1.1.yaml
var PolishAPI211 []byte

// PolishAPI212 is that of PolishAPI 2.1.2.
//
//go:embed polishapi-2.1.2.yaml
var PolishAPI212 []byte

// PolishAPI300 is that of PolishAPI 3.0.
//
//go:embed polishapi-3.0.yaml
var PolishAPI300 []byte
