# The commands of the house. `make help` lists them; .ci/run calls the same ones.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 20s
ARGS ?=
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

run: ## a bank on loopback with made-up customers; ARGS='--ephemeral' is passed on
	go run ./cmd/okienko sandbox $(ARGS)

build: ## bin/okienko, one static binary
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/okienko ./cmd/okienko

prepare: ## install what the tests need outside Go, or say what is missing
	@tools/prepare

test: prepare ## everything that decides whether a change is good, except the linters
	go vet ./...
	@tools/test -timeout 10m ./...
	@printf '== once more, on PostgreSQL: what keeps something in a store\n'
	@mapfile -t packages < <(tools/stored) && OKIENKO_TEST_STORE=postgres tools/test -timeout 10m "$${packages[@]}"

# -short asks long tests for fewer rounds, never for none: under the race detector SQLite runs about ten times slower.
race: ## the packages with concurrency, under the race detector
	@mapfile -t packages < <(tools/concurrent) && tools/test -race -short -timeout 10m "$${packages[@]}"

lint: ## golangci-lint and deadcode, built once into the cache
	@tools/lint

generate: ## rewrite the generated code from its sources
	@tools/generate

fuzz: ## every fuzz target for FUZZTIME each
	@tools/fuzz $(FUZZTIME)

bench: ## benchmarks; they print rates and ratios and never fail for being slow; ARGS='-only https' is passed on
	go run ./bench $(ARGS)

bench-large: ## what calls cost with 10 million transactions beside 100 000, on both stores: 40 GB of disk, about 40 minutes
	go run ./bench -only growth -accounts 1000000 -transactions 100000,10000000 $(ARGS)

crash: ## kill -9 under load, many more times than `make test` does
	OKIENKO_CRASH_KILLS=200 go test -count 1 -timeout 60m ./test/crash/...

failover: ## a cluster of Debian's packages with two nodes loses machines under load (root); ARGS='-database haproxy' is passed on
	@tools/failover-prepare
	go run ./test/failover $(ARGS)

restore: prepare ## a lost disk and the way back from a backup; part of `make test` too
	go test -v -count 1 ./test/restore

simulate: ## much longer simulations: a day, two cells, two nodes under a linearizability checker, third parties over their interface; seeds are printed
	OKIENKO_SIMULATION_OPERATIONS=2000000 OKIENKO_CELLS_STEPS=40000 OKIENKO_LINEAR_HISTORIES=400 OKIENKO_PSD2_OPERATIONS=5000 \
		go test -v -count 1 -timeout 60m ./test/simulation/... ./test/cells ./test/linear ./test/psd2

screenshots: prepare ## every page as a picture in screenshots/
	OKIENKO_SCREENSHOTS='$(CURDIR)/screenshots' go test -v -count 1 -timeout 10m ./test/browser/...

clean: ## what these commands leave in this folder
	rm -rf bin screenshots

.PHONY: help run build prepare test race lint generate fuzz bench bench-large crash failover restore simulate screenshots clean
