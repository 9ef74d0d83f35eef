package app

import (
	"fmt"

	"okienko/clock"
	"okienko/store"
)

// MigrateCmd is `okienko migrate`: it brings the tables to this program's
// version and stops, before the nodes are restarted one by one. Nodes of the
// version before go on working beside it; every node also does it by itself when
// it starts, one at a time.
type MigrateCmd struct {
	Config string `help:"Configuration file of the bank." required:"" type:"existingfile"`
}

// Run opens the data, which migrates it, and closes it.
func (m *MigrateCmd) Run(p *program) error {
	cfg, err := ReadConfig(m.Config)
	if err != nil {
		return err
	}
	s := serveSettings(cfg)
	if s.Key, err = readKey(cfg.Bank.KeyFile); err != nil {
		return fmt.Errorf("bank.key_file: %w", err)
	}
	if s.StoreDSN, err = cfg.storeDSN(); err != nil {
		return fmt.Errorf("bank.database_password_file: %w", err)
	}
	data, err := store.Open(p.ctx, store.Config{
		Path: s.StorePath, DSN: s.StoreDSN, Environment: s.Environment, Key: s.Key, Clock: s.Clock, Wall: clock.Wall{}, Node: s.Node,
		Log: newLog(p, cfg.Log.Level),
	})
	if err != nil {
		return err
	}
	if err := data.Close(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.out, "The tables are up to date.")
	return err
}
