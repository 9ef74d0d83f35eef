package payment

import "okienko/bank/transfer"

// Advance brings what has been loaded of a state up to date with what a batch
// has changed that was decided since, or is not kept yet. What has not been
// loaded stays so. It changes maps of the state and no value in them: a state's
// values may be shared.
func (s *State) Advance(c *Changes) {
	for _, a := range c.Accounts {
		replace(s.Accounts, a.ID, a)
	}
	for _, a := range c.Grants {
		replace(s.Agreements, a.ID, a)
	}
	for _, h := range c.NewHolds {
		replace(s.Holds, h.ID, h)
	}
	for _, h := range c.Holds {
		replace(s.Holds, h.ID, h)
	}
	for _, p := range c.NewPayments {
		replace(s.Payments, p.ID, p)
	}
	for _, p := range c.Payments {
		replace(s.Payments, p.ID, p)
	}
	for _, o := range c.Operations {
		replace(s.Operations, o.Key, o)
	}
	for _, h := range c.Challenges {
		replace(s.Challenges, h.ID, h)
	}
	s.advanceTransfers(c)
	for _, n := range c.Counters {
		if _, loaded := s.Counters[n.Key]; loaded {
			s.Counters[n.Key] = n.Used
		}
	}
	// What has ended goes first: its operation id may wait again.
	for _, a := range c.Authorisations {
		replace(s.Authorisations, a.ID, a)
		if k := a.key(); s.Pending[k] == a.ID && a.Status != Waiting {
			s.Pending[k] = ""
		}
	}
	for _, a := range c.NewAuthorisations {
		replace(s.Authorisations, a.ID, a)
		if k := a.key(); a.Status == Waiting && k.ID != "" {
			if _, loaded := s.Pending[k]; loaded {
				s.Pending[k] = a.ID
			}
		}
	}
	if s.Latest.Before(c.At) {
		s.Latest = c.At
	}
}

// advanceTransfers does so for what third parties order.
func (s *State) advanceTransfers(c *Changes) {
	for _, x := range c.Consents {
		replace(s.Consents, x.ID, x)
	}
	for _, list := range [...][]*transfer.Transfer{c.NewTransfers, c.Transfers} {
		for _, x := range list {
			replace(s.Transfers, x.ID, x)
		}
	}
	for _, x := range c.NewBundles {
		replace(s.Bundles, x.ID, x)
	}
	for _, list := range [...][]*transfer.Standing{c.NewStandings, c.Standings} {
		for _, x := range list {
			replace(s.Standings, x.ID, x)
		}
	}
	for _, x := range c.Submissions {
		replace(s.Submissions, x.Key, x)
	}
}

func (a *Authorisation) key() OperationKey {
	return OperationKey{Application: a.Application, ID: a.Draft.OperationID}
}

func replace[K comparable, V any](loaded map[K]*V, k K, v *V) {
	if _, met := loaded[k]; met {
		loaded[k] = v
	}
}
