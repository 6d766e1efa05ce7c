# `make compare` is the main job and `make test` runs the tests; both set up .venv on first use.
PYTHON ?= python3
PIP_ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DOCS_STAMP := $(VENV)/.docs-installed
COMPARE_ARGS ?=
BENCH_ARGS ?=
TEST_ARGS ?= -n auto
# references: CP-SAT and HiGHS, cluster: Ray; their tests are skipped without them
EXTRAS ?= dev

.PHONY: help setup compare test lint train bench docs pages tensorboard wheel clean
help:  ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(STAMP)  ## create .venv and install the project in it

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@

compare: $(STAMP)  ## the main job: planners, baselines and the trained policy side by side
	$(BIN)/python scripts/compare.py $(COMPARE_ARGS)

test: $(STAMP)  ## run the tests
	$(BIN)/python -m pytest $(TEST_ARGS)

lint: $(STAMP)  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

train: $(STAMP)  ## train the policy again (about the shipped one: see agents/weights)
	$(BIN)/python scripts/train.py

bench: $(STAMP)  ## measure the planners' speed
	$(BIN)/python scripts/benchmark_planners.py $(BENCH_ARGS)

docs: $(DOCS_STAMP)  ## build the documentation's site: docs/_build/html/index.html
	$(BIN)/python -m sphinx --builder html --fail-on-warning --keep-going --quiet docs docs/_build/html
	@echo "open docs/_build/html/index.html"

$(DOCS_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -c constraints.txt -e '.[docs]'
	@touch $@

pages: $(STAMP)  ## render the pages of the docstrings and run the notebooks
	$(BIN)/python scripts/render_docs.py
	$(BIN)/python scripts/run_notebooks.py

tensorboard: $(STAMP)  ## open the logs in TensorBoard
	$(BIN)/tensorboard --logdir logs

wheel: $(STAMP)  ## build the wheel and try it in a fresh environment with the core's packages alone
	$(BIN)/python scripts/check_wheel.py --pip-args="$(PIP_ARGS)"

clean:  ## remove .venv and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info docs/_build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
