package transfer

import (
	"slices"
	"strings"

	"okienko/bank/nrb"
)

// Normalise gives what may be written in two ways its one form: account numbers
// without spaces, Polish ones as the kind of the transfer carries them, empty
// address lines left out, and the mode and charges that are meant when none are
// said. It is applied to what was consented to and to what is ordered before the
// two are compared (psd2 §10 cases 56 and 59); free words stay as they are, to the
// byte. Applying it twice changes nothing more, and a number that cannot be read
// is left for Validate to refuse.
func (i *Instruction) Normalise() {
	i.Recipient.Account = i.recipientNumber()
	i.Sender.Account = domestic(i.Sender.Account)
	if i.Mode == "" {
		switch {
		case i.Recurrence != nil:
			i.Mode = Recurring
		case !i.ExecutionDate.IsZero():
			i.Mode = FutureDated
		default:
			i.Mode = Immediate
		}
	}
	if i.Kind == NonEEA && i.Charges == "" {
		i.Charges = Shared
	}
	for _, p := range [...]*Party{&i.Recipient, &i.Sender} {
		p.Address.Lines = said(p.Address.Lines)
		p.Ultimate.Address.Lines = said(p.Ultimate.Address.Lines)
	}
	i.RecipientBank.Lines = said(i.RecipientBank.Lines)
}

func (i *Instruction) recipientNumber() string {
	s := i.Recipient.Account
	switch i.Kind {
	case Domestic, Tax:
		return domestic(s)
	case EEA:
		if n, err := nrb.Parse(s); err == nil {
			return string(n.IBAN()) // a Polish account, written without its country
		}
	}
	return closedUp(s)
}

// domestic is the form of 26 digits.
func domestic(s string) string {
	if n, err := nrb.Parse(s); err == nil {
		return string(n)
	}
	return closedUp(s)
}

func closedUp(s string) string {
	return strings.NewReplacer(" ", "", "\u00a0", "").Replace(s)
}

// said leaves out empty lines. It never writes into the slice that it was given:
// copies of an instruction share it.
func said(lines []string) []string {
	if !slices.Contains(lines, "") {
		return lines
	}
	var out []string
	for _, l := range lines {
		if l != "" {
			out = append(out, l)
		}
	}
	return out
}
