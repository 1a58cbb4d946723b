# make play    set up what playing needs, then play in a browser: against the newest network under runs/,
#              else against the one that comes with aztoolkit (PORT=8000)
# make setup   .venv, pinned packages, native extension, web page     make test    all tests
# make demo    train, export, quantize, gate, then play in a browser  make lint    all checks of style
#                                                                     make bench   all benchmarks

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := setup

PYTHON ?= python3
CXX ?= g++
BIN := .venv/bin
AZTOOLKIT := $(BIN)/aztoolkit
TORCH := 2.13.0
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

DEMO_RUN ?= runs/demo
DEMO_MINUTES ?= 4
DEMO_SERVE ?= 1
PORT ?= 8000
GATE_SIMULATIONS ?= 16
GATE_PAIRS ?= 100
OPEN_BROWSER := $(if $(DISPLAY)$(WAYLAND_DISPLAY),--open,)

NATIVE_SOURCES := $(wildcard aztoolkit/*.pyx aztoolkit/*.pxi aztoolkit/*.pxd aztoolkit/cpp/*/*.cpp aztoolkit/cpp/*/*.h)
WEB_SOURCES := $(shell find serve/web -type f -not -path '*/node_modules/*')

.PHONY: setup demo play test lint format bench sanitize lock clean

setup: .make/packages .make/native serve/static/index.html

.make/tools:
	@mkdir -p .make
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "setup needs Python 3.11 or newer with its venv module, got: $$($(PYTHON) --version 2>/dev/null || echo none); install it or name it: make PYTHON=python3.12"; exit 2; }
	@echo 'int main() {}' | $(CXX) -std=c++20 -fsyntax-only -x c++ - 2>/dev/null || \
	  { echo "setup needs a C++20 compiler, got: $$(command -v $(CXX) || echo none); install g++ 11 or newer, or name one: make CXX=clang++"; exit 2; }
	@$(PYTHON) -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' || \
	  { echo "setup needs the headers of Python (Python.h), got none; install them (such as python3-dev)"; exit 2; }
	@command -v npm >/dev/null || { echo "setup needs npm, got none; install it with Node"; exit 2; }
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || \
	  { echo "setup needs Node 20 or newer, got: $$(node --version 2>/dev/null || echo none); install it from nodejs.org or your distribution"; exit 2; }
	@touch $@

.make/venv: | .make/tools
	$(PYTHON) -m venv .venv
	@touch $@

.make/player: requirements/play.txt | .make/venv
	@echo "installing what playing needs, half a minute"
	$(BIN)/pip install -q --no-deps -r requirements/play.txt
	@touch $@

.make/packages: requirements/lock.txt | .make/player
	@# A torch found without an index (a wheel at hand) is taken; else PyTorch's own index of CPU builds.
	$(BIN)/pip install -q --no-deps --no-index torch==$(TORCH)+cpu 2>/dev/null || \
	  $(BIN)/pip install -q --no-deps --index-url $(TORCH_INDEX) torch==$(TORCH)
	@echo "installing the pinned packages, a minute or two"
	$(BIN)/pip install -q -r requirements/lock.txt
	@touch $@

.make/native: .make/player pyproject.toml setup.py $(NATIVE_SOURCES)
	@echo "compiling the native core, a minute or two"
	AZTOOLKIT_REQUIRE_NATIVE=1 $(BIN)/pip install -q --no-build-isolation --no-deps -e .
	@touch $@

serve/web/node_modules/.package-lock.json: serve/web/package-lock.json serve/web/package.json | .make/tools
	cd serve/web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

serve/static/index.html: serve/web/node_modules/.package-lock.json $(WEB_SOURCES)
	cd serve/web && npm run --silent build
	@touch $@

# --- the pipeline, each file once -------------------------------------------------------------------

EXPORT := $(DEMO_RUN)/export

$(EXPORT)/fp32.onnx: | setup
	$(AZTOOLKIT) train --profile cpu --run $(DEMO_RUN) --minutes $(DEMO_MINUTES)
	$(AZTOOLKIT) export $(DEMO_RUN)

$(EXPORT)/int8.onnx: $(EXPORT)/fp32.onnx
	$(AZTOOLKIT) quantize $(DEMO_RUN) --int8

$(EXPORT)/int8.compare.json: $(EXPORT)/int8.onnx
	$(AZTOOLKIT) compare $(EXPORT)/fp32.onnx $< --positions $(DEMO_RUN)

# A verdict of "rejected" (1) or "inconclusive" (3) is a result; only bad input (2) stops the demo.
$(EXPORT)/int8.gate.json: $(EXPORT)/int8.compare.json
	$(AZTOOLKIT) gate $(EXPORT)/fp32.onnx $(EXPORT)/int8.onnx --simulations $(GATE_SIMULATIONS) \
	  --max-pairs $(GATE_PAIRS) || \
	  { code=$$?; test $$code -eq 1 -o $$code -eq 3 || exit $$code; }

demo: $(EXPORT)/int8.gate.json
	@echo; echo "The demo's files:"
	@ls -1 $(DEMO_RUN)/checkpoints/*.safetensors | tail -1
	@ls -1 $(EXPORT)/fp32.onnx $(EXPORT)/int8.onnx $(EXPORT)/int8.compare.json $(EXPORT)/int8.gate.json
	@if [ "$(DEMO_SERVE)" = 0 ]; then echo "Play with: make play"; else $(AZTOOLKIT) serve --port $(PORT) $(OPEN_BROWSER) $(DEMO_RUN); fi

# Without torch and whatever else only training needs.
play:
	@$(MAKE) --no-print-directory -j 2 .make/native serve/static/index.html
	$(AZTOOLKIT) serve --port $(PORT) $(OPEN_BROWSER)

# --- proof ------------------------------------------------------------------------------------------

test: setup
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	PATH="$(CURDIR)/$(BIN):$$PATH" cython-lint --max-line-length 110 aztoolkit
	$(BIN)/clang-format --dry-run -Werror $$(git ls-files "*.cpp" "*.h")
	cd serve/web && npm run --silent check

format: setup
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $$(git ls-files "*.cpp" "*.h")

# AddressSanitizer and UndefinedBehaviorSanitizer over the C++ tests, then a minute of fuzzing.
sanitize:
	CXX=$(CXX) tests/cpp/run.sh sanitize
	tests/cpp/run.sh fuzz 60

bench: setup
	$(AZTOOLKIT) benchmark all --output benchmarks/results

lock: .make/tools
	$(BIN)/pip install -q uv
	echo torch==$(TORCH)+cpu > .make/torch.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-emit-package torch --no-header --no-annotate \
	  --find-links "$${PIP_FIND_LINKS:-$(TORCH_INDEX)/torch/}" --constraint .make/torch.txt \
	  --extra train --extra export --extra serve --extra cpu --extra dev pyproject.toml -o requirements/lock.txt
	printf 'cython\nsetuptools\n' > .make/build.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate \
	  --constraint requirements/lock.txt --extra serve --extra cpu pyproject.toml .make/build.txt -o requirements/play.txt
	sed -i '1i # Written by `make lock`; torch is pinned in the Makefile, because its CPU build has an index of its own.' requirements/lock.txt
	sed -i '1i # Written by `make lock`: what `make play` needs, as lock.txt pins it.' requirements/play.txt

clean:
	rm -rf .make .venv build dist serve/static serve/web/node_modules *.egg-info aztoolkit/_native*.so
