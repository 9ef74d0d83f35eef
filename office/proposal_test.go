package office

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"okienko/bank"
	"okienko/bank/approval"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/partner"
)

func (b *testBank) proposal(id string) approval.Proposal {
	b.t.Helper()
	p, err := b.store.Proposal(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

var toBeta = &SetStatus{Application: "kajak-app", Status: "BETA"}

func TestFourEyes(t *testing.T) {
	b := furnished(t)
	id := b.propose(toBeta)
	if got := b.application().Status; got != partner.Sandbox {
		t.Fatalf("the status is %s before anybody approved", got)
	}
	for _, by := range []string{"a.nowak", ""} {
		for _, apply := range []bool{false, true} {
			_, err := b.Approve(t.Context(), id, by, apply)
			if by == "" {
				refused(t, err, bank.InvalidParameter, "by")
			} else {
				refused(t, err, bank.ApprovalBySamePerson, "")
			}
		}
	}
	before := b.dump()
	r, err := b.Approve(t.Context(), id, "b.kowal", false)
	if err != nil || r.Applied || b.dump() != before {
		t.Fatalf("trying to approve: %+v, %v", r, err)
	}
	// Whoever approves sees what stands registered, and who asked why.
	told := strings.Join(r.Lines, "\n")
	for _, words := range []string{"a.nowak", "test", "from SANDBOX to BETA", "daily limit: 1000.00", "https://app.kajak.example/paired"} {
		if !strings.Contains(told, words) {
			t.Errorf("%q is not told:\n%s", words, told)
		}
	}
	b.approve(id)
	if got := b.application().Status; got != partner.Beta {
		t.Errorf("the status is %s after approval", got)
	}
	p := b.proposal(id)
	if p.Status != approval.Done || p.DecidedBy != "b.kowal" {
		t.Errorf("the proposal is %+v", p)
	}
	said := strings.Join(b.audited(), "\n")
	for _, words := range []string{"proposal.made|staff:a.nowak", "proposal.decided|staff:b.kowal", "application.status|staff:a.nowak|application:kajak-app|test (approved by b.kowal)"} {
		if strings.Count(said, words) != 1 {
			t.Errorf("the audit does not say once %q:\n%s", words, said)
		}
	}
	for _, apply := range []bool{false, true} {
		_, err := b.Approve(t.Context(), id, "b.kowal", apply)
		refused(t, err, bank.StatusNotAllowed, "")
	}
	_, err = b.Reject(t.Context(), id, "b.kowal")
	refused(t, err, bank.StatusNotAllowed, "")
}

func TestRejectedIsNeverDone(t *testing.T) {
	b := furnished(t)
	id := b.propose(toBeta)
	_, err := b.Reject(t.Context(), id, "a.nowak")
	refused(t, err, bank.ApprovalBySamePerson, "")
	if _, err := b.Reject(t.Context(), id, "b.kowal"); err != nil {
		t.Fatal(err)
	}
	_, err = b.Approve(t.Context(), id, "c.wilk", true)
	refused(t, err, bank.StatusNotAllowed, "")
	if b.application().Status != partner.Sandbox || b.proposal(id).Status != approval.Rejected {
		t.Error("a rejected proposal had an effect")
	}
}

// Many approve at once: it is done once.
func TestApprovedOnce(t *testing.T) {
	b := furnished(t)
	id := b.propose(toBeta)
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { _, errs[i] = b.Approve(t.Context(), id, "b.kowal", true) })
	}
	wg.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
		} else if bank.CodeOf(err) != bank.StatusNotAllowed {
			t.Error(err)
		}
	}
	if done != 1 || strings.Count(strings.Join(b.audited(), "\n"), "application.status|") != 1 {
		t.Errorf("%d approvals succeeded:\n%s", done, strings.Join(b.audited(), "\n"))
	}
}

// approvedOnly leaves a proposal as a crash between approval and act does.
func approvedOnly(t *testing.T, b *testBank, id string) {
	t.Helper()
	_, err := b.store.ChangeProposal(t.Context(), id, func(p *approval.Proposal) ([]audit.Record, error) {
		return nil, p.Decide(true, "b.kowal", b.clock.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestApprovedAndNotDoneIsDoneLater(t *testing.T) {
	b := furnished(t)
	id := b.propose(toBeta)
	approvedOnly(t, b, id)
	waiting, err := b.Waiting(t.Context())
	if err != nil || len(waiting) != 1 || waiting[0].ID != id {
		t.Fatalf("waiting: %+v, %v", waiting, err)
	}
	// The second pair of eyes has looked already, so anybody may carry it out.
	if _, err := b.Approve(t.Context(), id, "a.nowak", true); err != nil {
		t.Fatal(err)
	}
	if p := b.proposal(id); p.Status != approval.Done || p.DecidedBy != "b.kowal" || b.application().Status != partner.Beta {
		t.Errorf("the proposal is %+v, the application %s", p, b.application().Status)
	}
}

// A crash after the act, before it was noted: the act cannot be repeated, and
// the proposal must not wait for ever.
func TestApprovedAndNoLongerPossibleIsGivenUp(t *testing.T) {
	b := furnished(t)
	first, second := b.propose(toBeta), b.propose(toBeta)
	approvedOnly(t, b, second)
	b.approve(first)
	_, err := b.Approve(t.Context(), second, "b.kowal", true)
	refused(t, err, bank.StatusNotAllowed, "")
	if _, err := b.Reject(t.Context(), second, "a.nowak"); err != nil {
		t.Fatal(err)
	}
	if p := b.proposal(second); p.Status != approval.Rejected || p.DecidedBy != "b.kowal" {
		t.Errorf("the proposal is %+v", p)
	}
}

// What was proposed is checked again as things stand when it is approved.
func TestApprovalChecksAgain(t *testing.T) {
	b := furnished(t)
	id := b.propose(toBeta)
	unsigned := example[PartnerDocument](t, "partner.toml")
	unsigned.Agreement, unsigned.SignedOn = "", ""
	b.do(&PutPartner{unsigned})
	_, err := b.Approve(t.Context(), id, "b.kowal", true)
	refused(t, err, bank.StatusNotAllowed, "")
	if p := b.proposal(id); p.Status != approval.Open {
		t.Errorf("the proposal is %s", p.Status)
	}
	r := b.do(&ShowProposal{Proposal: id})
	if told := strings.Join(r.Lines, "\n"); !strings.Contains(told, "no longer be done: The partner has no signed agreement") {
		t.Errorf("shown:\n%s", told)
	}
}

func TestAProposalNeedsAReason(t *testing.T) {
	b := furnished(t)
	_, err := b.Do(t.Context(), Request{Command: toBeta, By: "a.nowak", Apply: true})
	refused(t, err, bank.InvalidParameter, "why")
	_, err = b.Do(t.Context(), Request{Command: toBeta, By: "a.nowak", Why: "two\nlines", Apply: true})
	refused(t, err, bank.InvalidParameter, "why")
	_, err = b.Do(t.Context(), Request{Command: toBeta, Why: "test", Apply: true})
	refused(t, err, bank.InvalidParameter, "by")
}

// A proposal that somebody wrote into the store must not make the bank fall.
func TestAProposalThatOnlyLooks(t *testing.T) {
	b := furnished(t)
	content, err := Encode(&ListPartners{})
	if err != nil {
		t.Fatal(err)
	}
	p := approval.Proposal{ID: "odd", Act: "list", Content: string(content), By: "a.nowak", At: b.clock.Now(), Status: approval.Open}
	if err := b.store.Propose(t.Context(), p, audit.Record{At: b.clock.Now(), Act: "proposal.made"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Approve(t.Context(), "odd", "b.kowal", true); err == nil {
		t.Error("approved")
	}
	if _, err := b.Approve(t.Context(), "none", "b.kowal", true); bank.CodeOf(err) != bank.NotFound {
		t.Errorf("an unknown proposal: %v", err)
	}
}

// Raising is proposed, lowering is done at once, in each of the numbers.
func TestRaisingLimitsNeedsFourEyes(t *testing.T) {
	for name, change := range map[string]struct{ raise, lower func(*ApplicationDocument) }{
		"single":      {func(d *ApplicationDocument) { d.Limits.Single = "500.01" }, func(d *ApplicationDocument) { d.Limits.Single = "499.99" }},
		"daily":       {func(d *ApplicationDocument) { d.Limits.Daily = "1000.01" }, func(d *ApplicationDocument) { d.Limits.Daily = "999.99" }},
		"monthly":     {func(d *ApplicationDocument) { d.Limits.Monthly = "5000.01" }, func(d *ApplicationDocument) { d.Limits.Monthly = "4999.99" }},
		"unconfirmed": {func(d *ApplicationDocument) { d.Limits.Unconfirmed = "50.01" }, func(d *ApplicationDocument) { d.Limits.Unconfirmed = "49.99" }},
		"fees":        {func(d *ApplicationDocument) { d.Charges = "20.01" }, func(d *ApplicationDocument) { d.Charges = "19.99" }},
		"no fees cap": {func(d *ApplicationDocument) { d.Charges = "" }, func(*ApplicationDocument) {}},
	} {
		t.Run(name, func(t *testing.T) {
			b := furnished(t)
			d := exampleApplication(t)
			change.lower(&d)
			if r := b.do(&PutApplication{d}); !r.Applied {
				t.Fatalf("lowering: %+v", r)
			}
			lowered := b.application()
			d = exampleApplication(t)
			change.raise(&d)
			id := b.propose(&PutApplication{d})
			if now := b.application(); now.Limits != lowered.Limits || now.Charges != lowered.Charges {
				t.Fatalf("raised before anybody approved: %+v", now.Limits)
			}
			b.approve(id)
			if now := b.application(); !raises(&lowered, &now) {
				t.Errorf("not raised after approval: %+v", now.Limits)
			}
		})
	}
}

func TestRaisingACustomersLimitsNeedsFourEyes(t *testing.T) {
	b := furnished(t)
	limits := func(daily string) *SetCustomerLimits {
		return &SetCustomerLimits{Customer: "customer-marek.lis", Limits: CustomerCapsDocument{Daily: daily, Monthly: "10000.00", RecurringSingle: "500.00"}}
	}
	if r := b.do(limits("1999.99")); !r.Applied {
		t.Fatalf("lowering: %+v", r)
	}
	b.approve(b.propose(limits("2000.00")))
	b.approve(b.propose(limits("")))
	l, err := b.store.CustomerLimits(t.Context(), "customer-marek.lis")
	if err != nil || l.OneOff.Daily.Set {
		t.Errorf("the limits are %+v, %v", l, err)
	}
}

// A status that no longer allows a pairing suspends it, and gives it back later.
func TestStatusAndEmployeesRulePairings(t *testing.T) {
	b := furnished(t)
	b.pair() // Marek Lis is neither the partner nor named by it
	status := func() consent.Status {
		g, err := b.store.Agreement(t.Context(), "pairing")
		if err != nil {
			t.Fatal(err)
		}
		return g.Status
	}
	b.approve(b.propose(toBeta))
	if status() != consent.Suspended {
		t.Errorf("in BETA a stranger's pairing is %s", status())
	}
	named := example[PartnerDocument](t, "partner.toml")
	named.Employees = append(named.Employees, "person-marek.lis")
	b.do(&PutPartner{named})
	if status() != consent.Active {
		t.Errorf("of somebody whom the partner names it is %s", status())
	}
	b.do(&PutPartner{example[PartnerDocument](t, "partner.toml")})
	if status() != consent.Suspended {
		t.Errorf("of somebody whom the partner names no longer it is %s", status())
	}
}

func TestAFailureInsideIsNoRefusal(t *testing.T) {
	b := furnished(t)
	b.proof = errors.New("disk on fire")
	_, err := b.Do(t.Context(), Request{Command: &ProveDomain{Application: "kajak-app"}, By: "a.nowak", Apply: true})
	if bank.CodeOf(err) != bank.Internal || !b.application().Domain.ProvenAt.IsZero() {
		t.Errorf("%v, %+v", err, b.application().Domain)
	}
}
