"""Measures a compiled model with its target's compiler and emulator: code sizes, instructions of every kernel call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wwtool.base.programs import NEUTRAL_FOLDER, run_program
from wwtool.base.temporary import TemporaryFolder
from wwtool.base.text import one_line
from wwtool.compiler.package import COMPILER_FLAG, CompiledModel, write_sources
from wwtool.compiler.report import CodeSize, Measured
from wwtool.engines.interface import Array, ports
from wwtool.engines.machines import EMULATED, Machine, emulated
from wwtool.engines.native import count_instructions
from wwtool.errors import ToolError, UsageError

# Larger models take more than a moment: an emulator runs some hundred million instructions a second.
_QUICK_MACS = 20_000_000
_MOST_ROWS = 50


def measure(model: CompiledModel, asked: bool | None = None) -> Measured:
    """Measures a model with the tools that this computer has.

    ``asked``: True requires the measurement, False omits it, None measures what is quick.

    Raises:
        UsageError: the measurement is required, but there is no emulator of the target.
        ToolError: the measurement is required, but a tool is missing or failed.
    """
    if asked is False:
        return Measured(note="not measured (--no-measure)")
    if model.target not in EMULATED:
        if asked:
            raise UsageError(
                f"the target {model.target} has no emulated core to measure on; choose another with --target"
            )
        return Measured(note="code and instructions are measured for a microcontroller's --target")
    machine = emulated(model.target)
    if asked:
        return Measured(_instructions(model, machine), code_sizes(model, machine), _how(machine))
    try:
        if not machine.available:
            code = code_sizes(model, machine)
            return Measured(None, code, f"{machine.emulator[0]} was not found, so no instructions; see wwtool doctor")
        code = code_sizes(model, machine)
        if model.macs > _QUICK_MACS:
            return Measured(None, code, "instructions of so large a model are counted with --measure")
        return Measured(_instructions(model, machine), code, _how(machine))
    except ToolError as error:
        return Measured(note=f"not measured: {error}")


def code_sizes(model: CompiledModel, machine: Machine) -> tuple[CodeSize, ...]:
    """Code and read-only data of the model and of each kernel file, largest first, without the weights.

    Raises:
        ToolError: the compiler is missing or failed.
    """
    with TemporaryFolder("sizes") as folder:
        sources = [path.name for path in write_sources(model, folder) if path.name != f"{model.names.stem}_weights.c"]
        sizes = [CodeSize(name, size) for name, size in text_sizes(sources, machine, folder, COMPILER_FLAG).items()]
    return tuple(sorted(sizes, key=lambda entry: (-entry.nbytes, entry.file)))


def text_sizes(sources: Sequence[str], machine: Machine, folder: Path, *options: str) -> dict[str, int]:
    """Bytes of code and read-only data of C files in ``folder``, where their objects are written.

    Raises:
        ToolError: the compiler is missing or failed.
    """
    flags = [flag for flag in machine.flags if not flag.startswith("-Wl,")]
    _run([machine.compiler, "-std=c99", *flags, *options, "-c", *sources], machine, folder)
    size = machine.compiler.removesuffix("gcc") + "size"
    lines = _run([size, *(f"{Path(source).stem}.o" for source in sources)], machine, folder).splitlines()[1:]
    return {source: int(line.split()[0]) for source, line in zip(sources, lines, strict=True)}


def _instructions(model: CompiledModel, machine: Machine) -> tuple[int, ...]:
    return tuple(count_instructions(model, machine, _rows(model), calls=True))


def _rows(model: CompiledModel) -> list[Array]:
    """Rows of every input: random integers, and zeros for floats. A mean over several rows is finer than a tick."""
    count = min(max(_QUICK_MACS // (model.macs + 1), 1), _MOST_ROWS)
    generator = np.random.default_rng(0)
    rows: list[Array] = []
    for port in ports(model.program.graph, model.program.graph.inputs):
        zeros = np.zeros((count, *port.row), np.dtype(port.dtype))
        random = np.frombuffer(generator.bytes(zeros.nbytes), zeros.dtype).reshape(zeros.shape)
        rows.append(zeros if zeros.dtype.kind == "f" else random)
    return rows


def _how(machine: Machine) -> str:
    version = _run([machine.compiler, "-dumpversion"], machine, NEUTRAL_FOLDER).strip()
    return f"{machine.compiler} {version} {COMPILER_FLAG}; instructions counted by {machine.emulator[0]}"


def _run(command: list[str], machine: Machine, folder: Path) -> str:
    remedy = f"install it, on Debian or Ubuntu: apt-get install {machine.packages}"
    result = run_program(command, cwd=folder, remedy=remedy)
    if result.returncode != 0:
        raise ToolError(f"{command[0]} failed on the model: {one_line(result.stderr)[:400]}")
    return result.stdout
