package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/BurntSushi/toml"

	"okienko/office"
)

// AdminCmd is `okienko admin`: what staff do on the command line. It talks to
// the running bank; without one it opens the store under its lock.
type AdminCmd struct {
	Config string `help:"Configuration file of the bank (okienko serve)." type:"existingfile" xor:"bank"`
	Data   string `help:"Data folder of a sandbox; the default one when neither is given." xor:"bank"`
	As     string `help:"Who you are; must agree with [[staff]] in the configuration."`
	Why    string `help:"The reason, for the audit."`
	Apply  bool   `help:"Do it. Without this the command only tells what it would do."`

	Partner struct {
		List adminList[office.ListPartners]    `cmd:"" help:"List the partners."`
		Put  adminFile[office.PartnerDocument] `cmd:"" help:"Register a partner from a TOML file, or replace what is registered."`
	} `cmd:"" help:"Companies that offer applications."`
	Application struct {
		List   adminList[office.ListApplications] `cmd:"" help:"List the applications."`
		Put    adminFile[applicationFile]         `cmd:"" help:"Register an application from a TOML file, or replace what is registered."`
		Status adminStatus                        `cmd:"" help:"Change SANDBOX, BETA, PUBLIC. Four eyes."`
		Secret adminSecret                        `cmd:"" help:"Give a new client secret, shown once."`
		Prove  adminProve                         `cmd:"" help:"Look up the proof of the application's domain."`
	} `cmd:"" help:"Applications and their secrets."`
	Customer struct {
		Import   adminFile[office.CustomersDocument] `cmd:"" help:"Take customers, persons and accounts in from a TOML file."`
		Block    adminBlock                          `cmd:"" help:"Block a customer."`
		Unblock  adminUnblock                        `cmd:"" help:"Lift the block of a customer."`
		Accounts adminAccounts                       `cmd:"" help:"List a customer's accounts."`
		Pairings adminPairings                       `cmd:"" help:"List a customer's pairings."`
		Limits   adminFile[customerLimits]           `cmd:"" help:"Set a customer's own limits from a TOML file. Raising: four eyes."`
	} `cmd:"" help:"Customers."`
	Account struct {
		Status adminAccountStatus `cmd:"" help:"Block an account, open it again, or close an empty one."`
		Access adminAccess        `cmd:"" help:"Switch third parties' access on or off, or block it."`
	} `cmd:"" help:"Accounts."`
	Device struct {
		Enrol  adminEnrol  `cmd:"" help:"Enrol a mobile device by its public key."`
		Remove adminRemove `cmd:"" help:"Remove a mobile device."`
	} `cmd:"" help:"Mobile devices of customers."`
	Unlock  adminUnlock `cmd:"" help:"End a lock that wrong tries have made."`
	Pairing struct {
		End adminEnd `cmd:"" help:"End a pairing."`
	} `cmd:"" help:"Pairings."`
	Hold struct {
		Release adminRelease `cmd:"" help:"Release a hold."`
	} `cmd:"" help:"Holds."`
	TPP     adminTPP     `cmd:"" name:"tpp" help:"Licensed third parties (PSD2)."`
	Hotline adminHotline `cmd:"" help:"Activate, block or unblock third parties' access to an account for a caller who was identified."`
	Consent struct {
		List adminConsents   `cmd:"" help:"List what a customer has consented to for third parties."`
		End  adminConsentEnd `cmd:"" help:"End a consent."`
	} `cmd:"" help:"Consents for third parties."`
	Transfer struct {
		List adminTransfers    `cmd:"" help:"List a customer's newest payments by third parties."`
		Show adminTransferShow `cmd:"" help:"One payment by a third party, by its reference number."`
	} `cmd:"" help:"Payments by third parties."`
	Proposal struct {
		List    adminList[office.ListProposals] `cmd:"" help:"What waits for a second pair of eyes."`
		Show    adminShow                       `cmd:"" help:"One proposal."`
		Approve adminApprove                    `cmd:"" help:"Approve somebody else's proposal and carry it out."`
		Reject  adminReject                     `cmd:"" help:"Turn a proposal down."`
	} `cmd:"" help:"Four eyes."`
}

// adminCall is how a command reaches the office.
type adminCall struct {
	cmd *AdminCmd
	ctx context.Context
	out io.Writer
}

func (c *adminCall) send(cmd office.Command) error {
	body, err := office.Encode(cmd)
	if err != nil {
		return err
	}
	return c.request(&adminRequest{Command: body})
}

func (c *adminCall) request(req *adminRequest) error {
	req.As, req.Why, req.Apply = c.cmd.As, c.cmd.Why, c.cmd.Apply
	socket, closed, err := c.cmd.where()
	if err != nil {
		return err
	}
	report, err := askBank(c.ctx, socket, req)
	if errors.Is(err, errNoBank) {
		report, err = closed(c.ctx, req)
	}
	for _, line := range report.Lines {
		_, _ = fmt.Fprintln(c.out, line)
	}
	if err != nil {
		return err
	}
	if !report.Applied && report.Proposal == "" {
		_, _ = fmt.Fprintln(c.out, "Nothing was done. Repeat with --apply to do it.")
	}
	return nil
}

// where finds the admin socket of the bank, and how to work on its store while
// the bank is closed.
func (a *AdminCmd) where() (socket string, closed func(context.Context, *adminRequest) (office.Report, error), err error) {
	if a.Config != "" {
		cfg, err := ReadConfig(a.Config)
		if err != nil {
			return "", nil, err
		}
		return cfg.Admin.Socket, func(ctx context.Context, req *adminRequest) (office.Report, error) {
			return closedBank(ctx, serveSettings(cfg), req)
		}, nil
	}
	folder := a.Data
	if folder == "" {
		if folder, err = defaultFolder(); err != nil {
			return "", nil, err
		}
	}
	return filepath.Join(folder, socketName), func(ctx context.Context, req *adminRequest) (office.Report, error) {
		if _, err := os.Stat(filepath.Join(folder, storeName)); err != nil { // leave no key in an empty folder
			return office.Report{}, errors.Join(errNoBank, err)
		}
		s, err := sandboxSettings(folder)
		if err != nil {
			return office.Report{}, err
		}
		return closedBank(ctx, s, req)
	}, nil
}

type adminList[C any] struct{}

func (adminList[C]) Run(c *adminCall) error {
	cmd, ok := any(new(C)).(office.Command)
	if !ok {
		return fmt.Errorf("%T is no command", cmd)
	}
	return c.send(cmd)
}

// document is a TOML file that becomes a command.
type document interface {
	command(folder string) (office.Command, error)
}

type adminFile[D any] struct {
	File string `arg:"" help:"TOML file; see docs/admin.md for its keys." type:"existingfile"`
}

func (f adminFile[D]) Run(c *adminCall) error {
	var d D
	meta, err := toml.DecodeFile(f.File, &d)
	if err != nil {
		return fmt.Errorf("%s: %w", f.File, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return fmt.Errorf("%s: unknown key %s", f.File, unknown[0])
	}
	cmd, err := commandOf(&d, filepath.Dir(f.File))
	if err != nil {
		return err
	}
	return c.send(cmd)
}

func commandOf(d any, folder string) (office.Command, error) {
	switch d := d.(type) {
	case *office.PartnerDocument:
		return &office.PutPartner{Document: *d}, nil
	case *office.CustomersDocument:
		return &office.ImportCustomers{Document: *d}, nil
	case *office.RegisterDocument:
		return &office.ImportRegister{Document: *d}, nil
	case document:
		return d.command(folder)
	}
	return nil, fmt.Errorf("%T is no document", d)
}

// applicationFile is an application's document with its logo beside it.
type applicationFile struct{ office.ApplicationDocument }

func (f *applicationFile) command(folder string) (office.Command, error) {
	d := f.ApplicationDocument
	if d.LogoFile != "" {
		path := d.LogoFile
		if !filepath.IsAbs(path) {
			path = filepath.Join(folder, path)
		}
		logo, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		d.Logo, d.LogoFile = logo, ""
	}
	return &office.PutApplication{Document: d}, nil
}

type customerLimits struct {
	Customer string                      `toml:"customer"`
	Limits   office.CustomerCapsDocument `toml:"limits"`
}

func (f *customerLimits) command(string) (office.Command, error) {
	return &office.SetCustomerLimits{Customer: f.Customer, Limits: f.Limits}, nil
}
