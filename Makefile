# Everything that a person or CI runs; `make` alone lists it.
#
# Environment: KAMAILIO_SRC and KAMAILIO_MODULES name the source tree and the C modules of a
# self-built Kamailio, KAMAILIO its program. Without them the packages of the machine are used.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

FUZZ_SECONDS ?= 60
export FUZZ_SECONDS

.PHONY: help deps build run test test-6.0 test-6.1 bench fuzz check soak install uninstall clean

help: ## This list
	@sed -n 's/^\([a-z0-9.-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

deps: ## Install what is missing: Debian packages, the headers of the installed Kamailio
	@tools/deps.sh host build play check test debug

build: ## The modules, as target/modules/NAME.so
	@tools/deps.sh host build
	@tools/build.sh

run: ## Start Kamailio, play a call, go on serving: ROLE=sca, pcscf or ims (ONCE=1: end after it)
	@tools/deps.sh host build play
	@if [[ -z "$${MODULES_DIR:-}" ]]; then tools/build.sh; fi
	@ROLE="$(ROLE)" ONCE="$(ONCE)" tools/run.sh

test: ## Everything on the installed Kamailio: checks, pure tests, in process, in the real host
	@tools/test.sh

test-6.0: ## The tests in the real host on Kamailio 6.0 of Debian 13, in a folder (needs root)
	@tools/test-6.0.sh

test-6.1: ## The tests in the real host on Kamailio 6.1, built from its source package
	@tools/test-6.1.sh

bench: ## The C modules and ours side by side (BENCH_OPTIONS="pcscf --help" tells more)
	@tools/deps.sh host build play test
	@tools/build.sh
	@tools/bench.sh $(BENCH_OPTIONS)

fuzz: ## Each parser of foreign bytes for FUZZ_SECONDS=60 (nightly)
	@tools/fuzz.sh

check: ## Format, lints, documentation, licenses
	@tools/deps.sh host build check
	@tools/check.sh

soak: ## The long tests: tens of thousands of rounds, runs under valgrind
	@tools/deps.sh host build play test debug
	@tools/build.sh --with-probe
	@tools/soak.sh

install: ## Modules and schema below [DESTDIR=][PREFIX=], in folders of their own; `make build` first
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" MODULES_TO="$(MODULES_TO)" tools/install.sh

uninstall: ## Take away what `make install` put there
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" MODULES_TO="$(MODULES_TO)" tools/install.sh --remove

clean: ## Forget what was built; what was fetched (.host) stays
	cargo clean
	rm -rf target
