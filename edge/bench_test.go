package edge

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"okienko/clock"
)

// BenchmarkHandle is what the edge adds to every request: id, door, log line
// through the redactor, measures.
func BenchmarkHandle(b *testing.B) {
	metrics, err := NewMetrics(prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	s, err := NewServer(ServerConfig{
		Name: "bench", Limits: DefaultLimits(), Clock: clock.Wall{}, Metrics: metrics,
		Log:  slog.New(Redact(slog.NewJSONHandler(io.Discard, nil))),
		Site: Mount(door{"api", map[string]http.HandlerFunc{"GET /account/{id}/balance": func(http.ResponseWriter, *http.Request) {}}}),
	})
	if err != nil {
		b.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/account/42/balance", nil)
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		s.handle(w, r)
	}
}
