package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sys/unix"

	"okienko/bank"
	"okienko/office"
)

// adminRequest and adminAnswer travel over the admin socket between one
// `okienko` and another of the same version.
type adminRequest struct {
	Command json.RawMessage `json:"command,omitempty"`
	Approve string          `json:"approve,omitempty"` // id of a proposal
	Reject  string          `json:"reject,omitempty"`
	As      string          `json:"as"`
	Why     string          `json:"why"`
	Apply   bool            `json:"apply"`
}

type adminAnswer struct {
	Report  office.Report `json:"report"`
	Code    bank.Code     `json:"code,omitempty"`
	Refusal string        `json:"refusal,omitempty"`
	Field   string        `json:"field,omitempty"`
}

// staffBook knows who may act as staff.
type staffBook struct {
	byUID map[int]string
	// anybody is the sandbox: whoever can open the socket is whoever they say.
	anybody bool
}

func staffOf(list []Staff) staffBook {
	b := staffBook{byUID: map[int]string{}}
	for _, s := range list {
		b.byUID[s.UID] = s.Name
	}
	return b
}

// name tells who a user of the machine is. Nobody can act as somebody else:
// four eyes would be two of the same person.
func (b staffBook) name(uid int, as string) (string, error) {
	if b.anybody {
		if as == "" {
			as = "sandbox"
		}
		return as, nil
	}
	name, ok := b.byUID[uid]
	if !ok {
		return "", fmt.Errorf("the user id %d is not listed under [[staff]] in the configuration", uid)
	}
	if as != "" && as != name {
		return "", fmt.Errorf("you are %s in the configuration, not %s", name, as)
	}
	return name, nil
}

type peerKey struct{}

// withPeer notes who opened a connection to a unix socket, as the kernel tells.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	uc, ok := c.(*net.UnixConn)
	if !ok {
		return ctx
	}
	raw, err := uc.SyscallConn()
	if err != nil {
		return ctx
	}
	var cred *unix.Ucred
	if err := raw.Control(func(fd uintptr) { cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil || cred == nil {
		return ctx
	}
	return context.WithValue(ctx, peerKey{}, int(cred.Uid))
}

// maxAdminBody holds a file of some ten thousand customers.
const maxAdminBody = 64 << 20

// adminDoor serves `okienko admin` on the socket.
type adminDoor struct {
	office *office.Office
	staff  staffBook
	log    *slog.Logger
}

func (d *adminDoor) routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /v1/office", d.serve)
}

func (d *adminDoor) serve(w http.ResponseWriter, r *http.Request) {
	uid, known := r.Context().Value(peerKey{}).(int)
	if !known {
		http.Error(w, "no user id behind the connection", http.StatusForbidden)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAdminBody))
	if err != nil {
		http.Error(w, "body too large", http.StatusRequestEntityTooLarge)
		return
	}
	var req adminRequest
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&req); err != nil {
		http.Error(w, "this bank is of another version", http.StatusBadRequest)
		return
	}
	by, err := d.staff.name(uid, req.As)
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	report, err := d.do(r.Context(), by, &req)
	answer := adminAnswer{Report: report}
	if err != nil {
		var no *bank.Refusal
		if !errors.As(err, &no) {
			d.log.ErrorContext(r.Context(), "office", "by", by, "error", err)
			no = bank.Refuse(bank.Internal, "The bank could not do this; its log says why.")
		}
		answer.Code, answer.Refusal, answer.Field = no.Code, no.Public, no.Field
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		d.log.WarnContext(r.Context(), "admin answer not sent", "error", err)
	}
}

func (d *adminDoor) do(ctx context.Context, by string, req *adminRequest) (office.Report, error) {
	switch {
	case req.Approve != "":
		return d.office.Approve(ctx, req.Approve, by, req.Apply)
	case req.Reject != "" && req.Apply:
		return d.office.Reject(ctx, req.Reject, by)
	case req.Reject != "":
		return office.Report{Lines: []string{"Reject the proposal " + req.Reject + "."}}, nil
	}
	c, err := office.Decode(req.Command)
	if err != nil {
		return office.Report{}, bank.Refuse(bank.InvalidParameter, "The command is not understood.").Because(err)
	}
	return d.office.Do(ctx, office.Request{Command: c, By: by, Why: req.Why, Apply: req.Apply})
}

// askBank sends a request to the bank that listens on a socket. It returns
// errNoBank when none does.
func askBank(ctx context.Context, socket string, req *adminRequest) (office.Report, error) {
	body, err := json.Marshal(req)
	if err != nil {
		return office.Report{}, err
	}
	client := &http.Client{
		Timeout: 5 * time.Minute,
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "unix", socket)
			if err != nil {
				return nil, errors.Join(errNoBank, err)
			}
			return conn, nil
		}},
	}
	defer client.CloseIdleConnections()
	hr, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://bank/v1/office", bytes.NewReader(body))
	if err != nil {
		return office.Report{}, err
	}
	resp, err := client.Do(hr)
	if err != nil {
		return office.Report{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		return office.Report{}, fmt.Errorf("the bank says: %s", bytes.TrimSpace(text))
	}
	var a adminAnswer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		return office.Report{}, err
	}
	if a.Code != "" {
		return a.Report, &bank.Refusal{Code: a.Code, Public: a.Refusal, Field: a.Field}
	}
	return a.Report, nil
}

var errNoBank = errors.New("no bank listens on the admin socket")
