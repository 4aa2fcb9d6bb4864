# Everything a fresh machine needs is set up by `make demo`, `make run` and `make test` themselves; see `make help`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The first Python that is new enough; `make PY=/path/to/python ...` takes another.
ifndef PY
PY := $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
        "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
endif

BIN := .venv/bin
SCRIPTS := deploy/kafka/fetch deploy/kafka/start deploy/kafka/stop tests/tools/install

.PHONY: help setup demo run setup-test test prove lint lock clean

help: ## Show these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.installed ## Make .venv from the lock, with Pixels installed editable

demo: setup ## Start everything with demo data under ./var/demo; Ctrl-C ends it
	@exec $(BIN)/pixels up --demo

run: setup ## Start everything under ./var, ready for the first pixel; Ctrl-C ends it
	@exec $(BIN)/pixels up

setup-test: .venv/.installed-dev ## Set up what the tests need: Chromium, Kafka, tools
	$(PY_OF_VENV) tests/tools/install
	$(PY_OF_VENV) deploy/kafka/fetch

test: setup-test lint ## Run every test, on real Kafka and real Chromium; `make test PYTEST="-k spool"` runs some
	$(BIN)/pytest --numprocesses 2 --dist loadfile $(PYTEST)

prove: .venv/.installed-dev ## Run the long proofs at full size into docs/proof; about two hours
	$(PY_OF_VENV) -m tests.prove $(PROOF)

lint: .venv/.installed-dev ## Check style and types
	$(BIN)/ruff check . $(SCRIPTS)
	$(BIN)/ruff format --check . $(SCRIPTS)
	$(BIN)/mypy
	MYPYPATH=deploy/kafka $(BIN)/mypy --scripts-are-modules deploy/kafka/*.py $(SCRIPTS)

lock: build/uv/bin/uv ## Lock the dependencies anew; `make lock UPGRADE=--upgrade` takes the newest
	printf 'hatchling>=1.27\neditables>=0.5\n' > build/build-system.in
	$(COMPILE) build/build-system.in --output-file requirements.lock
	$(COMPILE) --extra all --constraint requirements.lock --output-file requirements-dev.lock

clean: ## Remove what can be made again: .venv, jars, caches; never ./var
	rm -rf .venv build dist deploy/kafka/target .mypy_cache .pytest_cache .ruff_cache .hypothesis test-results

# ---

PY_OF_VENV := $(BIN)/python
PIP := $(PY_OF_VENV) -m pip --disable-pip-version-check --quiet
UPGRADE :=
COMPILE = build/uv/bin/uv pip compile pyproject.toml $(UPGRADE) --quiet --generate-hashes --no-emit-index-url \
          --no-header --no-annotate --python-version 3.11 --universal

# Touched when done: an interrupted set-up is done again, a finished one costs nothing. Byte code is made when a module is
# first imported (--no-compile), which takes a third off the time to install.
.venv/.made:
	@[[ -n "$(PY)" ]] || { echo "Pixels needs Python 3.11 or newer, and there is none. On Debian 12 or newer: apt install python3 python3-venv" >&2; exit 1; }
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Pixels needs Python 3.11 or newer; $(PY) is not. Give another: make PY=python3.11 ..." >&2; exit 1; }
	@$(PY) -c 'import ensurepip, venv' 2>/dev/null \
	  || { [[ $$(id -u) = 0 ]] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq python3-venv; } \
	  || { echo "Python's venv module is missing. On Debian: apt install python3-venv" >&2; exit 1; }
	$(PY) -m venv --clear .venv
	@touch $@

.venv/.installed: .venv/.made requirements.lock pyproject.toml
	@echo "Installing what Pixels needs into .venv; this takes about a minute, once."
	$(PIP) install --no-compile --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.lock
	$(PIP) install --no-compile --require-hashes --requirement requirements-dev.lock
	@touch $@

build/uv/bin/uv: .venv/.made
	$(PY_OF_VENV) -m venv --clear build/uv
	build/uv/bin/python -m pip --disable-pip-version-check --quiet install uv
