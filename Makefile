# `make demo` and `make test` set up all they need: system packages, a folder .venv, translations, dockd itself.

PYTHON ?= python3
WORKERS ?= 2
PYTEST_ARGS ?=
PLAYS ?= machine

VENV := .venv
BIN := $(VENV)/bin
SYSTEM := packaging/system-packages.sh
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --no-input

PO := $(wildcard dockd/locale/*/LC_MESSAGES/dockd.po)
MO := $(PO:.po=.mo)
PACKAGES := hashing catalog retention dockd
SOURCES = $(shell find $(PACKAGES) -name '*.py')

.DEFAULT_GOAL := help
.PHONY: help demo test machine-test bench deb lint types format locale requirements wheel clean setup-python setup-demo setup-test setup-bench setup-machine
.DELETE_ON_ERROR:

help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

demo: setup-demo ## dock two simulated recorders, and prove the result with standard tools
	@$(BIN)/python -m fixtures.demo

test: setup-test ## the whole test suite
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(PYTEST_ARGS)

machine-test: setup-machine ## docking for real, in QEMU with systemd, udev and USB (PLAYS=machine_short: one play)
	@$(BIN)/python -m pytest -m $(PLAYS) $(PYTEST_ARGS) tests/machine

bench: setup-bench ## measure copying against cp, rsync and rclone; writes docs/performance.md
	@$(BIN)/python -m tests.bench

lint: $(VENV)/.dev ## style and form of the code
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(VENV)/.dev ## put the code into form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(VENV)/.dev ## types of the four packages
	@$(BIN)/mypy

locale: $(VENV)/.dev ## collect messages into the translations, compile them, name what is missing
	@mkdir -p build
	@$(BIN)/pybabel --quiet extract -F babel.cfg -k NN_:1,2 --add-location=file --sort-by-file --no-wrap \
		-o build/dockd.pot $(PACKAGES)
	@for po in $(PO); do $(BIN)/pybabel --quiet update -i build/dockd.pot -o $$po -l zh_CN -D dockd \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap; done
	@$(MAKE) -s --no-print-directory $(MO)
	@$(BIN)/python packaging/missing_translations.py $(PO)

requirements: ## pin requirements/*.in to versions and hashes (UPGRADE=--upgrade: to the newest)
	@test -x build/uv/bin/uv || { $(PYTHON) -m venv build/uv && build/uv/bin/python -m pip install -q uv; }
	@for one in dev run setup; do build/uv/bin/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header $(UPGRADE) requirements/$$one.in -o requirements/$$one.txt \
		|| exit 1; done

wheel: $(VENV)/.setup $(MO) ## the package to install elsewhere, with its translations: dist/
	@$(PIP) wheel --no-deps --no-build-isolation --no-index -w dist .

deb: $(VENV)/.setup ## the Debian package of a station, with all it needs: dist/
	@$(BIN)/python packaging/build_deb.py

clean: ## remove all that was made here, but for the settings and vaults of stations
	rm -rf $(VENV) build dist .demo *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis $(MO)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- setting up; each step is done again only when what it rests on has changed

setup-python:
	@$(SYSTEM) python $(PYTHON)

setup-demo:
	@$(SYSTEM) demo $(PYTHON)
	@$(MAKE) -s --no-print-directory $(VENV)/.dockd $(MO)

setup-test:
	@$(SYSTEM) test $(PYTHON)
	@$(MAKE) -s --no-print-directory $(VENV)/.dev $(MO)

setup-bench:
	@$(SYSTEM) bench $(PYTHON)
	@$(MAKE) -s --no-print-directory $(VENV)/.dev $(MO)

setup-machine:
	@$(SYSTEM) machine $(PYTHON)
	@$(MAKE) --no-print-directory $(VENV)/.dev

# A .venv that pip works in is kept; half a one, of an interrupted run, is made anew.
$(VENV)/.made:
	@$(SYSTEM) python $(PYTHON)
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.setup: requirements/run.txt requirements/setup.txt $(VENV)/.made
	@echo "dockd: installing Python packages into $(VENV) (requirements/run.txt, setup.txt)"
	@$(PIP) install --require-hashes -r requirements/run.txt -r requirements/setup.txt || { \
		echo "dockd: error: pip could not install the packages" >&2; \
		echo "dockd: hint: is the network there? make can be run again at any time" >&2; exit 11; }
	@touch $@

# The command `dockd` runs the code of this checkout.
$(VENV)/.dockd: pyproject.toml $(VENV)/.setup
	@$(PIP) install --no-deps --no-build-isolation --no-index --config-settings editable_mode=compat -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.dockd
	@echo "dockd: installing Python packages into $(VENV) (requirements/dev.txt)"
	@$(PIP) install --require-hashes -r requirements/dev.txt || { \
		echo "dockd: error: pip could not install the packages" >&2; \
		echo "dockd: hint: is the network there? make can be run again at any time" >&2; exit 11; }
	@touch $@

%.mo: %.po $(VENV)/.setup
	@$(BIN)/pybabel --quiet compile -i $< -o $@
