# make demo     all the set-up, then the main job on a recording that ships with the project
# make test     all the set-up, then the tests
# make check    format, lint, types, tests
# make soak     the long versions of the tests of reliability: kills, power failures, failing disks
# make oldest   the tests, with the oldest versions of everything that pyproject.toml allows; needs Python 3.11
# make fuzz     10,000 damaged streams of each format; `make test` reads the first 500 of them
# make bench    the figures; set STREAMRNN_DATA to a folder of streams for those that need one

PYTHON ?= $(firstword $(foreach name,python3.13 python3.12 python3.11 python3 python,\
	$(if $(shell $(name) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null),$(name))))
BIN := .venv/bin
.DEFAULT_GOAL := test
.PHONY: demo test check soak oldest fuzz format bench clean

demo: .venv/demo
	$(BIN)/streamrnn demo

test: .venv/dev
	$(BIN)/python -m pytest

check: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

soak: .venv/dev
	STREAMRNN_SOAK=1 $(BIN)/python -m pytest tests/reliability

oldest: .venv-oldest/dev
	.venv-oldest/bin/python -m pytest

fuzz: .venv/dev
	STREAMRNN_MUTANTS=10000 $(BIN)/python -m pytest tests/fuzz

format: .venv/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/dev
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.checkpoints
	$(BIN)/python -m benchmarks.throughput
	$(BIN)/python -m benchmarks.limit
	$(BIN)/python -m benchmarks.overhead
	$(BIN)/python -m benchmarks.scale
	$(BIN)/python -m benchmarks.shards
	$(if $(STREAMRNN_DATA),$(BIN)/python -m benchmarks.forecasting,@echo "benchmarks.forecasting: set STREAMRNN_DATA")
	$(if $(STREAMRNN_DATA),$(BIN)/python -m benchmarks.intervals,@echo "benchmarks.intervals: set STREAMRNN_DATA")
	$(if $(STREAMRNN_DATA),$(BIN)/python -m benchmarks.robustness,@echo "benchmarks.robustness: set STREAMRNN_DATA")
	$(if $(STREAMRNN_DATA),$(BIN)/python -m benchmarks.anomaly,@echo "benchmarks.anomaly: set STREAMRNN_DATA")
	$(if $(STREAMRNN_DATA),$(BIN)/python -m benchmarks.sequences,@echo "benchmarks.sequences: set STREAMRNN_DATA")

clean:
	rm -rf .venv .venv-oldest build dist *.egg-info

# what `pip install -e '.[dev]'` in a virtual environment does by hand
.venv/dev: pyproject.toml | .venv/bin/pip
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@ .venv/demo

.venv/demo: pyproject.toml | .venv/bin/pip
	$(BIN)/pip install --quiet --editable '.[plot]'
	@touch $@

.venv-oldest/dev: pyproject.toml
	python3.11 -m venv .venv-oldest
	.venv-oldest/bin/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' \
		| sed 's/>=/==/' > .venv-oldest/constraints.txt
	.venv-oldest/bin/pip install --quiet --constraint .venv-oldest/constraints.txt --editable '.[dev]'
	@touch $@

.venv/bin/pip:
	@test -n "$(PYTHON)" || { echo "streamrnn needs Python 3.11 or newer: install it (Debian, Ubuntu: apt install python3.11 python3.11-venv; macOS: brew install python@3.12), or name it: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "$(PYTHON) has no venv module: install it (Debian, Ubuntu: apt install python3-venv)"; exit 1; }
