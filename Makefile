# Every chore is one word. `make demo` and `make test` set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint check bench conformance faults hostile fuzz lock clean
.DEFAULT_GOAL := demo

demo: $(VENV)/.ready
	$(BIN)/newsfold demo

# In the order tests/conftest.py gives: xdist by itself puts files of few tests last, the longest ones.
test: $(VENV)/.ready-dev
	$(BIN)/pytest -q -n auto --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test

bench: $(VENV)/.ready-dev
	$(BIN)/python bench/extract_quality.py
	$(BIN)/python bench/fold_quality.py
	$(BIN)/python bench/fold_speed.py
	$(BIN)/python bench/polling.py
	$(BIN)/python bench/store.py

conformance: $(VENV)/.ready-dev
	$(BIN)/python -m tests.conformance

# Minutes: a crawl killed at a thousand random instants (or KILLS), crawls and compactions at every
# operation, and a storm of compactions.
faults: $(VENV)/.ready-dev
	NEWSFOLD_KILLS=$(or $(KILLS),1000) NEWSFOLD_STORM_ROUNDS=50 $(BIN)/pytest -q \
		tests/faults tests/lake/test_compaction_faults.py tests/lake/test_storm.py

# Minutes. NEWSFOLD_HOSTILE=DIR names a folder with suites that others made (see the script).
hostile: $(VENV)/.ready-dev
	$(BIN)/python bench/hostile.py

# A minute for each target, or SECONDS.
fuzz: $(VENV)/.ready-dev
	$(BIN)/python bench/fuzz.py --seconds $(or $(SECONDS),60)

# The stamps are written last, so that an interrupted set-up is taken up again.
$(VENV)/.ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Newsfold needs Python 3.11 or newer; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) \
		|| { echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.txt
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# Needs uv (https://docs.astral.sh/uv/); the files name no index.
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --group dev -c requirements.txt -o requirements-dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis build dist
