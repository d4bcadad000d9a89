"""The dry build: the real firmware with random weights, compiled, linked, measured and run before any training.

Where a compiler or an emulator is missing, the analytic model (estimate.py) answers in its place; the result says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from wwtool.base.temporary import TemporaryFolder
from wwtool.budget import cache
from wwtool.budget.estimate import estimated_cycles, estimated_sizes, estimated_stack
from wwtool.budget.remedy import nearest_change
from wwtool.budget.result import Cost, DryBuild, judge, longest_waits, reserve_of, within
from wwtool.compiler.package import CompiledModel
from wwtool.config import BudgetConfig
from wwtool.device.session import Session
from wwtool.emulators import Emulator, Options, emulator_of
from wwtool.errors import BudgetError, DeviceError, ToolError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.export.tflite import to_tflite
from wwtool.export.thinning import without_pruned_channels
from wwtool.firmware.cycles import Cycles
from wwtool.firmware.sizes import Sizes
from wwtool.firmware.toolchains import Toolchain, find_toolchain
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.geometry import SAMPLE_RATE_HZ
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.models.architecture import Architecture
from wwtool.models.names import architecture_of
from wwtool.models.network import Network
from wwtool.models.zoo import ZOO
from wwtool.packages import DEFAULT
from wwtool.packages.bare_metal.image import TooLargeError, build_image
from wwtool.packages.bare_metal.project import write_project
from wwtool.packages.compiling import compile_for
from wwtool.packages.placement import hop_in_ram, reread_bytes
from wwtool.platforms.profile import Platform
from wwtool.tflite.reader import parse_model
from wwtool.training.pruning import prune_now
from wwtool.training.qat import QatNet


@dataclass(frozen=True)
class BoardRun:
    """What an emulated board measured.

    Attributes:
        cycles: without waits for flash.
        stack_bytes: the deepest stack; 0 if the board does not watch that.
        flash_waits: the cycles that the core waited for flash, by a model of the chip's cache; None: there is none, or
            what a hop needs lies in RAM.
    """

    cycles: Cycles
    stack_bytes: int
    flash_waits: Cycles | None = None


def random_model(
    platform: Platform, architecture: Architecture, name: str, seed: int = 0, pruned: float = 0.0
) -> CompiledModel:  # fmt: skip
    """A model of the right shape for a platform, with random weights: sizes and cycles do not depend on them."""
    return compile_for(platform, parse_model(random_tflite(architecture, name, seed, pruned)), name)


def random_tflite(architecture: Architecture, name: str, seed: int = 0, pruned: float = 0.0) -> bytes:
    """The .tflite of an architecture, with random weights; a share of the channels is pruned."""
    generator = torch.Generator().manual_seed(seed)
    net = QatNet(Network(architecture).eval(), 0.0)
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 0:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * _spread(parameter))
    prune_now(net, pruned)
    net.calibrate(
        torch.rand((16, architecture.receptive_frames + 30, architecture.channels), generator=generator) * 26.0
    )
    content, _ = to_tflite(net.quantized(), name)
    return without_pruned_channels(content) if pruned else content


def _spread(parameter: torch.Tensor) -> float:
    """The standard deviation of random weights; those of wide layers are smaller, or values grow beyond any format."""
    inputs = parameter[0].numel()
    return 0.1 if inputs <= 1000 else math.sqrt(2.0 / inputs)  # He et al. 2015


def dry_build(
    platform: Platform, model: str, phrase: str, limits: BudgetConfig,
    framework: str = DEFAULT, use_cache: bool = True, front_end: FrontEnd = DEFAULT_FRONT_END, pruned: float = 0.0,
) -> DryBuild:  # fmt: skip
    """Measures the firmware of zoo model ``model`` for a front end, with a share of its channels pruned.

    Without a compiler it is estimated.

    Raises:
        ToolError: the compiler is missing, and wwtool has no constants to estimate with for this platform.
        UsageError: the platform's profile does not know the framework.
    """
    cost = cost_of(within(platform, limits), model, architecture_of(model, front_end), phrase, use_cache, pruned)
    return judge(platform, limits, cost, framework)


def cost_of(
    platform: Platform, model: str, architecture: Architecture, phrase: str, use_cache: bool = True, pruned: float = 0.0
) -> Cost:  # fmt: skip
    """What an architecture costs on a platform, with a share of its channels pruned; measured or remembered.

    Raises:
        ToolError: the compiler is missing, and wwtool has no constants to estimate with for this platform.
    """
    try:
        compiler = find_toolchain(platform).version()
    except ToolError:
        compiler = ""
    shape = (architecture, pruned) if pruned else architecture
    key = partial(cache.key_of, platform, shape, model, phrase, compiler)
    remembered = cache.load(key()) if use_cache else None
    if remembered is not None:
        return remembered
    compiled = random_model(platform, architecture, model, pruned=pruned)
    same_firmware = key(hop_in_ram(platform, compiled))
    cost = cache.load(same_firmware) if use_cache else None
    if cost is None:
        with TemporaryFolder("dry") as folder:
            cost = cost_of_compiled(platform, model, compiled, phrase, folder)
    for name in dict.fromkeys((key(), same_firmware)):
        cache.save(name, cost)
    return cost


def measure_build(
    platform: Platform, toolchain: Toolchain, model: str, architecture: Architecture, phrase: str,
    limits: BudgetConfig, folder: Path,
) -> DryBuild:  # fmt: skip
    """As ``dry_build``, for any architecture. The folder is not removed."""
    cost = measure_cost(within(platform, limits), toolchain, model, architecture, phrase, folder)
    return judge(platform, limits, cost)


def measure_cost(
    platform: Platform, toolchain: Toolchain, model: str, architecture: Architecture, phrase: str, folder: Path
) -> Cost:
    """As ``measure_model``, for an architecture with random weights."""
    compiled = random_model(platform, architecture, model)
    return measure_model(platform, toolchain, model, compiled, phrase, folder)


def measure_model(
    platform: Platform, toolchain: Toolchain, model: str, compiled: CompiledModel, phrase: str, folder: Path
) -> Cost:
    """What a compiled model costs as bare metal.

    Builds in ``folder`` and runs the image. What the chip cannot hold is linked for a larger one, not run.
    """
    stride = compiled.input_frames
    project = write_project(folder / "firmware", platform, toolchain, compiled, phrase, DetectorConfig())
    try:
        image = build_image(project, platform, toolchain, folder / "objects", folder / "image", "firmware")
    except TooLargeError as error:
        return replace(assembled(platform, model, stride, compiled, error.sizes, None), linked=False)
    except BudgetError:
        cost = _estimated(platform, model, compiled, phrase)
        if cost is None:
            raise
        return replace(cost, linked=False)
    run = run_image(platform, image.files, compiled)
    return assembled(platform, model, stride, compiled, image.sizes, run)


def cost_of_compiled(platform: Platform, model: str, compiled: CompiledModel, phrase: str, folder: Path) -> Cost:
    """What a compiled model costs as bare metal, measured in ``folder``, or estimated where there is no compiler.

    Raises:
        ToolError: the compiler is missing, and wwtool has no constants to estimate with for this platform.
    """
    try:
        toolchain = find_toolchain(platform)
    except ToolError:
        cost = _estimated(platform, model, compiled, phrase)
        if cost is None:
            raise
        return cost
    return measure_model(platform, toolchain, model, compiled, phrase, folder)


def _estimated(platform: Platform, model: str, compiled: CompiledModel, phrase: str) -> Cost | None:
    """The cost by the analytic model alone; None if it has no constants for the platform."""
    sizes = estimated_sizes(platform, compiled, phrase)
    if sizes is None:
        return None
    cost = assembled(platform, model, compiled.input_frames, compiled, sizes, None)
    return replace(cost, estimated=("sizes", *cost.estimated))


def assembled(
    platform: Platform, model: str, stride: int, compiled: CompiledModel, sizes: Sizes, run: BoardRun | None
) -> Cost:
    """The cost of a built firmware. Without a run, cycles and stack are estimated if that is possible."""
    cycles, stack = (run.cycles, run.stack_bytes or None) if run else (None, None)
    estimated: list[str] = []
    if run is None:
        cycles, stack = estimated_cycles(platform, compiled), estimated_stack(platform)
        estimated = [name for name, value in (("cycles", cycles), ("stack", stack)) if value is not None]
    memory = compiled.memory
    return Cost(
        model, compiled.macs, stride, sizes, memory.arena_bytes, memory.state_bytes, cycles, stack,
        tuple(estimated), frame_ms=compiled.program.graph.front_end.geometry.hop_ms,
        flash_waits=run.flash_waits if run else None,
        reread_bytes=reread_bytes(platform, compiled),
    )  # fmt: skip


def count_cycles(platform: Platform, files: dict[str, Path], compiled: CompiledModel) -> Cycles | None:
    """Runs the image on the platform's emulator and reads its cycle counter; None without an emulator."""
    run = run_image(platform, files, compiled)
    return run.cycles if run else None


def run_image(platform: Platform, files: dict[str, Path], compiled: CompiledModel) -> BoardRun | None:
    """Runs the image on the platform's emulator, through its console and with audio.

    None: there is no emulator that counts, or it is not installed, or the files have no image that it runs.
    """
    emulator = emulator_of(platform)
    if emulator is None or emulator.counts == "nothing" or emulator.image_kind not in files:
        return None
    try:
        emulator.require_tools()
    except ToolError:
        return None
    image = files[emulator.image_kind]
    on_console, stack_bytes = _on_console(emulator, platform, image, Options())
    cycles = emulator.cycles(platform, files, samples_of(compiled), on_console)
    if cycles.invoke <= 0 or cycles.frontend <= 0:
        raise DeviceError("the emulated board counted no cycles, so the firmware did not run the model; build it again")
    if not emulator.has_flash_cache or not platform.chip.flash_word_cycles or hop_in_ram(platform, compiled):
        return BoardRun(cycles, stack_bytes)
    late, _ = _on_console(emulator, platform, image, Options(flash_waits=True))
    return BoardRun(
        cycles, stack_bytes, Cycles(late.frontend - on_console.frontend, late.invoke - on_console.invoke)
    )  # fmt: skip


def _on_console(emulator: Emulator, platform: Platform, image: Path, options: Options) -> tuple[Cycles, int]:
    """What the firmware says of its cycles and its deepest stack after an inference and a quarter second of noise."""
    with emulator.start(platform, image, options) as board, Session(board.url) as session:
        session.reset()
        session.load_input(bytes(session.info().input_bytes))
        session.infer()
        session.reset()
        noise = np.random.default_rng(0).integers(-8000, 8000, SAMPLE_RATE_HZ // 4).astype(np.int16)
        session.stream_pcm(noise)
        return session.cycles(), session.memory().stack_bytes


def samples_of(compiled: CompiledModel) -> int:
    """How much audio it takes until the model has run once."""
    geometry = compiled.program.graph.front_end.geometry
    return compiled.input_frames * geometry.step_samples + geometry.window_samples


def cycles_note(platform: Platform) -> str:
    """How the cycles were counted, as a footnote of a table."""
    factor = platform.chip.cycles_per_instruction
    counted = "cycles counted on the emulated board"
    if factor is not None:
        counted = (
            f"instructions counted on the emulated board, times {factor:g} cycles each, an estimate ({platform.place})"
        )
    waits = ", and the longest waits for flash" if platform.chip.flash_word_cycles else ""
    return f"latency: {counted}{waits}"


def weights_note(platform: Platform, result: DryBuild) -> str:
    """Where the weights lie and what it costs, as a footnote of a table; "" for a program of an operating system."""
    if platform.is_linux:
        return ""
    if result.weights_in == "RAM":
        return "weights: in RAM"
    per_ms = platform.chip.clock_hz / 1000.0
    most = f"an inference waits for flash for at most {longest_waits(platform, result).invoke / per_ms:.2f} ms"
    if result.flash_waits is None:
        return f"weights: in flash; {most}"
    return f"weights: in flash; {most}, and for {result.flash_waits.invoke / per_ms:.2f} ms by a model of the cache"


class OverBudgetError(BudgetError):
    """A model does not fit; ``result`` has its figures."""

    def __init__(self, platform: Platform, result: DryBuild, remedy: str) -> None:
        super().__init__(over_budget(platform, result, remedy))
        self.result = result


def require_fit(
    platform: Platform, model: str, phrase: str, limits: BudgetConfig,
    framework: str = DEFAULT, use_cache: bool = True, front_end: FrontEnd = DEFAULT_FRONT_END, pruned: float = 0.0,
) -> DryBuild:  # fmt: skip
    """The dry build of a model that fits.

    Raises:
        OverBudgetError: the model does not fit; the message says what would.
    """
    result = dry_build(platform, model, phrase, limits, framework, use_cache, front_end, pruned)
    if not result.fits:
        remedy = what_would_fit(platform, result, phrase, limits, use_cache, front_end, pruned)
        raise OverBudgetError(platform, result, remedy)
    return result


def what_would_fit(
    platform: Platform, result: DryBuild, phrase: str, limits: BudgetConfig, use_cache: bool = True,
    front_end: FrontEnd = DEFAULT_FRONT_END, pruned: float = 0.0,
) -> str:  # fmt: skip
    """The nearest change that makes the refused model, or a smaller one, fit."""

    def measure(on: Platform, model: str) -> Cost:
        return cost_of(within(on, limits), model, architecture_of(model, front_end), phrase, use_cache, pruned)

    macs = architecture_of(result.model, front_end).macs
    smaller = sorted((n for n, a in ZOO.items() if a.macs < macs), key=lambda n: -ZOO[n].macs)
    return nearest_change(platform, result, smaller, limits, measure)


def over_budget(platform: Platform, result: DryBuild, remedy: str) -> str:
    """The sentence that refuses a model and says what would fit."""
    under = "" if reserve_of(platform, result.framework) is None else f" under {result.framework}"
    return f"{result.model} does not fit {platform.title}{under}: {result.excess}; {remedy}"
