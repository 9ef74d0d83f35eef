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
