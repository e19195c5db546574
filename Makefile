# make demo: the main job on a simulated province. make test: everything that is checked.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test check coverage bench mutants wheel clean

demo: $(VENV)/.installed
	$(BIN)/creditrisk demo --out demo-output

test: check
	$(BIN)/python -m pytest -n 2

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Apart from make test: the tracer of Python 3.11 makes the tests half as long again.
coverage: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 --cov=creditrisk --cov-report=term:skip-covered

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks

# make mutants ARGS="--seed 8 --count 50 --module creditrisk/scoring"
mutants: $(VENV)/.installed-dev
	$(BIN)/python -m mutants $(ARGS)

wheel: $(VENV)/.installed-dev
	$(BIN)/python -m build --wheel

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) install --constraint constraints.txt --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) install --constraint constraints.txt --editable '.[dev]'
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) build dist demo-output .cache .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
