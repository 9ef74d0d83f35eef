package sandbox

import (
	"net/http"

	"okienko/eidas/trustservice"
)

// TrustPath is where the test trust service publishes among the sandbox's own
// doors: trustservice.Settings.BaseURL is their URL with this behind it.
const TrustPath = "/trust"

// TrustDoor serves what the test trust service publishes: OCSP answers,
// revocation lists, certificates.
type TrustDoor struct{ service *trustservice.Service }

// NewTrustDoor makes the door.
func NewTrustDoor(s *trustservice.Service) TrustDoor { return TrustDoor{s} }

// Name is the name of the door in logs and metrics.
func (TrustDoor) Name() string { return "trust" }

// Routes registers the door.
func (d TrustDoor) Routes(mux *http.ServeMux) {
	published := http.StripPrefix(TrustPath, d.service)
	handle := func(w http.ResponseWriter, r *http.Request) {
		if onlyHere(r) != nil {
			http.NotFound(w, r)
			return
		}
		published.ServeHTTP(w, r)
	}
	mux.HandleFunc("GET "+TrustPath+"/", handle)
	mux.HandleFunc("POST "+TrustPath+"/ocsp", handle)
}
