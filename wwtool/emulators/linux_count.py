"""Counts the instructions of the Raspberry Pi Zero's program.

QEMU runs it one instruction at a time and prints each address. A call lasts from a function's first instruction until
the program is back behind the instruction that called it.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from wwtool.base.files import write_bytes
from wwtool.base.programs import run_program
from wwtool.base.temporary import TemporaryFolder
from wwtool.emulators.linux import qemu_command
from wwtool.errors import DeviceError, ToolError
from wwtool.firmware.cycles import Cycles

NM = "arm-linux-gnueabi-nm"
# The functions that run the model (ww_config.c) and take a block of samples, which may complete a frame.
_INVOKE, _FRONTEND = "invoke", "ww_frontend_process"
_INSTRUCTION_BYTES = 4  # Arm, not Thumb
_PCM_BYTES = 1024
_TIMEOUT_S = 120.0
# QEMU has had two names for it, and ignores the one it does not know.
_ONE_BY_ONE = {"QEMU_SINGLESTEP": "1", "QEMU_ONE_INSN_PER_TB": "1"}


def count_cycles(program: Path, samples: int, cycles_per_instruction: float) -> Cycles:
    """Runs the program on noise, of which ``samples`` are enough to run the model once, and counts.

    Raises:
        ToolError: QEMU or the binutils are missing.
        DeviceError: the program did not run the model.
    """
    places = _functions(program)
    noise = np.random.default_rng(0).integers(-8000, 8000, samples).astype("<i2").tobytes()
    blocks = [noise[begin : begin + _PCM_BYTES] for begin in range(0, len(noise), _PCM_BYTES)]
    script = b"ww-reset%" + b"".join(b"ww-pcm %d%%" % len(block) + block for block in blocks)
    longest = longest_calls(_addresses(program, script), set(places.values()))
    try:
        frontend, invoke = (int(longest[places[name]] * cycles_per_instruction) for name in (_FRONTEND, _INVOKE))
    except KeyError as error:
        raise DeviceError("the emulated Raspberry Pi Zero did not run the model; build it again") from error
    return Cycles(frontend, invoke)


def longest_calls(addresses: Iterable[int], functions: set[int]) -> dict[int, int]:
    """Instructions of the longest call of every function, including the functions that it calls.

    >>> longest_calls([0, 4, 100, 104, 8, 100, 200, 104, 108, 12], {100})
    {100: 4}
    """
    longest: dict[int, int] = {}
    inside: int | None = None
    previous = behind = count = 0
    for address in addresses:
        if inside is None:
            if address in functions:
                inside, behind, count = address, previous + _INSTRUCTION_BYTES, 1
        elif address == behind:
            longest[inside] = max(count, longest.get(inside, 0))
            inside = None
        else:
            count += 1
        previous = address
    return longest


def _functions(program: Path) -> dict[str, int]:
    remedy = "install it again with: apt-get install gcc-arm-linux-gnueabi"
    result = run_program([NM, program.absolute()], remedy=remedy)
    if result.returncode != 0:
        raise ToolError(f"{NM} cannot read {program}; {remedy}")
    symbols = [parts for parts in map(str.split, result.stdout.splitlines()) if len(parts) == 3 and parts[1] in "tT"]
    return {name: int(address, 16) for address, _, name in symbols if name in (_INVOKE, _FRONTEND)}


def _addresses(program: Path, script: bytes) -> Iterator[int]:
    """The address of every instruction that the program executes while it reads ``script``."""
    # A file, as a pipe would be full before anybody reads the first address.
    with TemporaryFolder("script") as folder:
        write_bytes(folder / "script", script)
        with (folder / "script").open("rb") as commands:
            process = subprocess.Popen(
                [*qemu_command(), "-d", "exec,nochain", str(program), "--no-audio"],
                stdin=commands,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={**os.environ, **_ONE_BY_ONE},
            )
    assert process.stderr is not None
    watchdog = threading.Timer(_TIMEOUT_S, process.kill)
    watchdog.start()
    try:
        for line in process.stderr:  # Trace 0: 0x7f... [00000000/00010458/00000110/ff000000] ww_dense
            if line.startswith(b"Trace"):
                yield int(line.split(b"/", 2)[1], 16)
        if process.wait() != 0:
            raise DeviceError(f"the emulated Raspberry Pi Zero ended with status {process.returncode}; build it again")
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
        process.stderr.close()
