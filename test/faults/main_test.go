package faults

import (
	"flag"
	"os"
	"testing"
)

// The tests here wait for faults to pass more than they compute, so more of them
// run at a time than the machine has processors.
func TestMain(m *testing.M) {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		if err := parallel.Value.Set("6"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
