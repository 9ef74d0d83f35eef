package scenario

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"okienko/app"
	"okienko/bank/consent"
	"okienko/bank/nrb"
	"okienko/bank/party"
	"okienko/office"
)

// set does what staff do.
func (d *door) set(ctx context.Context, a *Act) error {
	customer, account := a.Args["customer"], mark+a.Args["account"]
	var order office.Command
	switch a.Verb {
	case AddCustomer:
		return d.addCustomer(ctx, customer)
	case AddAccount:
		return d.addAccount(ctx, a.Args["account"], customer, a.Args["amount"], a.Args["overdraft"])
	case AddApplication:
		return d.addApplication(ctx, a)
	case Pair:
		return d.pair(ctx, a)
	case SetFees, DefinePermission:
		return d.changeApplication(ctx, a)
	case SetPartnerAccount:
		return d.setPartnerAccount(ctx, a)
	case BlockCustomer, UnblockCustomer:
		order = &office.BlockCustomer{Customer: mark + customer, Lift: a.Verb == UnblockCustomer, Why: "a scenario"}
	case BlockAccount:
		order = &office.SetAccountStatus{Account: account, Status: "blocked", Why: "a scenario"}
	case OpenAccount:
		order = &office.SetAccountStatus{Account: account, Status: "open", Why: "a scenario"}
	case CloseAccount:
		order = &office.SetAccountStatus{Account: account, Status: "closed", Why: "a scenario"}
	case AccessOn:
		order = &office.SetAccess{Account: account, State: "on", Why: "a scenario"}
	case AccessOff:
		order = &office.SetAccess{Account: account, State: "off", Why: "a scenario"}
	case BlockAccess:
		order = &office.SetAccess{Account: account, State: "blocked", Why: "a scenario"}
	default:
		return fmt.Errorf("%w: %s", ErrCannot, a.Verb)
	}
	_, err := d.staff(ctx, order)
	return err
}

func (d *door) addCustomer(ctx context.Context, name string) error {
	_, err := d.staff(ctx, &office.ImportCustomers{Document: office.CustomersDocument{
		Persons: []office.PersonDocument{{
			ID: string(personOf(name)), FirstName: strings.ToUpper(name[:1]) + name[1:], LastName: "Scenariusz",
			Phone: "+48600100200", Login: mark + name, Password: "a-first-password",
		}},
		Customers: []office.CustomerDocument{{ID: mark + name, Segment: string(party.Individual), Name: name + " Scenariusz", Person: string(personOf(name))}},
	}})
	return err
}

// bankCode is a sort code with a right check digit; no bank has it.
const bankCode = "99900005"

func (d *door) addAccount(ctx context.Context, name, customer, balance, overdraft string) error {
	d.numbers++
	number, err := nrb.Make(bankCode, fmt.Sprintf("%016d", d.numbers))
	if err != nil {
		return err
	}
	d.holders[name] = customer
	_, err = d.staff(ctx, &office.ImportCustomers{Document: office.CustomersDocument{Accounts: []office.AccountDocument{{
		ID: mark + name, Customer: mark + customer, NRB: string(number), Name: name, ProductGroup: "ACCOUNT", ProductType: "PERSONAL",
		Opening: balance, Overdraft: overdraft,
	}}}})
	return err
}

// documents are what staff have written down of an application and its partner.
type documents struct {
	partner     office.PartnerDocument
	application office.ApplicationDocument
}

func (d *door) registered(name string) (*registered, error) {
	if r := d.apps[name]; r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("there is no application %s", name)
}

// addApplication registers a company, its account, the partner and the
// application, and takes a secret.
func (d *door) addApplication(ctx context.Context, a *Act) error {
	name := a.Args["app"]
	company := name + "-company"
	if _, err := d.staff(ctx, &office.ImportCustomers{Document: office.CustomersDocument{
		Customers: []office.CustomerDocument{{ID: mark + company, Segment: string(party.Business), Name: "The " + name}},
	}}); err != nil {
		return err
	}
	if err := d.addAccount(ctx, string(partnersAccount(name)), company, "", ""); err != nil {
		return err
	}
	r := &registered{client: app.ReadyClient{ID: mark + name, RedirectURI: "https://partner.example/return", CallbackURI: callback}}
	r.office.partner = office.PartnerDocument{ID: mark + name + "-partner", Name: "The " + name, LegalName: "The " + name + " sp. z o.o.", NIP: "1234563218", Customer: mark + company}
	l := most()
	r.office.application = office.ApplicationDocument{
		ID: r.client.ID, Partner: r.office.partner.ID, Name: "The " + name, Description: "An application of a scenario.",
		RedirectURIs: []string{r.client.RedirectURI}, CallbackURIs: []string{callback}, Addresses: []string{"127.0.0.1", "::1"},
		Limits:  office.LimitsDocument{Single: l.Single.String(), Daily: l.Daily.String(), Monthly: l.Monthly.String(), Unconfirmed: l.Unconfirmed.String()},
		Account: mark + string(partnersAccount(name)), ReleaseByCustomer: a.Has("release"),
		AccessSeconds: int64(tokenLife / time.Second), RefreshSeconds: 366 * 24 * 60 * 60,
	}
	for _, p := range everything() {
		if p != a.Permission("without") {
			r.office.application.Permissions = append(r.office.application.Permissions, written(a, p))
		}
	}
	charge(a, &r.office.application)
	if _, err := d.staff(ctx, &office.PutPartner{Document: r.office.partner}); err != nil {
		return err
	}
	if _, err := d.staff(ctx, &office.PutApplication{Document: r.office.application}); err != nil {
		return err
	}
	report, err := d.staff(ctx, &office.NewSecret{Application: r.client.ID})
	if err != nil {
		return err
	}
	for _, line := range report.Lines {
		if secret, found := strings.CutPrefix(line, "client_secret "); found {
			r.client.Secret = secret
		}
	}
	d.apps[name] = r
	return nil
}

// written is a permission as an act has staff write it down.
func written(a *Act, p consent.Permission) office.PermissionDocument {
	doc := office.PermissionDocument{Permission: p.String()}
	if p == a.Permission("counted") {
		doc.Calls, _ = strconv.ParseInt(a.Args["calls"], 10, 64) // read as a number before
	}
	if p == a.Permission("timed") {
		doc.ValidSeconds = int64(a.Duration("lasts") / time.Second)
	}
	return doc
}

// charge writes the fees down.
func charge(a *Act, doc *office.ApplicationDocument) {
	doc.Fees, doc.Charges = map[string]string{}, a.Args["charges"]
	for _, f := range []struct{ arg, act string }{{"hold-fee", "hold"}, {"payment-fee", "payment"}} {
		if a.Has(f.arg) {
			doc.Fees[f.act] = a.Args[f.arg]
		}
	}
}

func (d *door) changeApplication(ctx context.Context, a *Act) error {
	r, err := d.registered(a.Args["app"])
	if err != nil {
		return err
	}
	doc := r.office.application
	if a.Verb == SetFees {
		charge(a, &doc)
	} else {
		doc.Permissions = append(slices.Clone(doc.Permissions), written(a, a.Permission("permission")))
	}
	if _, err := d.staff(ctx, &office.PutApplication{Document: doc}); err != nil {
		return err
	}
	r.office.application = doc
	return nil
}

// setPartnerAccount makes the account's holder the partner's own customer first:
// an application is paid on an account of its partner's only.
func (d *door) setPartnerAccount(ctx context.Context, a *Act) error {
	r, err := d.registered(a.Args["app"])
	if err != nil {
		return err
	}
	without := r.office.application
	without.Account = ""
	if _, err := d.staff(ctx, &office.PutApplication{Document: without}); err != nil {
		return err
	}
	r.office.partner.Customer = mark + d.holders[a.Args["account"]]
	if _, err := d.staff(ctx, &office.PutPartner{Document: r.office.partner}); err != nil {
		return err
	}
	r.office.application.Account = mark + a.Args["account"]
	_, err = d.staff(ctx, &office.PutApplication{Document: r.office.application})
	return err
}
