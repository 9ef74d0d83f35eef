package store

import (
	"strings"

	"golang.org/x/text/cases"
)

// needle is a text that is looked for without regard to case.
type needle struct {
	folded string
	fold   cases.Caser
}

func fold(text string) needle {
	c := cases.Fold()
	return needle{folded: c.String(text), fold: c}
}

func (n needle) in(text string) bool { return strings.Contains(n.fold.String(text), n.folded) }
