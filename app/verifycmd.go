package app

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"okienko/verify"
)

// VerifyCmd is `okienko verify`: it adds everything up again with its own
// queries, also while the bank runs, and ends with status 1 when it finds a
// fault.
type VerifyCmd struct {
	Config string `help:"Configuration file of the bank." type:"existingfile" xor:"which"`
	Data   string `help:"Data folder of a sandbox; the default one when nothing is given." xor:"which"`
	Where  string `arg:"" optional:"" help:"File of a store, data folder of a sandbox, or the postgres:// address of a database (PGPASSFILE or PGPASSWORD give its password)."`
}

// Run prints what was looked at and what was found.
func (v *VerifyCmd) Run(p *program) error {
	where, err := v.where()
	if err != nil {
		return err
	}
	report, err := verify.Run(p.ctx, where)
	if err != nil {
		return err
	}
	if err := printReport(p.out, report); err != nil {
		return err
	}
	if !report.Clean() {
		return errFindings
	}
	_, err = fmt.Fprintln(p.out, "Clean.")
	return err
}

func printReport(out io.Writer, r verify.Report) error {
	for _, c := range r.Counts {
		if _, err := fmt.Fprintf(out, "%12d %s\n", c.N, c.What); err != nil {
			return err
		}
	}
	for _, what := range r.Unchecked {
		if _, err := fmt.Fprintln(out, "not checked:", what); err != nil {
			return err
		}
	}
	for _, f := range r.Findings {
		if _, err := fmt.Fprintln(out, "FAULT", f); err != nil {
			return err
		}
	}
	if r.More > 0 {
		if _, err := fmt.Fprintf(out, "and %d faults more\n", r.More); err != nil {
			return err
		}
	}
	return nil
}

func (v *VerifyCmd) where() (string, error) {
	switch {
	case v.Where != "":
		if at, err := os.Stat(v.Where); err == nil && at.IsDir() {
			return filepath.Join(v.Where, storeName), nil
		}
		return v.Where, nil
	case v.Config != "":
		cfg, err := ReadConfig(v.Config)
		if err != nil {
			return "", err
		}
		return cfg.where()
	}
	folder := v.Data
	if folder == "" {
		var err error
		if folder, err = defaultFolder(); err != nil {
			return "", err
		}
	}
	return filepath.Join(folder, storeName), nil
}
