# make demo: the main job on a simulated province. make test: everything that is checked.
# make test-lowest, make test-newest: the tests with the oldest and the latest versions that pyproject.toml admits; all
# of them but what type checkers say, or those that TESTS names.
# The first that runs; a command may be there and name a Python that is not.
PYTHON ?= $(shell for one in python3.11 python3.12 python3.13 python3.14; do \
	$$one -c "" 2>/dev/null && echo $$one && break; done)
VENV ?= .venv
CONSTRAINTS ?= constraints.txt
TESTS ?=
COVERAGE ?=
MARKED ?=
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALL := $(PIP) install $(addprefix --constraint ,$(CONSTRAINTS)) --editable

.PHONY: demo test check tests test-lowest test-newest coverage bench mutants wheel clean

demo: $(VENV)/.installed
	$(BIN)/creditrisk demo --out demo-output

test: check tests

tests: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 $(if $(COVERAGE),--cov=creditrisk --cov-report=term:skip-covered) $(MARKED) $(TESTS)

test-lowest:
	$(MAKE) tests VENV=.venv-lowest CONSTRAINTS=constraints-lowest.txt MARKED='-m "not types"'

# Anew each time, as what is newest changes.
test-newest:
	rm -rf .venv-newest
	$(MAKE) tests VENV=.venv-newest CONSTRAINTS= MARKED='-m "not types"'

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The tracer of Python 3.11 makes the tests half as long again; CI measures coverage each time.
coverage:
	$(MAKE) tests COVERAGE=1

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks

# make mutants ARGS="--seed 8 --count 50 --module creditrisk/scoring"
mutants: $(VENV)/.installed-dev
	$(BIN)/python -m mutants $(ARGS)

wheel: $(VENV)/.installed-dev
	$(BIN)/python -m build --wheel

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.14 is not found: make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml $(CONSTRAINTS)
	$(INSTALL) .
	touch $@

$(VENV)/.installed-dev: $(VENV)/bin/python pyproject.toml $(CONSTRAINTS)
	$(INSTALL) '.[dev]'
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) .venv-lowest .venv-newest build dist demo-output .cache .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
