package sandbox

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"time"

	"okienko/bank"
	"okienko/bank/notice"
	"okienko/bank/sca"
)

// maxWait bounds a long poll below the time that a server gives its answers.
const maxWait = 20 * time.Second

// Routes registers the JSON API of the phone:
//
//	GET  /phone/{login}/messages               newest first, with the code found in each
//	GET  /phone/{login}/approvals              what waits, newest first
//	POST /phone/{login}/approvals/{id}/approve
//	POST /phone/{login}/approvals/{id}/reject
//	POST /phone/{login}/external-codes         draws a one-time code for a third party
//
// An id may be "newest".
// Both lists take wait (a duration, at most 20s) and after (an id): the answer
// then comes as soon as something newer than that is there, or empty when the
// time is over, so that a test needs no sleeping.
func (p *Phone) Routes(mux *http.ServeMux) {
	handle := func(pattern string, h func(http.ResponseWriter, *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			err := onlyHere(r)
			if err == nil {
				err = ownPage(r)
			}
			if err == nil {
				err = h(w, r)
			}
			if err != nil {
				refuse(w, err)
			}
		})
	}
	handle("GET /phone/{login}/messages", p.serveMessages)
	handle("GET /phone/{login}/approvals", p.serveApprovals)
	handle("POST /phone/{login}/external-codes", p.serveCode)
	handle("POST /phone/{login}/approvals/{id}/approve", func(w http.ResponseWriter, r *http.Request) error { return p.serveAnswer(w, r, true) })
	handle("POST /phone/{login}/approvals/{id}/reject", func(w http.ResponseWriter, r *http.Request) error { return p.serveAnswer(w, r, false) })
}

type messageJSON struct {
	ID   string    `json:"id"`
	At   time.Time `json:"at"`
	To   string    `json:"to"`
	Text string    `json:"text"`
	Code string    `json:"code,omitempty"`
}

type approvalJSON struct {
	ID        sca.ID      `json:"id"`
	Purpose   sca.Purpose `json:"purpose"`
	Text      string      `json:"text"`
	Amount    string      `json:"amount,omitempty"`
	Payee     string      `json:"payee,omitempty"`
	CreatedAt time.Time   `json:"createdAt"`
	ExpiresAt time.Time   `json:"expiresAt"`
}

type answerJSON struct {
	ID     sca.ID     `json:"id"`
	Status sca.Status `json:"status"`
	// Refused says why what was approved could not be done.
	Refused bank.Code `json:"refused,omitempty"`
	Message string    `json:"message,omitempty"`
}

func (p *Phone) serveMessages(w http.ResponseWriter, r *http.Request) error {
	var out struct {
		Messages []messageJSON `json:"messages"`
	}
	err := p.poll(r, func(after string) (bool, error) {
		had, err := p.Messages(r.PathValue("login"))
		if err != nil {
			return false, err
		}
		out.Messages = make([]messageJSON, 0, len(had))
		for _, m := range had {
			if m.ID == after {
				break
			}
			out.Messages = append(out.Messages, messageOf(m))
		}
		return len(out.Messages) > 0, nil
	})
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, out)
	return nil
}

func messageOf(m notice.Message) messageJSON {
	return messageJSON{ID: m.ID, At: m.CreatedAt, To: m.To, Text: m.Text, Code: codeIn(m.Text)}
}

// A code follows its word; where a text has none, it is the six digits that
// belong to no amount and no longer number.
var (
	codeAfterWord = regexp.MustCompile(`(?i)(?:\bkod\w*|\bcode)\b[^0-9]{0,30}([0-9]{6})(?:[^0-9]|$)`)
	codeAlone     = regexp.MustCompile(`(?:^|[^0-9.,*])([0-9]{6})(?:[.,]?(?:[^0-9.,]|$))`)
)

func codeIn(text string) string {
	for _, form := range []*regexp.Regexp{codeAfterWord, codeAlone} {
		if found := form.FindStringSubmatch(text); found != nil {
			return found[1]
		}
	}
	return ""
}

func (p *Phone) serveApprovals(w http.ResponseWriter, r *http.Request) error {
	var out struct {
		Approvals []approvalJSON `json:"approvals"`
	}
	err := p.poll(r, func(after string) (bool, error) {
		waiting, _, err := p.Approvals(r.Context(), r.PathValue("login"))
		if err != nil {
			return false, err
		}
		out.Approvals = make([]approvalJSON, 0, len(waiting))
		for _, c := range waiting {
			if string(c.ID) == after {
				break
			}
			d := c.Subject.Display
			out.Approvals = append(out.Approvals, approvalJSON{ID: c.ID, Purpose: c.Subject.Purpose, Text: d.Text, Amount: d.Amount, Payee: d.Payee,
				CreatedAt: c.CreatedAt, ExpiresAt: c.ExpiresAt})
		}
		return len(out.Approvals) > 0, nil
	})
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, out)
	return nil
}

// poll looks until there is something or the time that the caller waits is over.
func (p *Phone) poll(r *http.Request, look func(after string) (bool, error)) error {
	query := r.URL.Query()
	wait := time.Duration(0)
	if text := query.Get("wait"); text != "" {
		var err error
		if wait, err = time.ParseDuration(text); err != nil || wait < 0 {
			return bank.RefuseField("wait", `A wait is a duration like "5s".`)
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), min(wait, maxWait))
	defer cancel()
	for {
		news := p.listen(r.PathValue("login")) // before looking, or what comes in between is missed
		found, err := look(query.Get("after"))
		if found || err != nil || wait == 0 {
			return err
		}
		select {
		case <-news:
		case <-p.hushed:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// newest may stand in the place of an id, so that a command can be written down
// before there is one.
const newest = "newest"

func (p *Phone) named(r *http.Request) (sca.ID, error) {
	id := sca.ID(r.PathValue("id"))
	if id != newest {
		return id, nil
	}
	waiting, _, err := p.Approvals(r.Context(), r.PathValue("login"))
	if err != nil {
		return "", err
	}
	if len(waiting) == 0 {
		return "", bank.Refuse(bank.NotFound, "Nothing waits on this phone.")
	}
	return waiting[0].ID, nil
}

func (p *Phone) serveAnswer(w http.ResponseWriter, r *http.Request, approve bool) error {
	id, err := p.named(r)
	if err != nil {
		return err
	}
	c, err := p.Answer(r.Context(), r.PathValue("login"), id, approve)
	out := answerJSON{ID: c.ID, Status: c.Status}
	if errors.Is(err, ErrNotDone) {
		var refusal *bank.Refusal
		if out.Refused = bank.CodeOf(err); errors.As(err, &refusal) {
			out.Message = refusal.Public
		}
		err = nil
	}
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, out)
	return nil
}
