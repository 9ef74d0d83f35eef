// Package portal is the door for developers and for anybody else who need not
// log in: for now the statistics that the law wants published.
//
// It shows what the bank publishes and nothing of any customer.
package portal

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/service"
	"okienko/edge"
	"okienko/web/ui"
)

// Config sets up the door.
type Config struct {
	Pages   *ui.Pages
	Service service.Book
	Wall    bank.Clock
	Sandbox bool
	HSTS    time.Duration
}

// Door is the portal's door. It implements edge.Door and edge.ErrorWriter.
type Door struct {
	Config
	headers edge.Middleware
}

var errIncomplete = errors.New("portal: a part of the configuration is missing")

// New makes the door.
func New(c Config) (*Door, error) {
	if c.Pages == nil || c.Service == nil || c.Wall == nil {
		return nil, errIncomplete
	}
	return &Door{Config: c, headers: edge.PageHeaders(c.HSTS)}, nil
}

// Name is the door's name in logs and metrics.
func (d *Door) Name() string { return "portal" }

// Path is where the statistics lie; below it "2026-Q4" and "2026-Q4.csv".
const Path = "/statistics"

// Routes registers the pages.
func (d *Door) Routes(mux *http.ServeMux) {
	mux.Handle("GET "+Path, d.headers(http.HandlerFunc(d.statistics)))
	mux.Handle("GET "+Path+"/{quarter}", d.headers(http.HandlerFunc(d.statistics)))
}

func (d *Door) statistics(w http.ResponseWriter, r *http.Request) {
	if err := d.show(w, r); err != nil && !errors.Is(err, context.Canceled) {
		edge.Note(r.Context(), slog.String("cause", err.Error()))
		status, kind := http.StatusInternalServerError, ui.Internal
		if bank.CodeOf(err) == bank.InvalidParameter {
			status, kind = http.StatusNotFound, ui.NotFound
		}
		d.errorPage(w, r, status, kind)
	}
}

func (d *Door) show(w http.ResponseWriter, r *http.Request) error {
	now := d.Wall.Now()
	this := service.QuarterOf(calendar.DateOf(now))
	q := this
	name, file := strings.CutSuffix(r.PathValue("quarter"), ".csv")
	if name != "" {
		var err error
		if q, err = service.ParseQuarter(name); err != nil {
			return err
		}
	}
	if this.First().Before(q.First()) {
		return bank.RefuseField("quarter", "The quarter has not begun.")
	}
	report, err := service.Compile(r.Context(), d.Service, q, now)
	if err != nil {
		return err
	}
	if file {
		body := report.CSV()
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename="statistics-`+q.String()+`.csv"`)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, err := w.Write(body)
		return err
	}
	page := ui.StatisticsOf(report)
	page.Common = ui.Common{Here: Path + "/" + q.String(), LanguageAction: "/language", Sandbox: d.Sandbox}
	page.FileURL = Path + "/" + q.String() + ".csv"
	since, err := d.Service.Since(r.Context(), service.Dedicated)
	if err != nil {
		return err
	}
	if !since.IsZero() && since.Before(q.First().Start()) {
		page.Previous = Path + "/" + q.Previous().String()
	}
	if q != this {
		page.Next = Path + "/" + q.Next().String()
	}
	return d.Pages.Render(w, http.StatusOK, ui.LangOf(r), page)
}

func (d *Door) errorPage(w http.ResponseWriter, r *http.Request, status int, kind ui.ErrorKind) {
	p := ui.ErrorPage{Common: ui.Common{Here: Path, LanguageAction: "/language", Sandbox: d.Sandbox}, Kind: kind, Reference: edge.RequestID(r.Context()), HomeURL: Path}
	if err := d.Pages.Render(w, status, ui.LangOf(r), p); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// WriteError answers where the edge answers in the door's place.
func (d *Door) WriteError(w http.ResponseWriter, r *http.Request, status int) {
	d.headers(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.errorPage(w, r, status, ui.ErrorOf(status))
	})).ServeHTTP(w, r)
}
