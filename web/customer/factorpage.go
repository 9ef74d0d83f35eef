package customer

import (
	"net/http"
	"slices"
	"time"

	"okienko/bank/sca"
	"okienko/edge"
	"okienko/web/ui"
)

// leaves allows the forms of a page to end at the deed's last address: browsers
// judge the redirect that answers a form by the policy of the form's page.
func leaves(w http.ResponseWriter, address string) {
	if target, ok := edge.FormTarget(address); ok {
		edge.SetPagePolicy(w.Header(), target)
	}
}

func (d *Door) methodPage(w http.ResponseWriter, r *http.Request, v *visit, status int, a *act, deed *deed, locked sca.Method, faults []ui.Fault) error {
	methods, err := d.Auth.Methods(r.Context(), v.person.ID)
	if err != nil {
		return err
	}
	p := ui.ChooseFactor{
		Common: d.common(r, v, deed.section), Subject: deed.shown,
		Action: a.path() + "/method", CancelAction: a.path() + "/cancel",
	}
	p.Faults = faults
	for _, m := range methods {
		line := ui.FactorMethod{Kind: factorKind(m), Disabled: m == locked}
		if line.Detail, err = d.factorDetail(r, v, m); err != nil {
			return err
		}
		if p.Chosen == "" && !line.Disabled {
			p.Chosen = line.Kind
		}
		p.Methods = append(p.Methods, line)
	}
	leaves(w, deed.leaves)
	return d.show(w, status, v, p)
}

func factorKind(m sca.Method) ui.FactorKind {
	if m == sca.Mobile {
		return ui.FactorApp
	}
	return ui.FactorSMS
}

// factorDetail is the masked number or the name of the device.
func (d *Door) factorDetail(r *http.Request, v *visit, m sca.Method) (string, error) {
	if m == sca.SMS {
		return maskedPhone(v.person.Phone), nil
	}
	all, err := d.Devices.Devices(r.Context(), v.person.ID)
	if err != nil {
		return "", err
	}
	name := ""
	for _, dev := range all {
		if dev.RemovedAt.IsZero() {
			name = dev.Name
		}
	}
	return name, nil
}

// maskedPhone keeps three digits: enough to know one's own number by.
func maskedPhone(phone string) string {
	if len(phone) < 3 {
		return ""
	}
	return "••• ••• " + phone[len(phone)-3:]
}

// approvalMissing is how the last try went when the reader said that they had
// approved and no approval has come.
const approvalMissing ui.CodeState = "approval_missing"

// lastTry is how the last try at a challenge went; the zero lastTry when there
// was none.
type lastTry struct {
	state  ui.CodeState
	locked time.Time // when the lock that it met, or set, ends
}

// challengePage shows a challenge as it stands.
func (d *Door) challengePage(w http.ResponseWriter, r *http.Request, v *visit, status int, a *act, deed *deed, c sca.Challenge, last lastTry, faults ...ui.Fault) error {
	now, state := d.Clock.Now(), last.state
	expired := !now.Before(c.ExpiresAt)
	if c.Status == sca.Spent {
		return seeOther(w, deed.back)
	}
	methods, err := d.Auth.Methods(r.Context(), v.person.ID)
	if err != nil {
		return err
	}
	other, sms := "", ""
	if len(methods) > 1 {
		other = a.path() + "/other"
	}
	if slices.Contains(methods, sca.SMS) {
		sms = a.path() + "/sms"
	}
	leaves(w, deed.leaves)
	if c.Method == sca.SMS && c.Status != sca.Passed {
		if d.sessions.PopString(r.Context(), keyResent) == string(c.ID) && state == "" {
			state = ui.CodeResent
		}
		switch {
		case c.Status == sca.Refused:
			state = ui.CodeLocked
		case expired && state != ui.CodeLocked:
			state = ui.CodeExpired
		}
		p := ui.EnterCode{
			Common: d.common(r, v, deed.section), Subject: deed.shown, Action: a.path() + "/code",
			Phone: maskedPhone(v.person.Phone), State: state, ValidUntil: c.ExpiresAt, TriesLeft: sca.MaxTries - c.Tries, LockedUntil: last.locked,
			OtherAction: other, CancelAction: a.path() + "/cancel",
		}
		p.Faults = faults
		if state != ui.CodeLocked {
			p.ResendAction = a.path() + "/resend"
		}
		return d.show(w, status, v, p)
	}
	p := ui.AwaitApproval{
		Common: d.common(r, v, deed.section), Subject: deed.shown, ContinueAction: a.path() + "/continue",
		State: ui.ApprovalWaits, Early: state == approvalMissing, ValidUntil: c.ExpiresAt, SMSAction: sms, CancelAction: a.path() + "/cancel",
	}
	switch {
	case c.Status == sca.Refused:
		p.State, p.AgainAction = ui.ApprovalRefused, a.path()+"/resend"
	case expired:
		p.State, p.AgainAction = ui.ApprovalExpired, a.path()+"/resend"
	case c.Status == sca.Passed:
		p.State = ui.ApprovalApproved
	}
	if p.Device, err = d.factorDetail(r, v, sca.Mobile); err != nil {
		return err
	}
	return d.show(w, status, v, p)
}
