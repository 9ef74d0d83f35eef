package partnerapi

import (
	"net/http"

	"okienko/bank/consent"
	"okienko/bank/payment"
)

var (
	mayListPayments = consent.Permission{Object: consent.Payments, Action: consent.ReadList}
	mayReadPayment  = consent.Permission{Object: consent.Payments, Action: consent.ReadDet}
)

func (d *Door) pay(c *call) (answer, error) {
	draft, account := readFields(c.body, paymentFields...).payment("", c.agreement().AccountRef)
	return d.submitPayment(c, http.StatusCreated, account, draft)
}

func (d *Door) changePayment(c *call) (answer, error) {
	draft, account := readFields(c.body, changeFields...).payment(c.paymentID(), c.agreement().AccountRef)
	return d.submitPayment(c, http.StatusOK, account, draft)
}

func (d *Door) submitPayment(c *call, status int, account string, draft payment.Draft) (answer, error) {
	out, err := d.cfg.Desk.Do(c.ctx(), &payment.Submit{Agreement: c.agreement().ID, AccountRef: account, Draft: draft})
	if err != nil {
		return answer{}, err
	}
	return answer{status: status, body: appendPayment(make([]byte, 0, objectSize), out.Payment, c.agreement().AccountRef)}, nil
}

func (d *Door) cancelPayment(c *call) (answer, error) {
	_, err := d.cfg.Desk.Do(c.ctx(), &payment.Cancel{Payment: c.paymentID(), By: c.actor(), Agreement: c.agreement().ID})
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

func (d *Door) preparePayment(c *call) (answer, error) {
	f := readFields(c.body, withReturn(paymentFields)...)
	draft, account := f.payment("", c.agreement().AccountRef)
	return d.prepare(c, account, draft, f)
}

func (d *Door) preparePaymentChange(c *call) (answer, error) {
	f := readFields(c.body, withReturn(changeFields)...)
	draft, account := f.payment(c.paymentID(), c.agreement().AccountRef)
	return d.prepare(c, account, draft, f)
}

func (d *Door) showPayment(c *call) (answer, error) {
	if err := c.mayRead(mayReadPayment); err != nil {
		return answer{}, err
	}
	p, err := d.cfg.Reader.Payment(c.ctx(), c.paymentID())
	if err != nil {
		return answer{}, err
	}
	if p.Agreement != c.agreement().ID {
		return answer{}, noSuchObject()
	}
	if err := d.spend(c, mayReadPayment); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: appendPayment(make([]byte, 0, objectSize), &p, c.agreement().AccountRef)}, nil
}

func (d *Door) listPayments(c *call) (answer, error) {
	if err := c.mayRead(mayListPayments); err != nil {
		return answer{}, err
	}
	const kind = "payment"
	l, err := readList(c.r.URL.RawQuery, kind,
		string(payment.Executed), string(payment.Scheduled), string(payment.Rejected), string(payment.Cancelled))
	if err != nil {
		return answer{}, err
	}
	if err := d.spend(c, mayListPayments); err != nil {
		return answer{}, err
	}
	payments, err := d.cfg.Reader.Payments(c.ctx(), payment.Filter{
		Agreement: c.agreement().ID, Status: payment.Status(l.status), From: l.from, To: l.to, Page: l.more(),
	})
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: page("payments", kind, l.page.Size, payments,
		func(b []byte, p *payment.Payment) []byte { return appendPayment(b, p, c.agreement().AccountRef) },
		func(p *payment.Payment) payment.Place { return payment.Place{At: p.CreatedAt, ID: string(p.ID)} })}, nil
}
