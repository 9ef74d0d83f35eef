package partnerapi

import (
	"net/http"

	"okienko/bank"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/payment"
	"okienko/edge"
)

var (
	mayListTransactions = consent.Permission{Object: consent.Transactions, Action: consent.ReadList}
	mayReadTransaction  = consent.Permission{Object: consent.Transactions, Action: consent.ReadDet}
	mayReadUser         = consent.Permission{Object: consent.User, Action: consent.ReadDet}
)

func (c *call) accountID() string { return plausible(c.r.PathValue("accountId")) }

func (c *call) holdID() ledger.HoldID { return ledger.HoldID(plausible(c.r.PathValue("blockadeId"))) }

func (c *call) paymentID() payment.ID { return payment.ID(plausible(c.r.PathValue("paymentId"))) }

// mayRead is the second check of a read: the permission was given, is in time
// and has a call left.
func (c *call) mayRead(p consent.Permission) error {
	if err := c.agreement().Allows(p, c.now); err != nil {
		return err
	}
	if c.agreement().Grant(p).Exhausted() {
		return bank.Refuse(bank.PermissionUsedUp, "No call is left of the permission "+p.String()+".")
	}
	return nil
}

// reaches refuses an account_id other than that of the pairing.
func (c *call) reaches(account string) error {
	if account != c.agreement().AccountRef {
		return noSuchObject()
	}
	return nil
}

// usable checks the state of customer and account.
func (c *call) usable() error {
	if err := c.access.Customer.Usable(); err != nil {
		return err
	}
	return c.access.Account.Usable()
}

// spend is the last check of a read: state, and one call of a permission that
// is limited in number. The call is taken before anything is shown, so that of
// many reads at once no more are answered than were left.
func (d *Door) spend(c *call, p consent.Permission) error {
	if err := c.usable(); err != nil {
		return err
	}
	if c.agreement().Grant(p).Quota == consent.Unrestricted {
		return nil
	}
	_, err := d.cfg.Desk.Do(c.ctx(), &payment.SpendRead{Agreement: c.agreement().ID, Permission: p})
	return err
}

func (d *Door) showTransaction(c *call) (answer, error) {
	if err := c.mayRead(mayReadTransaction); err != nil {
		return answer{}, err
	}
	if err := c.reaches(c.accountID()); err != nil {
		return answer{}, err
	}
	id := ledger.EntryID(plausible(c.r.PathValue("transactionId")))
	t, err := d.cfg.Reader.Transaction(c.ctx(), c.access.Account.ID, id)
	if err != nil {
		return answer{}, err
	}
	if err := d.spend(c, mayReadTransaction); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: appendTransaction(make([]byte, 0, objectSize), &t, c.agreement().AccountRef)}, nil
}

func (d *Door) listTransactions(c *call) (answer, error) {
	if err := c.mayRead(mayListTransactions); err != nil {
		return answer{}, err
	}
	if err := c.reaches(c.accountID()); err != nil {
		return answer{}, err
	}
	const kind = "transaction"
	l, err := readList(c.r.URL.RawQuery, kind)
	if err != nil {
		return answer{}, err
	}
	if err := d.spend(c, mayListTransactions); err != nil {
		return answer{}, err
	}
	booked, err := d.cfg.Reader.Transactions(c.ctx(), payment.TransactionFilter{
		Account: c.access.Account.ID, From: l.from, To: l.to, Page: l.more(),
	})
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: page("transactions", kind, l.page.Size, booked,
		func(b []byte, t *payment.Transaction) []byte {
			return appendTransaction(b, t, c.agreement().AccountRef)
		},
		func(t *payment.Transaction) payment.Place {
			return payment.Place{At: t.At, ID: string(t.ID), Seq: t.Seq}
		})}, nil
}

// showUser names the person who gave the pairing. Never the PESEL (partner-api
// §7), and nothing else by which somebody could be found elsewhere.
func (d *Door) showUser(c *call) (answer, error) {
	if err := c.mayRead(mayReadUser); err != nil {
		return answer{}, err
	}
	p, err := d.cfg.Persons.Person(c.ctx(), c.agreement().Person)
	if err != nil {
		return answer{}, err
	}
	if err := d.spend(c, mayReadUser); err != nil {
		return answer{}, err
	}
	b := append(make([]byte, 0, objectSize), '{')
	b = edge.AppendStringField(b, "userId", string(c.agreement().Customer))
	b = edge.AppendStringField(b, "firstName", p.FirstName)
	b = edge.AppendStringField(b, "lastName", p.LastName)
	return answer{status: http.StatusOK, body: append(b, '}')}, nil
}

// endPairing needs no permission and asks for no state: an application can
// always let go.
func (d *Door) endPairing(c *call) (answer, error) {
	if err := d.cfg.Auth.End(c.ctx(), c.actor(), c.agreement().ID, ""); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}
