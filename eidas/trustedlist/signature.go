package trustedlist

import (
	"bytes"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// Bounds. The largest national list has some 5 MB and a depth of 14.
const (
	maxBytes = 32 << 20
	maxDepth = 64
)

// The algorithms that are accepted. The library knows SHA-1 too.
var (
	signatureMethods = []string{
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
	}
	digestMethods = []string{
		"http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmldsig-more#sha384", "http://www.w3.org/2001/04/xmlenc#sha512",
	}
)

// verified gives back the part of a list that one of the signers has signed, and nothing else.
func verified(text []byte, signers []*x509.Certificate, now time.Time) ([]byte, error) {
	if len(text) > maxBytes {
		return nil, fmt.Errorf("a list of %d bytes", len(text))
	}
	if err := plain(text); err != nil {
		return nil, err
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(text); err != nil {
		return nil, err
	}
	root := doc.Root()
	if root == nil {
		return nil, errors.New("no root element")
	}
	if err := oneSignature(root); err != nil {
		return nil, err
	}
	validation := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: signers})
	validation.IdAttribute = "Id"
	validation.Clock = dsig.NewFakeClockAt(now)
	signed, err := validation.Validate(root)
	if err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	alone := etree.NewDocument()
	alone.SetRoot(signed)
	return alone.WriteToBytes()
}

// plain refuses what could make the readers behind it go wrong or grow: document types and great depth.
func plain(text []byte) error {
	in := xml.NewDecoder(bytes.NewReader(text))
	for depth := 0; ; {
		token, err := in.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch token.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return errors.New("nested too deeply")
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			return errors.New("a document type is not allowed")
		}
	}
}

// oneSignature wants a single signature, directly below the root, made with the algorithms above: with two, the one that
// is checked need not be the one that counts.
func oneSignature(root *etree.Element) error {
	all := root.FindElements(".//Signature") // in any namespace
	if len(all) != 1 || all[0].Parent() != root {
		return fmt.Errorf("%d signatures, want one below the root", len(all))
	}
	methods := func(tag string, allowed []string) error {
		found := all[0].FindElements("./SignedInfo//" + tag)
		if len(found) == 0 {
			return fmt.Errorf("no %s", tag)
		}
		for _, m := range found {
			if a := m.SelectAttrValue("Algorithm", ""); !slices.Contains(allowed, a) {
				return fmt.Errorf("%s %q is not accepted", tag, a)
			}
		}
		return nil
	}
	return errors.Join(methods("SignatureMethod", signatureMethods), methods("DigestMethod", digestMethods))
}
