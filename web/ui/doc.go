// Package ui owns what people see: templates, words in Polish and English, style
// sheet, mark, and one view-model struct per page. A handler fills the struct and
// calls Pages.Render; it never touches a template or a word.
//
// The package refuses to know routes (every address arrives in the view model,
// only /assets/ is its own), sessions, stores and rules of the bank. It draws
// nothing that needs JavaScript and nothing that a strict Content-Security-Policy
// (default-src 'none'; style-src, img-src and form-action 'self') would stop.
//
// One thing a handler must know about that policy: Chromium applies form-action
// to redirects too, so the answer to a form that ends at a partner's address needs
// that address in form-action, or a Result page with a link.
package ui
