package office

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"strings"

	"okienko/bank"
)

// Every consent page carries the logo, so it is bounded in bytes and in what a
// browser must paint.
const (
	maxLogo      = 64 << 10
	maxLogoSide  = 1024 // pixels; it is shown at 56
	maxLogoDepth = 32   // elements within elements
)

func checkLogo(mediaType string, picture []byte) error {
	if len(picture) > maxLogo {
		return bank.RefuseField("logo_file", fmt.Sprintf("A logo has at most %d KiB.", maxLogo>>10))
	}
	switch mediaType {
	case "image/png":
		return checkPNG(picture)
	case "image/svg+xml":
		return checkSVG(picture)
	}
	return bank.RefuseField("logo_type", "A logo is image/png or image/svg+xml.")
}

func checkPNG(picture []byte) error {
	no := bank.RefuseField("logo_file", "The logo is no PNG picture.")
	head, err := png.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return no.Because(err)
	}
	// Before the pixels: a picture of 64 KiB can unpack to gigabytes.
	if head.Width > maxLogoSide || head.Height > maxLogoSide {
		return bank.RefuseField("logo_file", fmt.Sprintf("A logo has at most %d pixels on a side.", maxLogoSide))
	}
	if _, err := png.Decode(bytes.NewReader(picture)); err != nil {
		return no.Because(err)
	}
	return nil
}

const svgSpace = "http://www.w3.org/2000/svg"

// svgElement lists all that may stand in a logo: shapes, text and paint. What
// is not in the list runs, fetches, animates or carries other documents.
func svgElement(name string) bool {
	switch name {
	case "svg", "g", "defs", "symbol", "use", "title", "desc", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon",
		"text", "tspan", "linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern":
		return true
	}
	return false
}

// checkSVG lets pictures through that only draw. The page shows a logo as an
// image, where browsers run no script; this holds also when somebody opens the
// picture itself.
func checkSVG(picture []byte) error {
	no := func(why string) error { return bank.RefuseField("logo_file", "The logo is refused: "+why+".") }
	d := xml.NewDecoder(bytes.NewReader(picture))
	depth, roots := 0, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return bank.RefuseField("logo_file", "The logo is no SVG picture.").Because(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch {
			case t.Name.Space != svgSpace || !svgElement(t.Name.Local):
				return no("a logo has no element " + t.Name.Local)
			case depth == 0 && (t.Name.Local != "svg" || roots > 0):
				return no("it is not one svg element")
			case depth == maxLogoDepth:
				return no("its elements are too deep")
			}
			depth++
			roots++
			if why := svgAttributes(t.Attr); why != "" {
				return no(why)
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			return no("it has a DOCTYPE or ENTITY")
		case xml.ProcInst:
			if t.Target != "xml" {
				return no("it has an instruction " + t.Target)
			}
		case xml.CharData:
			if depth == 0 && len(bytes.TrimSpace(t)) > 0 {
				return no("it has text outside of the svg element")
			}
		}
	}
	if roots == 0 {
		return no("it is not one svg element")
	}
	return nil
}

// svgAttributes says what is wrong with the attributes of an element. A value
// may point inside the picture (#name) and nowhere else. A backslash could
// write any of the refused words in CSS's other spelling.
func svgAttributes(attrs []xml.Attr) (why string) {
	for _, a := range attrs {
		name := strings.ToLower(a.Name.Local)
		if a.Name.Space == "xmlns" || a.Name.Space == "" && name == "xmlns" {
			continue // declares a name; elements of other namespaces are refused
		}
		value := strings.ToLower(strings.Join(strings.Fields(a.Value), ""))
		switch {
		case strings.HasPrefix(name, "on"):
			return "it has a script in " + a.Name.Local
		case name == "href" || name == "src":
			if !strings.HasPrefix(value, "#") {
				return "it points outside of itself in " + a.Name.Local
			}
		case pointsOut(value):
			return "it points outside of itself in " + a.Name.Local
		}
	}
	return ""
}

// pointsOut tells whether a value without spaces, in lower case, names anything
// that is not in the picture.
func pointsOut(value string) bool {
	value = strings.NewReplacer(`"`, "", "'", "").Replace(value)
	for _, word := range []string{`\`, "@", "/*", "//", "javascript:", "data:"} {
		if strings.Contains(value, word) {
			return true
		}
	}
	return strings.Contains(strings.ReplaceAll(value, "url(#", ""), "url(")
}
