# glasswatch: run it, watch its story, test it. Needs only Python >= 3.11 with venv, and make.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CONFIG ?=
# Tests run in parallel on this many processes.
# Two more than there are processors: many tests wait for a clock.
JOBS ?= $(shell expr `getconf _NPROCESSORS_ONLN` + 2)
MINUTES ?= 10
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input

.DEFAULT_GOAL := help
.PHONY: help run demo test fuzz soak check bench lock format clean

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Set up once, and again when a lock file changes. The stamp is written last, so an interrupted set-up starts over.
$(VENV)/.run-ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "glasswatch needs Python 3.11 or newer; name one with PYTHON=..."; exit 1; }
	@echo "Setting up $(VENV) (once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP_INSTALL) --require-hashes -r requirements.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev-ready: requirements-dev.lock $(VENV)/.run-ready
	@echo "Setting up what the checks and tests need (once)"
	@$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

run: $(VENV)/.run-ready ## Start the monitor on a simulated platform; CONFIG=glasswatch.yaml for your own
	@trap : INT; $(if $(CONFIG),$(BIN)/monitor run --config "$(CONFIG)",$(BIN)/monitor demo) || test $$? -eq 5 # Ctrl-C

demo: $(VENV)/.run-ready ## Play the story: healthy, outage, page, recovery; then end
	@$(BIN)/monitor demo --story

test: $(VENV)/.dev-ready ## Run every test, in random order
	@$(BIN)/python -m pytest -n $(JOBS) $(TESTS)

fuzz: $(VENV)/.dev-ready ## Run the property tests on many examples that nobody has tried yet
	@env -u CI $(BIN)/python -m pytest -n $(JOBS) -m hypothesis -p tests.support.fuzzing $(TESTS)

soak: $(VENV)/.dev-ready ## Break real monitors in ways that nobody has tried yet, for MINUTES=10
	@MINUTES=$(MINUTES) $(BIN)/python -m checks.soak -n $(JOBS) $(or $(TESTS),tests/faults)

check: $(VENV)/.dev-ready ## Lint, types, import directions, sizes, docs against code
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python checks/sizes.py
	@$(BIN)/python -m pytest -q -p no:randomly tests/documentation

bench: $(VENV)/.dev-ready ## Measure outage to page beside Prometheus, and the daemon's cost
	@$(BIN)/python -m benchmarks

lock: ## Renew the lock files (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --no-strip-extras --python-version 3.11 --extra build pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --no-strip-extras --python-version 3.11 --extra build --extra dev --extra apprise --extra aws --extra pdf -c requirements.lock pyproject.toml -o requirements-dev.lock

format: $(VENV)/.dev-ready ## Put the code into its form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean: ## Remove what was set up and cached; your data stays
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build *.egg-info
