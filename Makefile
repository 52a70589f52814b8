# What can be done here; `make help` lists it. Each target works on a clean clone.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# So many tests written in Swift run at once. With all at once each of them waits for a processor
# for longer than the limit that is there for those which hang.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 8

SECONDS_EACH ?= 300
KILLS ?= 200
BIN = $(abspath .build/release/btt)
SOURCES = Package.swift Sources Tests Fuzz $(wildcard Benchmarks)

.PHONY: help setup build test test-unit test-integration test-contracts test-interop test-kill demo bench lint format fuzz docs clean

help: ## Show this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

setup: ## Install the system packages that are missing (apt-get, with sudo where needed).
	@scripts/setup.sh

build: setup ## Build the program: .build/release/btt.
	swift build -c release --product btt

# One flavour of build serves all tests. The unit tests come last, so that the output ends with
# their runner's own summary.
test: ## Build once, then run all tests and each fuzzer for a moment.
	@scripts/setup.sh test
	swift build -c release --build-tests
	contracts/test.sh
	BTT_BIN=$(BIN) BTT_KILLS=20 Tests/Integration/run.sh
	Fuzz/run.sh 5
	swift test -c release --skip-build

test-unit: setup ## Run the tests written in Swift.
	swift build -c release --build-tests
	swift test -c release --skip-build

test-integration: build ## Run the tests with real Ethereum clients and libtorrent.
	@scripts/setup.sh test
	BTT_BIN=$(BIN) Tests/Integration/run.sh

test-contracts: setup ## Rebuild the root-chain contracts, and test them on py-evm.
	@scripts/setup.sh test
	contracts/test.sh

test-interop: build ## Exchange torrents with every other program there is, and print a table.
	@scripts/setup.sh interop
	BTT_BIN=$(BIN) BTT_INTEROP=full Tests/Integration/run.sh interop

test-kill: build ## Kill a node under load, and downloads, KILLS times (200); look for losses.
	BTT_BIN=$(BIN) BTT_KILLS=$(KILLS) Tests/Integration/run.sh -k kill

demo: build ## Show it all: a paid swarm, a validator killed and restarted, the books, a bridge.
	@scripts/setup.sh test
	$(BIN) demo
	BTT_BIN=$(BIN) scripts/demo.sh

bench: ## Measure, and hold the figures against their bounds.
	@scripts/setup.sh bench
	swift build -c release --product btt
	swift build -c release --package-path Benchmarks
	BTT_BIN=$(BIN) BENCH_PYTHON=$$(contracts/test.sh venv) Benchmarks/.build/release/bench

lint: ## Check the format and the documentation comments.
	swift format lint --strict -r -p $(SOURCES)

format: ## Put the format right.
	swift format format -i -r -p $(SOURCES)

fuzz: setup ## Run each fuzzer for SECONDS_EACH (300).
	Fuzz/run.sh $(SECONDS_EACH)

docs: setup ## Write the modules' reference as web pages to .build/docs.
	scripts/docs.sh

clean: ## Remove what was built.
	rm -rf .build Fuzz/.build Benchmarks/.build
