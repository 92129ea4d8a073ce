# Two commands: `make demo` and `make test`. Both set up everything that they need; Python 3.11 or newer and make are
# all that has to be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
NEXT := 1.0a41
# Bytecode is kept whatever the shell says: without it every process, and the tests start hundreds, compiles all that it
# imports; that was half of the time of a crawl of five pages.
export PYTHONDONTWRITEBYTECODE :=
# Tests wait for servers and processes, too: one more at once than there are cores.
AT_ONCE ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')

.PHONY: help demo test test-next lint fuzz bench clean lock

help:  ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: $(VENV)/ready  ## crawl an invented news web and serve what was found (ARGS=--no-serve: without serving)
	@$(BIN)/python -m demo $(ARGS)

test: $(VENV)/ready-dev lint  ## all tests, and the checks of style and types
	$(BIN)/python -m pytest -n $(AT_ONCE) --dist worksteal $(ARGS)

test-next: .venv-next/ready  ## the pages in the newest Datasette to come
	.venv-next/bin/python -m pytest tests/archive/plugin/test_plugin.py tests/archive/plugin/test_visitors.py \
		tests/archive/plugin/test_public.py tests/archive/plugin/test_browser.py $(ARGS)

lint: $(VENV)/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fuzz: $(VENV)/ready-dev  ## look for what breaks the readers (ARGS="--minutes 5 --seed 1")
	$(BIN)/python -m tests.fuzz $(ARGS)

bench: $(VENV)/ready-dev  ## measure, and print one table
	$(BIN)/python -m bench $(ARGS)

lock:  ## pin the dependencies anew, with hashes
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --no-annotate pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --no-annotate --extra dev pyproject.toml -o requirements-dev.txt

clean:  ## remove what was set up and made
	rm -rf $(VENV) .venv-next demo-data build *.egg-info .mypy_cache .ruff_cache .pytest_cache

# Twice quiet: of what installers remark on other people's packages and on their own ways only errors are worth a line.
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
