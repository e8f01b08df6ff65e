# Every target stands on `make install`, which does nothing when nothing changed.
# PYTHON=/path/to/python chooses the interpreter; PYTEST_ARGS=… is handed to pytest.
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help install run demo test check coverage bench chaos fuzz soak screenshots replicate-server constraints clean

# Images for containers often set it: then every start of Python compiles the whole app anew, for twice the time.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
RUN := $(VENV)/bin/python -m
INSTALLED := $(VENV)/.installed
# Most tests wait more than they reckon, and a browser with its app does not fill two cores.
WORKERS ?= 3
BROWSERS ?= 2
# Not in test-results, which pytest-playwright empties when it begins.
BROWSER_LOG := .pytest_cache/browser.log
# Their own memory of what failed: the others, who run beside them, write theirs.
BROWSER_TESTS := pytest -o cache_dir=.pytest_cache/browser $(PYTEST_ARGS) tests/browser
PYTHON ?= python3.13 python3.12 python3.11 python3

help:  ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED)  ## Make .venv with everything that constraints.txt pins

# A shim may exist for a Python that is not there, and Debian ships Pythons that cannot make a venv: ask each.
$(INSTALLED): constraints.txt pyproject.toml
	@$(RUN) pip --version >/dev/null 2>&1 || { \
	  for python in $(PYTHON); do \
	    if "$$python" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1; \
	    then break; fi; python=; \
	  done; \
	  if [ -z "$$python" ]; then \
	    echo "Staging Lab needs Python 3.11, 3.12 or 3.13 with its venv module, and none of '$(PYTHON)' is one." >&2; \
	    echo "Install one (Debian: apt install python3 python3-venv), or name it: make install PYTHON=/path/to/python3.12" >&2; \
	    exit 1; fi; \
	  "$$python" -m venv --clear $(VENV); }
	@echo "Installing what constraints.txt pins: a minute or two, the first time."
	$(RUN) pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r constraints.txt
	$(RUN) pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: install  ## Start Staging Lab and print its address
	@exec $(RUN) streamlit run app.py

# A folder of its own: nothing made up comes near real work.
demo: install  ## Start Staging Lab with a month of demo history, made on this machine
	STAGING_DATA_DIR=data/demo $(RUN) staging demo
	@STAGING_DATA_DIR=data/demo exec $(RUN) streamlit run app.py

check: install coverage  ## Lint, formatting, types, and full coverage where it is promised
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy

# The registry and the builders decide what is sent and paid for: every branch of them is tested.
coverage: install
	$(RUN) pytest tests/test_registry.py tests/test_models.py --cov=staging.registry --cov=staging.models \
	  --cov-branch --cov-fail-under=100 --cov-report=term-missing:skip-covered

test: install  ## Run the tests, those in a real browser too
	$(RUN) tests.browser.chromium
	@mkdir -p $(dir $(BROWSER_LOG))
	@echo "Those in a browser run beside the others; what they say comes last."
	@$(RUN) $(BROWSER_TESTS) --numprocesses=$(BROWSERS) >$(BROWSER_LOG) 2>&1 & \
	browser=$$!; others=0; \
	$(RUN) pytest --numprocesses=$(WORKERS) --ignore=tests/browser $(PYTEST_ARGS) || others=$$?; \
	seen=0; wait $$browser || seen=$$?; \
	cat $(BROWSER_LOG); \
	if [ $$seen = 1 ]; then \
	  echo "What failed in a browser beside the others is tried once more, alone (docs/decisions/0046):"; \
	  seen=0; $(RUN) $(BROWSER_TESTS) --last-failed --last-failed-no-failures=none || seen=$$?; fi; \
	exit $$((others | seen))

screenshots: install  ## Take the pictures of docs/images again
	$(RUN) tests.browser.chromium
	STAGING_TEST_SCREENSHOTS=docs/images $(RUN) pytest tests/browser $(PYTEST_ARGS)

bench: install  ## Measure, print the table, write bench.json
	$(RUN) tests.browser.chromium
	$(RUN) tests.bench $(BENCH_ARGS)

chaos: install  ## Kill the engine again and again, and count
	$(RUN) pytest -m chaos -s --timeout=1800 $(PYTEST_ARGS)

fuzz: install  ## Put the corpus and many hostile files through the door for pictures
	$(RUN) pytest tests/fuzz -m "" -s --timeout=1800 $(PYTEST_ARGS)

soak: install  ## Minutes of load
	$(RUN) pytest -m soak -s --timeout=1800 $(PYTEST_ARGS)

replicate-server: install  ## Start a server that speaks Replicate's API, for a demo of the token path
	@exec $(RUN) tests.replicate_server

constraints: install  ## Pin everything anew, with hashes, after a change in pyproject.toml
	$(RUN) uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes \
	  --no-emit-index-url --no-header --upgrade --output-file constraints.txt pyproject.toml

clean:  ## Remove what make can make again; data/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .coverage bench.json test-results build dist \
	  data/sample_rooms/.prepared
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
