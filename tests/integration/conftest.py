"""Fixtures of the tests of flashing: a bench of fake boards, and a program that answers on a serial port."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from board_images import link_linux_board
from cli import run_here
from fake_boards import Bench
from flash_bench import Flash

from wwtool.device import flash
from wwtool.device.flash import runner
from wwtool.emulators import linux


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench(tmp_path / "bench")
    bench.install(monkeypatch.setattr)
    monkeypatch.setenv("PATH", str(bench.bin), prepend=os.pathsep)
    monkeypatch.setenv("PYTHONPATH", str(bench.modules), prepend=os.pathsep)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(runner, "BOOT_TIMEOUT_S", 2.0)
    monkeypatch.setattr(flash, "_CONSOLE_TIMEOUT_S", 0.5)
    monkeypatch.setattr(flash, "_ANSWER_TIMEOUT_S", 0.5)  # a busy machine answers late
    return bench


@pytest.fixture
def run(bench: Bench, capsys: pytest.CaptureFixture[str]) -> Flash:
    return partial(run_here, capsys, "flash")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The firmware's console with a program whose model has the SHA-256 "00"."""
    target = tmp_path_factory.mktemp("host") / "program"
    link_linux_board("host", target, "cc", ["-O1"])
    return target


@pytest.fixture
def board(program: Path) -> Iterator[str]:
    """A serial port at which that program answers."""
    with linux.start(program, pty=True) as running:
        yield running.url


@pytest.fixture(params=["plain", "my build; $(touch gone) 'x' \"y\" %s é"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / str(request.param)
