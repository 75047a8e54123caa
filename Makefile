# Two commands do everything: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check pytest slow fuzz faults sanitize integrations docs bench compare omniboard clean help

help:            ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# What is compiled when hallow is installed.
COMPILED := hatch_build.py src/hallow/journal/_half.c

$(VENV)/.demo: $(VENV)/bin/python pyproject.toml $(COMPILED)
	$(BIN)/python -m pip install --quiet --editable '.[demo]'
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml $(COMPILED)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	# A client of Sacred's stores, against which ours are tested. Its own dependencies would bring Sacred and Jupyter; and
	# it is built in a way that Python has left behind.
	$(BIN)/python -m pip install --quiet --no-deps "incense==0.0.15; python_version < '3.12'"
	@touch $@ $(VENV)/.demo

demo: $(VENV)/.demo  ## run a real experiment and show its record
	$(BIN)/python examples/demo.py

test: check pytest   ## everything that CI checks

check: $(VENV)/.dev  ## the static half: lint, format, types
	$(BIN)/ruff check src tests examples bench
	$(BIN)/ruff format --check src tests examples bench
	$(BIN)/mypy

# In processes of their own: drivers of stores and training frameworks keep threads, which the tests of runs count.
STORES := tests/backends tests/clients tests/formats tests/servers tests/stores
# tests/conftest.py says how many processes `auto` are, and which files come first. Of what tests write, only that of a
# failed one is kept: it may lie in memory.
PYTEST := $(BIN)/python -m pytest --numprocesses=auto --dist=loadfile --no-loadscope-reorder \
	-o tmp_path_retention_policy=failed

# They write many small files and sync them. In memory, if there are 2 GB of it that programs may be run from, that
# takes a twentieth of the time.
pytest slow: export TMPDIR := $(shell sh tests/folder_in_memory.sh)
# They start some two thousand Python processes, none of which should compile what an earlier one has compiled.
pytest slow: export PYTHONDONTWRITEBYTECODE :=

pytest: $(VENV)/.dev ## the tests, on all cores
	$(PYTEST) tests $(STORES:%=--ignore=%) --ignore=tests/integrations
	$(PYTEST) $(STORES)
	$(PYTEST) --numprocesses=2 tests/integrations # each process imports every framework

slow: $(VENV)/.dev ## the tests that the others leave out because they take long
	$(PYTEST) -m slow tests $(STORES:%=--ignore=%) --ignore=tests/integrations
	$(PYTEST) -m slow $(STORES)

fuzz: export HALLOW_FUZZ ?= 30
fuzz: export TMPDIR := $(shell sh tests/folder_in_memory.sh)
fuzz: $(VENV)/.dev ## the tests of properties, each with 30 times as many examples
	$(PYTEST) -m hypothesis tests

faults: $(VENV)/.dev ## kill runs, fill disks, take stores away, many times; prints one table
	HALLOW_FAULTS=long $(BIN)/python -m pytest tests/faults --quiet --tb=short

sanitize: $(VENV)/.dev ## the compiled part in its tests, watched by AddressSanitizer and UndefinedBehaviorSanitizer
	sh tests/sanitized.sh $(BIN)/python

$(VENV)/.docs: $(VENV)/bin/python pyproject.toml $(COMPILED)
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	@touch $@

integrations: $(VENV)/.dev ## install PyTorch, Lightning and transformers as well, and try the integrations against them
	$(BIN)/python -m pip install --quiet torch lightning pytorch-lightning transformers accelerate
	$(BIN)/python -m pytest tests/integrations

docs: $(VENV)/.docs ## build the documentation into build/site; any warning is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: $(VENV)/bin/python ## measure beside Sacred and others (in environments of their own); writes docs/performance.md
	$(BIN)/python bench/run.py

compare: $(VENV)/.dev ## compare with Sacred, what it prints, logs and stores (installs Sacred into an environment of its own)
	$(BIN)/python tests/parity/compare.py

omniboard: $(VENV)/.dev ## show runs in Omniboard, a web page for Sacred's MongoDB store (installs it into .omniboard)
	$(BIN)/python examples/omniboard/serve.py

clean:               ## remove everything that the other commands made
	rm -rf $(VENV) .bench-venv .compare-venv demo_runs build dist .mypy_cache .ruff_cache .hypothesis .omniboard src/hallow/journal/*.so
