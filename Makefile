# `make help` lists what can be made. Nothing outside this folder is changed. Written for GNU make 3.81 and newer.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal
IS_NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))'

# The Python that makes the environment: the first on PATH that is new enough.
PYTHON = $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python $(IS_NEW_ENOUGH) 2>/dev/null && echo $$python && break; done)

CHECKS := check-lint check-format check-types check-layers check-templates check-migrations check-dead-code

.DEFAULT_GOAL := help
.PHONY: help run setup test test-slow coverage mutants bench check $(CHECKS) wheel lock upgrade clean FORCE

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F '|' '{ printf "  make %-10s %s\n", $$1, $$2 }'

run: $(VENV)/run.stamp ## set up what is missing and serve the site; prints its address
	@exec $(BIN)/cpd serve

test: $(VENV)/dev.stamp ## run all tests but the slow ones, on SQLite and PostgreSQL and in Chromium
	@$(PYTEST)

test-slow: $(VENV)/dev.stamp ## run the slow tests alone
	@$(PYTEST) -m slow

coverage: $(VENV)/dev.stamp ## fail unless its tests take every branch of cpd/auth
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -n auto --maxprocesses 4 tests/auth tests/admin
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

mutants: $(VENV)/mutants.stamp ## fail unless its tests notice 95 of 100 small changes of cpd/auth (some hours)
	@$(BIN)/python scripts/mutants.py

bench: $(VENV)/dev.stamp ## measure speed and growth (15 minutes); a part by ONLY=pages, see docs/performance.md
	@$(BIN)/python -m bench $(ONLY)

check: $(CHECKS) ## lint, format, types, layers, templates, migrations and dead code

setup: $(VENV)/dev.stamp ## install what run, test and check need, and stop there

check-lint: $(VENV)/dev.stamp
	$(BIN)/ruff check --quiet

check-format: $(VENV)/dev.stamp
	$(BIN)/ruff format --check --quiet

check-types: $(VENV)/dev.stamp
	$(BIN)/mypy

check-layers: $(VENV)/dev.stamp
	$(BIN)/lint-imports --no-cache --no-logo

check-templates: $(VENV)/dev.stamp
	$(BIN)/djlint --lint --quiet templates

check-migrations: $(VENV)/dev.stamp
	$(BIN)/python scripts/check_migrations.py

check-dead-code: $(VENV)/dev.stamp
	$(BIN)/python scripts/dead_code.py

wheel: $(VENV)/run.stamp ## build the wheel, and the sources it is built from, into dist/
	@$(BIN)/python scripts/vendor.py
	@rm -rf dist
	@$(BIN)/python -m hatchling build --directory dist

lock: $(VENV)/dev.stamp ## write the lock files after a change to pyproject.toml or package.json
	$(BIN)/python scripts/lock.py

upgrade: $(VENV)/dev.stamp ## lock the newest versions allowed; look at the difference before committing
	$(BIN)/python scripts/lock.py --upgrade
	$(BIN)/python scripts/vendor.py --dev --accept

clean: ## remove all that was made here: packages, caches, and instance/ with its database
	rm -rf $(VENV) node_modules cpd/static/vendor dist instance mutants .coverage .coverage.*
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment knows its own place, so a checkout that was moved gets a new one; so does one whose Python has gone.
$(VENV)/place: FORCE
	@if ! { $(BIN)/python -c '' && test "$$(cat $@)" = "$$(pwd)"; } 2>/dev/null; then \
		python='$(PYTHON)'; \
		$${python:-false} $(IS_NEW_ENOUGH) 2>/dev/null || { \
			echo "Python 3.11 or newer is needed. Install it, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }; \
		$$python -c 'import ensurepip, venv' 2>/dev/null || { \
			echo "$$python cannot make environments. On Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }; \
		echo "Making an environment in $(VENV)"; \
		$$python -m venv --clear $(VENV) && pwd > $@; \
	fi

$(VENV)/run.stamp: $(VENV)/place requirements/run.txt pyproject.toml package-lock.json scripts/vendor.py scripts/vendor.json
	@echo "Installing what cpd needs"
	@$(PIP) install --require-hashes --requirement requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(BIN)/python scripts/vendor.py
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements/dev.txt
	@echo "Installing what tests and checks need"
	@$(PIP) install --require-hashes --requirement requirements/dev.txt
	@$(BIN)/python scripts/vendor.py --dev
	@touch $@

$(VENV)/mutants.stamp: $(VENV)/dev.stamp requirements/mutants.txt
	@echo "Installing what mutation testing needs"
	@$(PIP) install --require-hashes --requirement requirements/mutants.txt
	@touch $@
