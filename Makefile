# `make compare` is the main job and `make test` runs the tests; both set up .venv on first use.
PYTHON ?= python3
PIP_ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
COMPARE_ARGS ?=
BENCH_ARGS ?=
TEST_ARGS ?= -n auto
# references: CP-SAT and HiGHS, cluster: Ray; their tests are skipped without them
EXTRAS ?= dev

.PHONY: help setup compare test lint train bench docs tensorboard clean
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

docs: $(STAMP)  ## render the pages of the docstrings and run the notebooks
	$(BIN)/python scripts/render_docs.py
	$(BIN)/python scripts/run_notebooks.py

tensorboard: $(STAMP)  ## open the logs in TensorBoard
	$(BIN)/tensorboard --logdir logs

clean:  ## remove .venv and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
