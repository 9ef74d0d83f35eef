package audit

import "time"

// AccessRecord is one line of the access log: which third party asked for what
// under which agreement, and with what outcome. It holds no content of what was
// read. Lines are kept in batches, so a crash may lose the last quarter of a
// second of them; the audit never loses any.
type AccessRecord struct {
	At        time.Time // bank clock
	Client    string    // client_id; "" when the caller was not recognised
	Agreement string    // "" when the call was under none
	Act       string    // "transactions.list", "hold.place" …
	Subject   string    // "hold:<id>", "account:<account_id>" …, or ""
	Outcome   string    // "ok" or the code of the refusal
}

// Text is the canonical text of a line, as that of a Record.
func (r AccessRecord) Text() []byte {
	return canonical(r.At, r.Client, r.Agreement, r.Act, r.Subject, r.Outcome)
}
