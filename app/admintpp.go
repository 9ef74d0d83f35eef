package app

import (
	"os"
	"path/filepath"
	"strings"

	"okienko/office"
)

// adminTPP is `okienko admin tpp`: third parties under PSD2.
type adminTPP struct {
	List     adminList[office.ListThirdParties] `cmd:"" help:"Registered clients, what the supervisor's register says of them, and applications."`
	Register adminFile[office.RegisterDocument] `cmd:"" help:"Replace the supervisor's register by the list of a TOML file."`
	Apply    adminApply                         `cmd:"" help:"Hand in an application for admission, or more papers to one."`
	Show     adminTPPShow                       `cmd:"" help:"An application with its papers."`
	Paper    adminPaper                         `cmd:"" help:"Accept or refuse one paper."`
	Admit    adminAdmit                         `cmd:"" help:"Admit an organisation whose papers were accepted. Four eyes."`
	Refuse   adminRefuse                        `cmd:"" help:"Turn an application down."`
	Block    adminTPPBlock                      `cmd:"" help:"Block a third party: every further call is refused."`
	Unblock  adminTPPUnblock                    `cmd:"" help:"Lift the block of a third party."`
	Lenience adminLenience                      `cmd:"" help:"Set in what the bank is lenient to one third party."`
}

type (
	adminApply struct {
		Organisation string   `arg:"" help:"Organisation identifier, PSDPL-PFSA-5250007738."`
		Name         string   `required:"" help:"Name of the organisation."`
		By           string   `required:"" help:"Who applies."`
		Owner        bool     `help:"Who applies is its owner: no power of attorney is needed."`
		Paper        []string `help:"KIND=FILE, once for each paper; kinds: registration_extract, licence, certificates, power_of_attorney."`
	}
	adminTPPShow struct {
		Organisation string `arg:""`
	}
	adminPaper struct {
		Organisation string `arg:""`
		Paper        string `arg:"" help:"Id of the paper, as show tells it."`
		Verdict      string `arg:"" enum:"accept,refuse" help:"accept or refuse."`
	}
	adminAdmit struct {
		Organisation string `arg:""`
	}
	adminRefuse struct {
		Organisation string `arg:""`
	}
	adminTPPBlock struct {
		Organisation string `arg:""`
	}
	adminTPPUnblock struct {
		Organisation string `arg:""`
	}
	adminLenience struct {
		Organisation string   `arg:""`
		On           []string `placeholder:"NAME" help:"Be lenient in: any-uuid, optional-headers, unknown-fields, token-once, optional-tpp-id, loose-numbers."`
		Off          []string `placeholder:"NAME" help:"Be strict again in."`
	}
	adminHotline struct {
		Do       string   `arg:"" enum:"activate,block,unblock" help:"activate, block or unblock."`
		Account  string   `arg:""`
		Person   string   `required:"" help:"Who calls."`
		PESEL    string   `name:"pesel" required:"" help:"PESEL as the caller said it."`
		Answered []string `help:"Questions that were answered right: birth_date, address, phone_code, last_transaction, products, identity_document."`
		Paper    []string `help:"File of a paper that shows the right to act for a company; its digest is recorded." type:"existingfile"`
	}
	adminConsents struct {
		Customer string `arg:""`
	}
	adminTransferShow struct {
		Reference string `arg:"" help:"Reference number, as customer and third party were given it."`
	}
	adminTransfers struct {
		Customer string `arg:""`
	}
	adminConsentEnd struct {
		Consent string `arg:""`
	}
)

// Run hands the application in.
func (a adminApply) Run(c *adminCall) error {
	cmd := &office.ApplyThirdParty{Organisation: a.Organisation, Name: a.Name, By: a.By, ByOwner: a.Owner}
	for _, p := range a.Paper {
		kind, file, _ := strings.Cut(p, "=")
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		cmd.Papers = append(cmd.Papers, office.PaperDocument{Kind: kind, FileName: filepath.Base(file), Content: content})
	}
	return c.send(cmd)
}

func (a adminTPPShow) Run(c *adminCall) error {
	return c.send(&office.ShowAdmission{Organisation: a.Organisation})
}

func (a adminPaper) Run(c *adminCall) error {
	return c.send(&office.ReviewPaper{Organisation: a.Organisation, Paper: a.Paper, Accept: a.Verdict == "accept", Why: c.cmd.Why})
}

func (a adminAdmit) Run(c *adminCall) error {
	return c.send(&office.AdmitThirdParty{Organisation: a.Organisation})
}

func (a adminRefuse) Run(c *adminCall) error {
	return c.send(&office.RefuseThirdParty{Organisation: a.Organisation, Why: c.cmd.Why})
}

func (a adminTPPBlock) Run(c *adminCall) error {
	return c.send(&office.BlockThirdParty{Organisation: a.Organisation, Why: c.cmd.Why})
}

func (a adminTPPUnblock) Run(c *adminCall) error {
	return c.send(&office.BlockThirdParty{Organisation: a.Organisation, Lift: true, Why: c.cmd.Why})
}

func (a adminLenience) Run(c *adminCall) error {
	return c.send(&office.LenientTo{Organisation: a.Organisation, On: a.On, Off: a.Off, Why: c.cmd.Why})
}

// Run records the call and changes the account's access.
func (a adminHotline) Run(c *adminCall) error {
	cmd := &office.Hotline{Account: a.Account, Do: a.Do, Person: a.Person, PESEL: a.PESEL, Answered: a.Answered, Why: c.cmd.Why}
	for _, file := range a.Paper {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		cmd.Papers = append(cmd.Papers, office.PaperDocument{FileName: filepath.Base(file), Content: content})
	}
	return c.send(cmd)
}

func (a adminConsents) Run(c *adminCall) error {
	return c.send(&office.ListConsents{Customer: a.Customer})
}

func (a adminTransferShow) Run(c *adminCall) error {
	return c.send(&office.ShowTransfer{Reference: a.Reference})
}

func (a adminTransfers) Run(c *adminCall) error {
	return c.send(&office.ListTransfers{Customer: a.Customer})
}

func (a adminConsentEnd) Run(c *adminCall) error {
	return c.send(&office.EndConsent{Consent: a.Consent})
}
