package app

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// Ready is what a sandbox tells when it is open: in the file that --ready
// names, for tests in any language.
type Ready struct {
	PID     int    `json:"pid"`
	Version string `json:"version"`
	Data    string `json:"data"`    // data folder
	CA      string `json:"ca"`      // PEM file to trust
	People  string `json:"people"`  // customers' pages
	Partner string `json:"partner"` // base URL of the partner API
	PSD2    string `json:"psd2"`    // interface for licensed third parties
	TPP     string `json:"tpp"`     // folder of the ready third party, "" where there is none
	Sandbox string `json:"sandbox"` // phone and bank clock
	Admin   string `json:"admin"`   // health and metrics
	Login   string `json:"login"`   // of the customer who is paired
	// Password is that of everybody in the made-up world.
	Password string      `json:"password"`
	Paired   ReadyClient `json:"client"`
	// Everybody are the same application's pairings with all who can be paired,
	// when they were asked for.
	Everybody []ReadyClient `json:"everybody,omitempty"`
}

// ReadyClient is an application that is paired already.
type ReadyClient struct {
	ID           string `json:"client_id"`
	Secret       string `json:"client_secret"`
	RedirectURI  string `json:"redirect_uri"`
	CallbackURI  string `json:"callback_uri"`
	AccountID    string `json:"account_id"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

// write puts the file there at once and whole: whoever waits for it may read it
// the moment it appears.
func (r *Ready) write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".ready-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	if _, err := tmp.Write(append(text, '\n')); err != nil {
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
