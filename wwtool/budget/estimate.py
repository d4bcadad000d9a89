"""The analytic model: what a firmware takes, estimated from its compiled model, without compiler and emulator.

Weights, arena and state are exact, as wwtool lays them out itself. Code and cycles are sums over the program's calls.
Each kernel has constants for these sums, which ``bench/budget_fit.py`` fits to dry builds and keeps in
``platforms/estimates``; ``bench/budget_estimate.py`` prints the error.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from wwtool.base.assets import asset_dir
from wwtool.base.records import read_json
from wwtool.base.text import safe_identifier
from wwtool.compiler.calls import Call, Constant, Span
from wwtool.compiler.emit.c_text import constants_of
from wwtool.compiler.package import CompiledModel
from wwtool.compiler.program import Program
from wwtool.firmware.cycles import Cycles
from wwtool.firmware.link_map import FRONT_END, MODEL_CODE, MODEL_MEMORY, PARTS, WEIGHTS, Part
from wwtool.firmware.sizes import Sizes
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.packages.bare_metal.audio_block import REFERENCE_BLOCK, audio_block_of
from wwtool.packages.placement import hop_in_ram
from wwtool.platforms.profile import Platform

ANY_KERNEL = ""  # stands for a kernel that nothing was fitted to
_WORD = 4


class Base(BaseModel):
    """What a firmware has beside its model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    parts: dict[str, tuple[int, int, int]]  # flash, RAM and resident bytes
    frontend_cycles: int


class Constants(Base):
    """What was fitted for one board; ``platforms/estimates/BOARD.json``."""

    made_by: str
    compiler: str
    text_bytes: int  # of the parts, the wake word and its name
    in_flash: Base | None = None  # where a hop that could run from RAM stays in flash, with small code
    runs_from_ram: bool
    stack_bytes: int
    stack_reserved: int
    sections: dict[str, int]  # bytes of the kernels' sections
    kernels: dict[str, tuple[str, ...]]  # sections by function
    structs: dict[str, int]  # bytes of the parameter structs
    call_code: tuple[float, ...]  # bytes, as code_features
    instructions: dict[str, tuple[float, ...]]  # of a call, as call_features
    cycles: tuple[float, ...]  # of an inference, as cycle_features
    block_sample_bytes: float = 0.0  # RAM for a sample of the microphone's blocks, more or fewer than in the parts


def constants_of_board(platform: Platform) -> Constants | None:
    """The constants of a platform's board; None where nothing was fitted, as for kernels that use a vector unit."""
    if platform.uses_vector_unit:
        return None
    board = platform.board or platform.name
    path = asset_dir("platforms") / "estimates" / f"{board}.json"
    if not board.isidentifier():  # the folder of a board of the user's own
        return None
    return Constants.model_validate(read_json(path)) if path.is_file() else None


def estimated_sizes(platform: Platform, model: CompiledModel, phrase: str) -> Sizes | None:
    """The sizes that a dry build would measure; None where nothing was fitted, as for other front ends."""
    constants = constants_of_board(platform)
    if constants is None or model.program.graph.front_end != DEFAULT_FRONT_END:
        return None
    weights = sum(aligned(c.nbytes) for c in constants_of(model.program))
    code = round(kernel_bytes(constants, model.program) + float(np.dot(constants.call_code, code_features(model))))
    memory = aligned(max(model.memory.arena_bytes, _WORD)) + aligned(max(model.memory.state_bytes, _WORD))
    base = _base(constants, platform, model)
    in_ram = constants.runs_from_ram and base is constants
    code_in_ram = in_ram or platform.memory.code_in_ram
    parts_by_name = dict(base.parts)
    flash, ram, resident = parts_by_name[FRONT_END]
    longer = audio_block_of([model]) - REFERENCE_BLOCK
    parts_by_name[FRONT_END] = (flash, ram + round(constants.block_sample_bytes * longer), resident)
    parts_by_name[WEIGHTS], parts_by_name[MODEL_CODE] = _constant(in_ram, weights), _constant(code_in_ram, code)
    parts_by_name[MODEL_MEMORY] = (0, memory, 0)
    # A hop reads no text.
    text_in_ram = platform.memory.code_in_ram or (in_ram and platform.memory.hop_bytes == 0)
    text = text_bytes(phrase) - constants.text_bytes
    parts = []
    for name in PARTS:
        flash, ram, resident = parts_by_name[name]
        extra = text if name == PARTS[-1] else 0
        moved = extra if text_in_ram else 0
        parts.append(Part(name, flash + extra, ram + moved, resident + moved))
    return Sizes(
        flash=sum(part.flash for part in parts),
        ram=sum(part.ram for part in parts),
        model_flash=weights,
        model_ram=memory,
        stack_reserved=constants.stack_reserved,
        resident_ram=sum(part.resident for part in parts),
        parts=tuple(parts),
    )


def estimated_cycles(platform: Platform, model: CompiledModel) -> Cycles | None:
    """The cycles that an emulated board would count; None where nothing was fitted, as for other front ends."""
    constants = constants_of_board(platform)
    if constants is None or model.program.graph.front_end != DEFAULT_FRONT_END:
        return None
    invoke = np.dot(constants.cycles, cycle_features(model.program, call_instructions(constants, model.program)))
    return Cycles(_base(constants, platform, model).frontend_cycles, round(float(invoke)))


def _base(constants: Constants, platform: Platform, model: CompiledModel) -> Base:
    stays = platform.memory.hop_bytes > 0 and not hop_in_ram(platform, model)
    return constants.in_flash if stays and constants.in_flash else constants


def estimated_stack(platform: Platform) -> int | None:
    """The deepest stack of the board's reference firmware; kernels hardly change it."""
    constants = constants_of_board(platform)
    return constants.stack_bytes if constants else None


def call_instructions(constants: Constants, program: Program) -> list[float]:
    """Estimated instructions of every call."""
    by_kernel = constants.instructions
    return [
        float(np.dot(by_kernel.get(call.function, by_kernel[ANY_KERNEL]), call_features(program, call)))
        for call in program.calls
    ]


def call_features(program: Program, call: Call) -> tuple[float, ...]:
    """What the instructions of a call depend on: itself, its output and input elements, its multiply-accumulates."""
    outputs, inputs = (sum(_elements(program, t) for t in tensors) for tensors in (call.writes, call.reads))
    return (1.0, outputs, inputs, call.macs)


def cycle_features(program: Program, instructions: Sequence[float]) -> tuple[float, ...]:
    """What the cycles of an inference depend on: its calls' instructions, calls, and what its windows slide: words, or
    bytes where they are not aligned."""
    words = sum(w.keep_bytes // _WORD for w in program.windows if w.new_bytes % _WORD == 0)
    unaligned = sum(w.keep_bytes for w in program.windows if w.new_bytes % _WORD)
    return (sum(instructions), len(program.calls), len(program.windows), words, unaligned)


def code_features(model: CompiledModel) -> tuple[float, ...]:
    """What the code that calls the kernels depends on: itself, calls, their arguments, windows, copied states; and the
    bytes of the parameter structs, as they are."""
    program = model.program
    arguments = sum(isinstance(a, Span | Constant | int) for call in program.calls for a in call.arguments)
    return (1.0, len(program.calls), arguments, len(program.windows), len(program.states))


def kernel_bytes(constants: Constants, program: Program) -> int:
    """The kernels that are linked, each section once, and the parameter structs of all calls."""
    sections = {name for call in program.calls for name in constants.kernels.get(call.function, ())}
    structs = sum(aligned(constants.structs.get(call.struct, 0)) for call in program.calls)
    return sum(constants.sections[name] for name in sections) + structs


def text_bytes(phrase: str) -> int:
    """The wake word and its name, as they stand in the firmware."""
    return len(phrase) + len(safe_identifier(phrase)) + 2


def aligned(nbytes: int) -> int:
    return -(-nbytes // _WORD) * _WORD


def _constant(in_ram: bool, nbytes: int) -> tuple[int, int, int]:
    moved = nbytes if in_ram else 0
    return nbytes, moved, moved


def _elements(program: Program, tensor: int) -> int:
    """Elements of a tensor, or of the copied state that a negative number stands for."""
    return program.graph.tensor(tensor).size if tensor >= 0 else program.states[-1 - tensor].nbytes
