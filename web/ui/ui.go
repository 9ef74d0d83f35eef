package ui

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	// The bank's people live in Warsaw time, also on a machine without zone files.
	_ "time/tzdata"
)

//go:embed templates
var templateFiles embed.FS

// Pages holds the parsed templates of every page in every language. It is safe
// for concurrent use.
type Pages struct {
	sets   map[Lang]map[string]*template.Template // by language, by page
	assets *assets
}

// New reads templates, words and assets. Any mistake in them is an error here, at
// start, never at a customer's request.
func New() (*Pages, error) {
	warsaw, err := time.LoadLocation("Europe/Warsaw")
	if err != nil {
		return nil, fmt.Errorf("ui: %w", err)
	}
	a, err := loadAssets()
	if err != nil {
		return nil, fmt.Errorf("ui: assets: %w", err)
	}
	p := &Pages{sets: map[Lang]map[string]*template.Template{}, assets: a}
	for _, lang := range []Lang{Polish, English} {
		w, err := loadWords(lang)
		if err != nil {
			return nil, fmt.Errorf("ui: words %s: %w", lang, err)
		}
		form := form{lang: lang, words: w, zone: warsaw}
		if p.sets[lang], err = parse(form.funcs(a)); err != nil {
			return nil, fmt.Errorf("ui: templates: %w", err)
		}
	}
	return p, nil
}

// parse gives every page its own set: the frame and the shared parts, and the
// page's own "title" and "main".
func parse(funcs template.FuncMap) (map[string]*template.Template, error) {
	frame, err := template.New("frame").Funcs(funcs).ParseFS(templateFiles, "templates/frame/*.html")
	if err != nil {
		return nil, err
	}
	files, err := fs.Glob(templateFiles, "templates/pages/*.html")
	if err != nil {
		return nil, err
	}
	set := map[string]*template.Template{}
	for _, file := range files {
		t, err := frame.Clone()
		if err != nil {
			return nil, err
		}
		if t, err = t.ParseFS(templateFiles, file); err != nil {
			return nil, err
		}
		set[strings.TrimSuffix(path.Base(file), ".html")] = t
	}
	return set, nil
}

var errNoPage = errors.New("ui: no page")

// Render writes one page. Nothing is written when the template fails: the caller
// still holds a clean ResponseWriter for its error page. Pages are private and
// are never cached.
func (p *Pages) Render(w http.ResponseWriter, status int, lang Lang, page Page) error {
	if page == nil {
		return errNoPage
	}
	if !lang.known() {
		lang = Polish
	}
	t, ok := p.sets[lang][page.template()]
	if !ok {
		return fmt.Errorf("ui: no template for %T", page)
	}
	var body bytes.Buffer
	if err := t.ExecuteTemplate(&body, "layout", page); err != nil {
		return fmt.Errorf("ui: %T: %w", page, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(lang))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, err := body.WriteTo(w)
	return err
}

// Assets serves everything below AssetPrefix.
func (p *Pages) Assets() http.Handler { return p.assets }
