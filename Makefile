# make demo    the whole studio on this machine, with a small model that ships with it
# make test    every test, against a real database, a real broker and a real browser
# make check   style, types, who may import whom, and migrations that match the models
# make bench   every figure of the README in one table, each beside its limit
# make storm   a thousand jobs while processes are killed, up to once a second; takes its time
# make images  what Dockerfile and compose.yaml do, in a fresh folder and without an engine
#
# Python 3.11 or newer is all that must be there. Neither needs root or a running service.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# Else each of the many processes that a studio and its tests start would compile the project anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check bench storm images

demo: $(VENV)/.ready-demo
	@exec $(BIN)/sora up

# The browser is looked for, and if need be fetched, here: no test waits for a download.
test: $(VENV)/.ready-test
	@$(BIN)/python -m tests.support.browser
	$(BIN)/pytest $(ARGS)

check: $(VENV)/.ready-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m tests.support.drift
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml

images: $(VENV)/.ready-test
	$(BIN)/python -m tests.support.image $(ARGS)

bench: $(VENV)/.ready-test
	$(BIN)/python -m bench.run $(ARGS)

storm: $(VENV)/.ready-test
	$(BIN)/python -m bench.storm $(ARGS)

# A stamp is newer than both files until one of them changes, so a second start installs nothing.
$(VENV)/.ready-demo: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Setting up (once; the largest part is PyTorch) …"
	$(PIP) -e ".[gen]"
	@touch $@

$(VENV)/.ready-test: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Setting up (once; the largest part is PyTorch) …"
	$(PIP) -e ".[gen,test]"
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "This needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "This Python can't make virtual environments; install them with: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
