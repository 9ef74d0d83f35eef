package ui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets
var assetFiles embed.FS

// AssetPrefix is the only route this package owns.
const AssetPrefix = "/assets/"

// hashed is how many bytes of its hash an asset carries in its name.
const hashed = 6

// assets serves files under names that carry the hash of their content: a new
// version has a new name, so browsers may keep the old one for ever.
type assets struct {
	address map[string]string // app.css → /assets/app.1a2b3c4d5e6f.css
	content map[string][]byte // by address
}

func loadAssets() (*assets, error) {
	a := &assets{address: map[string]string{}, content: map[string][]byte{}}
	err := fs.WalkDir(assetFiles, "assets", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := assetFiles.ReadFile(name)
		if err != nil {
			return err
		}
		name = strings.TrimPrefix(name, "assets/")
		sum := sha256.Sum256(body)
		ext := path.Ext(name)
		address := AssetPrefix + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:hashed]) + ext
		a.address[name], a.content[address] = address, body
		return nil
	})
	return a, err
}

func (a *assets) of(name string) (string, error) {
	address, ok := a.address[name]
	if !ok {
		return "", fmt.Errorf("ui: no asset %q", name)
	}
	return address, nil
}

// ServeHTTP answers GET and HEAD below AssetPrefix.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, ok := a.content[r.URL.Path]
	keep := "public, max-age=31536000, immutable"
	if !ok {
		// While nodes are upgraded one by one, a page of one version asks a node
		// of the other for its assets: ours of that name are better than none, and
		// nobody may keep them under the wrong hash.
		body, ok = a.content[a.address[unhashed(r.URL.Path)]]
		keep = "no-store"
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", keep)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, r.URL.Path, time.Time{}, bytes.NewReader(body))
}

// unhashed is the name of the asset that an address of any version means.
func unhashed(address string) string {
	name := strings.TrimPrefix(address, AssetPrefix)
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	hash := path.Ext(stem)
	if len(hash) != 1+2*hashed {
		return ""
	}
	return strings.TrimSuffix(stem, hash) + ext
}
