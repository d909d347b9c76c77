# Everything stands in .venv and var; `make help` lists the commands.
PYTHON ?= python3
PEERS := var/peers/.ready
BIN := .venv/bin
READY := .venv/.idmill-ready
CHECKED := .venv/.idmill-checked
INSTALL := $(BIN)/python -m pip install --quiet --no-compile

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help demo up test lint scan bench bench-readers chaos fuzz train clean

help:  ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

demo: $(READY)  ## start everything, read a drawn passport and card (and IMAGE=path), stop
	@$(BIN)/idmill demo $(if $(IMAGE),"$(IMAGE)")

up: $(READY)  ## the same running until Ctrl-C; options: $(BIN)/idmill up --help
	@$(BIN)/idmill up

test: $(CHECKED)  ## all tests, on a real Postgres and a real Valkey
	$(BIN)/pytest -n 2 --dist loadfile

lint: $(CHECKED)  ## style, types, direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

scan: $(CHECKED) .venv/scan/.ready  ## secrets in what is committed, known vulnerabilities of what is locked
	@$(BIN)/python .ci/scan.py

bench: $(CHECKED)  ## how fast and how exact, on this machine
	$(BIN)/python -m lab.benchmarks

bench-readers: $(CHECKED) $(PEERS)  ## ours beside the open readers; PICTURES=folder with truth.json, MRZ_MODEL=mrz.traineddata
	$(BIN)/python -m lab.benchmarks.readers $(if $(PICTURES),--pictures "$(PICTURES)") $(if $(MRZ_MODEL),--mrz-model "$(MRZ_MODEL)")

chaos: $(CHECKED)  ## break it on purpose for ten minutes, three times, and count what was lost
	$(BIN)/python -m tests.chaos storm --seconds 600 --seed 1 --seed 2 --seed 3 --report var/chaos.json
	$(BIN)/python -m tests.chaos restarts --rounds 20 --report var/chaos-restarts.json
	$(BIN)/python -m tests.chaos frozen --report var/chaos-frozen.json
	$(BIN)/python -m tests.chaos readers --report var/chaos-readers.json

fuzz: $(CHECKED)  ## ask it nonsense for a quarter of an hour: every documented call, raw sockets, hostile files
	$(BIN)/python -m tests.fuzz openapi --seconds 600
	$(BIN)/python -m tests.fuzz sockets --count 5000
	$(BIN)/python -m tests.fuzz files --rounds 20

train: $(READY)  ## make the recogniser's weights anew (needs the training extras)
	$(BIN)/python -m lab.training

clean:  ## remove .venv and caches; what was stored stays, and this says where
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@for kept in var var/postgres var/demo/postgres; do \
	  if [ -e "$$kept" ]; then echo "kept: $$(realpath "$$kept")"; fi; done

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "idmill needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what idmill needs into .venv (once)"
	@$(INSTALL) --require-hashes -r requirements.txt
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(PEERS): lab/benchmarks/readers.txt
	@echo "Installing the other readers into var/peers (once)"
	@test -x var/peers/bin/python || $(PYTHON) -m venv var/peers
	@var/peers/bin/python -m pip install --quiet --no-compile -r lab/benchmarks/readers.txt
	@touch $@

$(CHECKED): $(READY) requirements-test.txt
	@echo "Installing what its tests and checks need (once)"
	@$(INSTALL) --require-hashes -r requirements-test.txt
	@touch $@

.venv/scan/.ready: $(READY) requirements-scan.txt
	@$(PYTHON) -m venv .venv/scan
	@.venv/scan/bin/python -m pip install --quiet --no-compile --require-hashes -r requirements-scan.txt
	@touch $@
