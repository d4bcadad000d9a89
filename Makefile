# The commands of a checkout of wwtool. A user needs `make firmware`; a developer needs `make check`.
PLATFORM ?= pico
PHRASE ?= hey computer
PYTHON ?= python3
WWTOOL = .venv/bin/wwtool
C_FILES = git ls-files -z '*.c' '*.cpp' '*.h' '*.ino'
# A worker takes one half of the tests, so that what a file of tests needs is made once; who is done first helps the other.
PYTEST = .venv/bin/python -m pytest -n 2 --dist worksteal

.PHONY: setup firmware test test-c test-python test-slow format lint docs lock check sizes clean

setup: build/.setup

build/.setup: scripts/setup pyproject.toml constraints.txt
	PYTHON="$(PYTHON)" scripts/setup

build/.setup-tests: build/.setup
	PYTHON="$(PYTHON)" scripts/setup tests
	touch $@

# What the ESP32-S3 and the Raspberry Pi Zero need in addition.
build/.setup-esp32s3 build/.setup-rpi_zero: build/.setup
	PYTHON="$(PYTHON)" scripts/setup $(@:build/.setup-%=%)
	touch $@

firmware: build/.setup $(addprefix build/.setup-,$(filter esp32s3 rpi_zero,$(PLATFORM:esp32s3%=esp32s3)))
	$(WWTOOL) build --platform $(PLATFORM) --phrase "$(PHRASE)"

test: test-c test-python

# Tests the C core on this machine under sanitizers, and cross-compiles it.
test-c: build/.setup-tests
	cmake -S . -B build/host >/dev/null
	cmake --build build/host -j 2 >/dev/null
	ctest --test-dir build/host --output-on-failure -j 2
	cmake -S . -B build/cortex-m0plus --toolchain cmake/arm-cortex-m0plus.cmake >/dev/null
	cmake --build build/cortex-m0plus -j 2 >/dev/null
	cmake -S . -B build/cortex-m4 --toolchain cmake/arm-cortex-m4.cmake >/dev/null
	cmake --build build/cortex-m4 -j 2 >/dev/null

test-python: build/.setup-tests
	$(PYTEST) -m "not slow"

test-slow: build/.setup-tests build/.setup-esphome
	$(PYTEST) -m slow

# ESPHome, against which tests hold packages. It pins every package that it needs, so it has an environment of its own.
build/.setup-esphome: build/.setup
	.venv/bin/python -m venv build/esphome
	build/esphome/bin/pip install --quiet --disable-pip-version-check esphome==2026.6.5
	touch $@

# Formats Python and C.
format: build/.setup
	.venv/bin/ruff check --fix --select I .
	.venv/bin/ruff format .
	$(C_FILES) | xargs -0 .venv/bin/clang-format -i

lint: build/.setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	$(C_FILES) | xargs -0 .venv/bin/clang-format --dry-run -Werror
	.venv/bin/mypy

# Builds the docs site into build/site; a broken link is an error.
docs: build/.setup
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --quiet --strict

check: lint test

# Writes constraints.txt: every package of a checkout, with the hashes of its files.
lock: build/.setup
	scripts/lock

# Prints code and data of every object of the core on a Cortex-M0+.
sizes: build/.setup
	cmake -S . -B build/cortex-m0plus --toolchain cmake/arm-cortex-m0plus.cmake >/dev/null
	cmake --build build/cortex-m0plus -j 2 --clean-first | grep -E '^ |text' || true

clean:
	rm -rf build/host build/cortex-m0plus build/cortex-m4 wwtool-build
