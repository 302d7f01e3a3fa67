# setup builds .venv from the hashed lock; every other target stands on it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
WORKERS ?= 2
# Under a minute on two cores: rules, validators, command line, the main job of the desk.
QUICK := tests/unit tests/cli tests/integration/test_booking.py tests/tui/test_desk_main_job.py \
	--ignore tests/cli/end_to_end

.DEFAULT_GOAL := help
.PHONY: help setup run test quick check lint bench lock clean

help:
	@echo "make run | test | quick | check | bench | lock | setup | clean"

setup: $(VENV)/.ready

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	# Where Python may not write its byte code beside the source, each start would compile it anew: 60 ms.
	$(BIN)/python -m compileall -q registrar_tui seed tests
	@touch $@

run: setup
	$(BIN)/registrar demo

test: setup
	$(PYTEST) -n $(WORKERS) --dist worksteal

quick: setup
	$(PYTEST) -n $(WORKERS) --dist worksteal -m "not slow" $(QUICK)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

check: lint test

bench: setup
	$(BIN)/python -m benchmarks

# uv resolves for every platform at once; it is needed only here.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--extra dev pyproject.toml --output-file requirements.lock --quiet

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build
