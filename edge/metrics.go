package edge

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts and measures requests. Labels are taken only from what the
// program itself names (doors, route patterns), so that no stranger can make
// new series. A nil *Metrics measures nothing.
type Metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec
}

// NewMetrics registers the metrics of the edge. One registry per bank: two
// banks in one process do not share it.
func NewMetrics(reg *prometheus.Registry) (*Metrics, error) {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "okienko_http_requests_total",
			Help: "Requests answered, by door, route pattern and class of status.",
		}, []string{"door", "route", "class"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "okienko_http_request_duration_seconds",
			Help: "Time from the last header byte to the end of the handler.",
			// Doubling around 40 ms, the promised 99th percentile of a payment.
			Buckets: []float64{.0003, .0006, .00125, .0025, .005, .01, .02, .04, .08, .16, .32, .64, 1.28, 5.12},
		}, []string{"door", "route"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "okienko_http_requests_in_flight",
			Help: "Requests being served, by door.",
		}, []string{"door"}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.duration, m.inFlight} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *Metrics) begin(to match) {
	if m != nil {
		m.inFlight.WithLabelValues(to.door.name).Inc()
	}
}

func (m *Metrics) end(to match, status int, took time.Duration) {
	if m == nil {
		return
	}
	m.inFlight.WithLabelValues(to.door.name).Dec()
	m.requests.WithLabelValues(to.door.name, to.label(), statusClass(status)).Inc()
	m.duration.WithLabelValues(to.door.name, to.label()).Observe(took.Seconds())
}

// label is the route for logs and metrics; paths that lead nowhere share one.
func (m match) label() string {
	if m.route == "" {
		return "none"
	}
	return m.route
}

func statusClass(status int) string {
	switch {
	case status >= 200 && status < 300:
		return "2xx"
	case status >= 300 && status < 400:
		return "3xx"
	case status >= 400 && status < 500:
		return "4xx"
	}
	return "5xx"
}
