# `make demo` and `make test` are all the set-up there is; both build the environment first.
PYTHON ?= $(shell for p in python3.11 python3.12 python3; do \
            $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test test-all kills check format docs bench clean

demo: $(READY)  ## environment, then a training on the embedded data into work_dir/
	$(BIN)/stride fit --config work_dir=work_dir
	$(BIN)/stride list work_dir

test: $(READY)  ## environment, then the tests that end within 15 minutes
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not matrix"

test-all: $(READY)  ## every test
	$(BIN)/python -m pytest -n 2 --dist worksteal

kills: $(READY)  ## a thousand trainings killed at any moment, resumed, and compared bit for bit
	$(BIN)/python -m tests.resilience.kill_many --kills 1000

check: $(READY)  ## what is checked without running: format, lint, types, layers, documents
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/make_cli_docs.py --check
	$(BIN)/python scripts/make_file_tree.py --check

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY)  ## write the generated pages again
	$(BIN)/python scripts/make_cli_docs.py
	$(BIN)/python scripts/make_file_tree.py

bench: $(READY)  ## every speed claim against its peers, in one run
	$(BIN)/python -m benchmarks

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "stride needs Python 3.11 or newer: make PYTHON=/path/to/python3"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test,dev]"
	touch $(READY)

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
