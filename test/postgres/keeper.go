package postgres

import (
	_ "embed"
	"os"
	"os/exec"
	"syscall"
)

//go:embed keeper.sh
var keeperScript string

// keep starts the process that cleans up when this one cannot: a test binary
// has no moment of its own at its end, and it may be killed. It waits on a pipe
// whose other end only we hold.
func (c *cluster) keep() error {
	theirs, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = theirs.Close() }()
	c.alive = ours
	keeper := exec.Command("/bin/sh", "-c", keeperScript, "okienko-postgres-keeper", c.dir) //nolint:noctx // it outlives us on purpose
	keeper.Dir, keeper.Stdin = "/", theirs
	keeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := keeper.Start(); err != nil {
		return err
	}
	c.keeper = keeper
	return nil
}
