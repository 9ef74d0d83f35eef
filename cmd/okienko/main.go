// Command okienko is a bank's window for software: see the README.
package main

import (
	"os"

	"okienko/app"
)

// version is set by the build (make build).
var version = "dev"

func main() { os.Exit(app.Main(os.Args[1:], os.Stdout, os.Stderr, version)) }
