package ui

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed words
var wordFiles embed.FS

// words is one language's sentences. A missing sentence is an error, never an
// empty place or a sentence in the other language.
type words struct {
	lang      Lang
	localizer *i18n.Localizer
}

func loadWords(lang Lang) (*words, error) {
	tag, err := language.Parse(string(lang))
	if err != nil {
		return nil, err
	}
	bundle := i18n.NewBundle(tag)
	files, err := fs.Glob(wordFiles, "words/*."+string(lang)+".json")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if _, err := bundle.LoadMessageFileFS(wordFiles, file); err != nil {
			return nil, err
		}
	}
	return &words{lang, i18n.NewLocalizer(bundle, string(lang))}, nil
}

// say returns the sentence with the given id. Arguments come in pairs: name, value.
func (w *words) say(id string, pairs ...any) (string, error) {
	args, err := dict(pairs...)
	if err != nil {
		return "", fmt.Errorf("%s: %w", id, err)
	}
	return w.localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: args})
}

// count returns the sentence in the plural form of n, a whole number of any integer
// type; the sentence knows n as .N.
func (w *words) count(id string, n any, pairs ...any) (string, error) {
	args, err := dict(pairs...)
	if err != nil {
		return "", fmt.Errorf("%s: %w", id, err)
	}
	args["N"] = n
	return w.localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: args, PluralCount: n})
}

func (w *words) localize(c *i18n.LocalizeConfig) (string, error) {
	s, err := w.localizer.Localize(c)
	if w.lang == Polish {
		s = keepShortWords(s)
	}
	return s, err
}

// keepShortWords ties a, i, o, u, w and z to the next word: Polish print does not
// leave them at the end of a line.
func keepShortWords(s string) string {
	r := []rune(s)
	for i := 1; i < len(r); i++ {
		if r[i] == ' ' && strings.ContainsRune("aiouwzAIOUWZ", r[i-1]) && (i == 1 || strings.ContainsRune(" („\u00a0", r[i-2])) {
			r[i] = '\u00a0'
		}
	}
	return string(r)
}

// dict makes named arguments for a sentence or a shared part of a page.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("odd number of arguments")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("argument %d is not a name", i)
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}
