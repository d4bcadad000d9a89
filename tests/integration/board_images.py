"""What the tests of every board's image share: a program without a model, and what it does on this machine."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wwtool.assets import asset_dir
from wwtool.device.protocol import Event, parse_event
from wwtool.engines.machines import WARNINGS

FAKE_PROGRAM = Path(__file__).parent / "pico" / "fake_program.c"


def link_arm_board(board: Path, target: Path, flags: Sequence[str]) -> None:
    """Links the board's code, from ``board``, with the fake program."""
    templates = asset_dir("firmware_templates")
    core, shared = templates / "core", [templates / "boards" / name for name in ("bare", "cortex_m")]
    own = {path.name: path for folder in (*shared, board) for path in sorted(folder.glob("*.[cS]"))}
    sources = [*own.values(), *sorted(core.glob("*.c")), FAKE_PROGRAM]
    subprocess.run(
        ["arm-none-eabi-gcc", *WARNINGS, *flags, "-nostdlib", "-nostartfiles", "-Wl,--gc-sections",
         "-Wl,--fatal-warnings", *(f"-I{folder}" for folder in (core, board, *shared)), "-T", str(board / "link.ld"),
         "-o", str(target), *map(str, sources), "-lgcc"],
        check=True,
    )  # fmt: skip


def host_events(tmp_path: Path, samples: np.ndarray) -> list[Event]:
    """What the same core and program report on this machine (boards/host)."""
    templates = asset_dir("firmware_templates")
    program = tmp_path / "host"
    sources = [templates / "boards" / "host" / "main.c", *sorted((templates / "core").glob("*.c")), FAKE_PROGRAM]
    subprocess.run(
        ["cc", *WARNINGS, "-O1", f"-I{templates / 'core'}", "-o", str(program), *map(str, sources)], check=True
    )
    script = b"ww-reset%ww-prob 1%"
    for start in range(0, len(samples), 512):
        block = samples[start : start + 512].astype("<i2").tobytes()
        script += b"ww-pcm %d%%" % len(block) + block
    out = subprocess.run([program], input=script, capture_output=True, check=True, timeout=30).stdout.decode()
    return [event for line in out.splitlines() if (event := parse_event(line))]


def ends_with_its_parent(emulator: str, image: Path) -> bool:
    """Whether the process that ``wwtool.device.emulators.<emulator>`` starts ends when its parent is killed."""
    script = (
        f"import os, sys, pathlib; from wwtool.device.emulators import {emulator}\n"
        f"emulator = {emulator}.start(pathlib.Path(sys.argv[1]))\n"
        "print(emulator._process.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    out = subprocess.run([sys.executable, "-c", script, str(image)], capture_output=True, text=True, check=False).stdout
    deadline = time.monotonic() + 10
    while Path(f"/proc/{int(out)}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return not Path(f"/proc/{int(out)}").exists()
