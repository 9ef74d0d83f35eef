package app

import (
	"context"
	"errors"
	"os"

	"okienko/office"
)

// closedBank carries out one request of staff on the store of a bank that is
// not running on this machine. A file's lock keeps a running one out; a database
// takes the command as one more node, whose lines in the logs stand under a name
// of its own.
func closedBank(ctx context.Context, s Settings, req *adminRequest) (_ office.Report, err error) {
	if s.StoreDSN == "" {
		if _, err := os.Stat(s.StorePath); err != nil {
			return office.Report{}, errors.Join(errNoBank, err)
		}
	} else {
		s.Node += "-admin"
		s.StoreConnections = 0
	}
	by, err := s.Staff.name(os.Getuid(), req.As)
	if err != nil {
		return office.Report{}, err
	}
	c, err := openCore(ctx, s)
	if err != nil {
		return office.Report{}, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	return (&adminDoor{office: c.office, log: s.Log}).do(ctx, by, req)
}
