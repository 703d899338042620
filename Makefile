# make help says what there is. Everything that is made goes below build/, downloads to ~/.cache/upyml and pip's cache.

PY := build/venv/bin/python
IN_VENV := PYTHON=$(CURDIR)/$(PY)
IN_PATH := PATH=$(CURDIR)/build/venv/bin:$$PATH

export UPYML_WERROR := 1 # warnings in our C are errors here, not where users build it

.PHONY: help setup native unix natmods boards bare wheel postgresql chromium test demo bench baseline readme docs newcomer clean compress-bench sound-bench examples
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 16

setup: build/venv/.ready ## the Python environment, build/venv

build/venv/.ready: setup.cfg ports/setup.sh
	@ports/setup.sh
	@touch $@

native: setup ## the C extension for CPython, in place
	@$(PY) setup.py -q build_ext --inplace

unix: setup ## MicroPython for this computer: with upyml in it, without, and with a board's 32 bits
	@$(IN_VENV) ports/unix/build.sh build/unix USER_C_MODULES=$(CURDIR)
	@$(IN_VENV) ports/unix/build.sh build/unix-plain
	@$(IN_VENV) ports/unix/board.sh build/unix-board USER_C_MODULES=$(CURDIR)

NATMODS := x64 armv6m armv6m-coded armv6m-dense armv7m armv7emsp armv7emsp-coded armv7emsp-dense rv32imc rv32imc-coded rv32imc-dense xtensawin xtensawin-coded xtensawin-dense xtensawin-plain

natmods: $(addprefix natmod-,$(NATMODS)) ## the native modules build/natmod/ARCH/_upyml.mpy, for boards of six architectures

natmod-%: setup
	@$(IN_VENV) ports/natmod/build.sh $*

boards: setup ## firmware for every board of ports/boards that is built here, to build/boards
	@$(PY) ports/build.py

MACHINES := $(patsubst ports/bare/%/settings.sh,%,$(wildcard ports/bare/*/settings.sh))

bare: $(addprefix bare-,$(MACHINES)) ## the programs that count what a model takes on emulated processors, to build/bare

bare-%: setup
	@$(IN_VENV) ports/bare/build.sh $*

wheel: natmods bare ## a wheel with the native modules, and a source archive, to build/wheel
	@$(PY) -m pip wheel -q . --no-deps --no-build-isolation -w build/wheel
	@$(PY) -m build -q --sdist --no-isolation -o build/wheel

postgresql: # what shared searches are tested with; Debian keeps its programs out of the PATH
	@command -v initdb >/dev/null || ports/fetch/packages.sh postgresql

chromium: # what HTML reports are opened with in tests
	@command -v chromium >/dev/null || ports/fetch/packages.sh chromium

test: native unix natmod-x64 ## every test this machine can run; UPYML_REQUIRE_ALL=1: a skip is a failure
	@$(MAKE) -k --no-print-directory natmods boards bare postgresql chromium || { \
	    [ "$$UPYML_REQUIRE_ALL" != 1 ] && echo "tests of what could not be built or installed are skipped" >&2; }
	@$(PY) -m pytest -n auto --maxprocesses=4 --dist loadgroup

demo: native unix natmod-x64 ## train, convert, report and run the gesture example on CPython and MicroPython
	@$(IN_PATH) examples/gesture/demo.sh

build/gesture/gesture.upm: | native
	@$(IN_PATH) examples/gesture/make_model.sh

bench: native natmods boards bare build/gesture/gesture.upm ## the benchmark models and the boards, measured to build/bench.json
	@$(PY) tests/bench/bench.py

baseline: native bare ## counts_baseline.json: what the benchmark models take on emulated processors from now on
	@$(PY) tests/bench/baseline.py

readme: bench unix natmod-x64 ## the measured tables of docs/
	@$(PY) tests/bench/readme.py

compress-bench: native bare ## trains and compresses models of four tasks: a table of docs/compression.md, half an hour
	@$(PY) tests/bench/compression/bench.py
	@$(PY) tests/bench/readme.py compression

sound-bench: native bare-cortex_m0 ## trains spoken digits from samples to label, front end included: numbers of README.md
	@$(PY) tests/bench/sound.py

examples: native bare-cortex_m0 ## trains the examples, counts what they take: their models and a table of README.md, ten minutes
	@$(PY) tests/bench/examples.py

docs: setup ## the documentation, to build/docs: open index.html there
	@NO_MKDOCS_2_WARNING=1 build/venv/bin/mkdocs build --strict --quiet

newcomer: ## goes a newcomer's way from an empty folder, ten minutes: docs/newcomer.md
	@$(PY) tests/bench/newcomer.py

clean: ## removes everything that was made (not the downloads)
	rm -rf build *.egg-info *.so .pytest_cache
