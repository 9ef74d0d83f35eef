package customer

import (
	"errors"

	"okienko/bank"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/edge"
	"okienko/web/ui"
)

// limitFields are the inputs of the four limits of an agreement, in the order of
// limit.Limits. The core calls the last one unconfirmed.
var limitFields = [4]string{"single", "daily", "monthly", "threshold"}

func limitAmounts(l limit.Limits) [4]money.Amount {
	return [4]money.Amount{l.Single, l.Daily, l.Monthly, l.Unconfirmed}
}

func limitsOf(a [4]money.Amount) limit.Limits {
	return limit.Limits{Single: a[0], Daily: a[1], Monthly: a[2], Unconfirmed: a[3]}
}

// limitsForm shows limits with the most that the application may have.
func limitsForm(now, most limit.Limits) *ui.LimitsForm {
	n, m := limitAmounts(now), limitAmounts(most)
	var f [4]ui.AmountField
	for i := range f {
		f[i] = ui.AmountField{Now: n[i], Max: m[i]}
	}
	return &ui.LimitsForm{Single: f[0], Daily: f[1], Monthly: f[2], Threshold: f[3]}
}

// readLimits reads the four fields into the form as well, so that a faulty one
// comes back as it was typed.
func readLimits(in edge.Form, form *ui.LimitsForm, most limit.Limits) (limit.Limits, []ui.Fault) {
	fields := [4]*ui.AmountField{&form.Single, &form.Daily, &form.Monthly, &form.Threshold}
	max := limitAmounts(most)
	var out [4]money.Amount
	var faults []ui.Fault
	for i, name := range limitFields {
		fields[i].Typed = in.Value(name)
		a, fault := readAmount(name, fields[i].Typed, most.Single.Currency())
		if fault == nil && a.MoreThan(max[i]) {
			fault = &ui.Fault{Field: name, Why: ui.AboveMaximum, Most: max[i]}
		}
		if fault != nil {
			faults = append(faults, *fault)
			continue
		}
		out[i] = a
	}
	if len(faults) > 0 {
		return limit.Limits{}, faults
	}
	// A limit above that of a longer period says nothing; it is a slip of the
	// hand, unless the application itself came with such limits.
	for i := range 2 {
		if out[i].MoreThan(out[i+1]) && out[i] != max[i] {
			faults = append(faults, ui.Fault{Field: limitFields[i], Why: ui.AboveOther, Most: out[i+1]})
		}
	}
	return limitsOf(out), faults
}

func readAmount(name, typed string, c money.Currency) (money.Amount, *ui.Fault) {
	if typed == "" {
		return money.Amount{}, &ui.Fault{Field: name, Why: ui.Missing}
	}
	a, err := ui.ReadAmount(typed, c)
	if err != nil {
		return money.Amount{}, &ui.Fault{Field: name, Why: ui.NotAnAmount}
	}
	return a, nil
}

// within lowers limits to a maximum: an application's maximum may have been
// lowered since a pairing was given.
func within(l, most limit.Limits) limit.Limits {
	a, m := limitAmounts(l), limitAmounts(most)
	for i := range a {
		if a[i].MoreThan(m[i]) {
			a[i] = m[i]
		}
	}
	return limitsOf(a)
}

// fieldFault turns the refusal of a field into the fault beside that field.
func fieldFault(err error, most limit.Limits) ui.Fault {
	var no *bank.Refusal
	if !errors.As(err, &no) {
		return ui.Fault{}
	}
	switch no.Field {
	case "single":
		return ui.Fault{Field: "single", Why: ui.AboveMaximum, Most: most.Single}
	case "daily":
		return ui.Fault{Field: "daily", Why: ui.AboveMaximum, Most: most.Daily}
	case "monthly":
		return ui.Fault{Field: "monthly", Why: ui.AboveMaximum, Most: most.Monthly}
	case "unconfirmed":
		return ui.Fault{Field: "threshold", Why: ui.AboveMaximum, Most: most.Unconfirmed}
	case "permissions":
		return ui.Fault{Field: "permission", Why: ui.ChooseOne}
	}
	return ui.Fault{Field: "account", Why: ui.CannotChoose}
}
