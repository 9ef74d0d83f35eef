package app

import (
	"os"

	"okienko/office"
)

// The commands of staff, each a few words on the line that become one command
// of the office.
type (
	adminStatus struct {
		Application string `arg:""`
		Status      string `arg:"" enum:"SANDBOX,BETA,PUBLIC" help:"SANDBOX, BETA or PUBLIC."`
	}
	adminSecret struct {
		Application string `arg:""`
		KeepMinutes int    `help:"Minutes for which older secrets stay valid."`
	}
	adminProve struct {
		Application string `arg:""`
	}
	adminBlock struct {
		Customer string `arg:""`
	}
	adminUnblock struct {
		Customer string `arg:""`
	}
	adminAccounts struct {
		Customer string `arg:""`
	}
	adminPairings struct {
		Customer string `arg:""`
	}
	adminAccountStatus struct {
		Account string `arg:""`
		Status  string `arg:"" enum:"open,blocked,closed" help:"open, blocked or closed."`
	}
	adminAccess struct {
		Account string `arg:""`
		State   string `arg:"" enum:"on,off,blocked" help:"on, off or blocked."`
	}
	adminEnrol struct {
		Person string `arg:""`
		Name   string `help:"What the customer calls the device." required:""`
		Key    string `help:"PEM file with the device's ECDSA P-256 public key." required:"" type:"existingfile"`
	}
	adminRemove struct {
		Device string `arg:""`
	}
	adminUnlock struct {
		Person string `arg:""`
		What   string `arg:"" enum:"login,sms,mobile" help:"login, sms or mobile."`
	}
	adminEnd struct {
		Pairing string `arg:""`
	}
	adminRelease struct {
		Hold string `arg:""`
	}
	adminShow struct {
		Proposal string `arg:""`
	}
	adminApprove struct {
		Proposal string `arg:""`
	}
	adminReject struct {
		Proposal string `arg:""`
	}
)

func (a adminStatus) Run(c *adminCall) error {
	return c.send(&office.SetStatus{Application: a.Application, Status: a.Status})
}

func (a adminSecret) Run(c *adminCall) error {
	return c.send(&office.NewSecret{Application: a.Application, KeepMinutes: a.KeepMinutes})
}

func (a adminProve) Run(c *adminCall) error {
	return c.send(&office.ProveDomain{Application: a.Application})
}

func (a adminBlock) Run(c *adminCall) error {
	return c.send(&office.BlockCustomer{Customer: a.Customer, Why: c.cmd.Why})
}

func (a adminUnblock) Run(c *adminCall) error {
	return c.send(&office.BlockCustomer{Customer: a.Customer, Lift: true, Why: c.cmd.Why})
}

func (a adminAccounts) Run(c *adminCall) error {
	return c.send(&office.ListAccounts{Customer: a.Customer})
}

func (a adminPairings) Run(c *adminCall) error {
	return c.send(&office.ListPairings{Customer: a.Customer})
}

func (a adminAccountStatus) Run(c *adminCall) error {
	return c.send(&office.SetAccountStatus{Account: a.Account, Status: a.Status, Why: c.cmd.Why})
}

func (a adminAccess) Run(c *adminCall) error {
	return c.send(&office.SetAccess{Account: a.Account, State: a.State, Why: c.cmd.Why})
}

func (a adminEnrol) Run(c *adminCall) error {
	key, err := os.ReadFile(a.Key)
	if err != nil {
		return err
	}
	return c.send(&office.EnrolDevice{Person: a.Person, Name: a.Name, PublicKey: key})
}

func (a adminRemove) Run(c *adminCall) error {
	return c.send(&office.RemoveDevice{Device: a.Device})
}

func (a adminUnlock) Run(c *adminCall) error {
	return c.send(&office.Unlock{Person: a.Person, What: a.What})
}

func (a adminEnd) Run(c *adminCall) error {
	return c.send(&office.EndPairing{Agreement: a.Pairing})
}

func (a adminRelease) Run(c *adminCall) error {
	return c.send(&office.ReleaseHold{Hold: a.Hold})
}

func (a adminShow) Run(c *adminCall) error {
	return c.send(&office.ShowProposal{Proposal: a.Proposal})
}

func (a adminApprove) Run(c *adminCall) error { return c.request(&adminRequest{Approve: a.Proposal}) }

func (a adminReject) Run(c *adminCall) error { return c.request(&adminRequest{Reject: a.Proposal}) }
