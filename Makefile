# Start with `make demo` or `make check`. Both set up all that they need; the only requirements are make and Python 3.11
# or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
NEXT := 1.0a41
# Bytecode is written whatever the shell says: without it every process compiles all of its imports, and the tests start
# hundreds of processes. That was half of the time of a crawl of five pages.
export PYTHONDONTWRITEBYTECODE :=
# The quick tests compute; those that drive the whole program wait for processes as well, so two more than there are
# cores run at once.
CORES ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count() or 1)')
AT_ONCE ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 2)')

.PHONY: help demo check test test-next lint fuzz bench clean lock

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(VENV)/ready  ## crawl an invented news web and serve the archive (ARGS=--no-serve: do not serve)
	@$(BIN)/python -m demo $(ARGS)

check: $(VENV)/ready-dev lint  ## style, types, and the quick tests: a minute or so
	$(BIN)/python -m pytest -n $(CORES) --dist worksteal -m 'not slow and not end_to_end and not shared' $(ARGS)

test: $(VENV)/ready-dev lint  ## style, types, and all tests
	$(BIN)/python -m pytest -n $(AT_ONCE) --dist worksteal $(ARGS)

test-next: .venv-next/ready  ## test the pages with the next Datasette
	.venv-next/bin/python -m pytest -n $(CORES) --dist worksteal tests/archive/plugin $(ARGS)

lint: $(VENV)/ready-dev  ## style, types, and declared dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/deptry .

fuzz: $(VENV)/ready-dev  ## search for input that breaks the parsers (ARGS="--minutes 5 --seed 1")
	$(BIN)/python -m tests.fuzz $(ARGS)

bench: $(VENV)/ready-dev  ## run the benchmarks, and print one table
	$(BIN)/python -m bench $(ARGS)

LOCK = $(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --no-annotate

lock:  ## pin the dependencies again, with hashes
	$(LOCK) pyproject.toml -o requirements.txt
	$(LOCK) --extra cluster --extra notify --extra passwords pyproject.toml -o requirements-image.txt
	$(LOCK) --extra dev pyproject.toml -o requirements-dev.txt

clean:  ## remove all generated files and environments
	rm -rf $(VENV) .venv-next demo-data build *.egg-info .mypy_cache .ruff_cache .pytest_cache

# Quiet twice: of pip's remarks on packages and on itself only errors are shown.
INSTALL = -m pip install --quiet --quiet --disable-pip-version-check

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@echo "Setting up $(VENV), once: what Dateline needs is fetched and checked against its hashes."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/ready: requirements.txt pyproject.toml | $(VENV)/bin/python
	@$(BIN)/python $(INSTALL) --require-hashes -r requirements.txt
	@$(BIN)/python $(INSTALL) --no-deps --editable .
	@touch $@

$(VENV)/ready-dev: requirements-dev.txt pyproject.toml | $(VENV)/bin/python
	@$(BIN)/python $(INSTALL) --require-hashes -r requirements-dev.txt
	@$(BIN)/python $(INSTALL) --no-deps --editable .
	@touch $(VENV)/ready $@

.venv-next/ready: requirements-dev.txt pyproject.toml
	@$(PYTHON) -m venv .venv-next
	@.venv-next/bin/python $(INSTALL) 'datasette==$(NEXT)' --editable '.[dev]'
	@touch $@
