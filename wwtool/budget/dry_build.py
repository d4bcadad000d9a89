"""The dry build: the real firmware with random weights, compiled, linked, measured and run before any training."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from wwtool.compiler.package import CompiledModel
from wwtool.compiler.reader import parse_model
from wwtool.config import BudgetConfig
from wwtool.device.emulators import esp32s3, nano, pico
from wwtool.device.emulators.process import Emulator
from wwtool.device.session import Cycles, Session
from wwtool.errors import BudgetError, DeviceError, ToolError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.export.tflite import to_tflite
from wwtool.firmware.image import build_image
from wwtool.firmware.project import compile_for, write_project
from wwtool.firmware.sizes import Sizes
from wwtool.firmware.toolchains import Toolchain, find_toolchain
from wwtool.models.architecture import Architecture
from wwtool.models.network import Network
from wwtool.models.zoo import ZOO
from wwtool.platforms import Platform
from wwtool.training.qat import QatNet

_FRAME_MS = 10.0


@dataclass(frozen=True)
class Line:
    """One limit: what is used of what is allowed, in ``unit``."""

    name: str
    used: float
    limit: float
    unit: str

    @property
    def fits(self) -> bool:
        return self.used <= self.limit


@dataclass(frozen=True)
class DryBuild:
    """What one model costs on one platform. ``cycles`` is None where there is no emulator to count them."""

    model: str
    macs: int
    stride: int
    sizes: Sizes
    cycles: Cycles | None
    lines: tuple[Line, ...]

    @property
    def fits(self) -> bool:
        return all(line.fits for line in self.lines)

    def as_dict(self) -> dict[str, object]:
        return {
            "model": self.model,
            "fits": self.fits,
            "macs": self.macs,
            "sizes": self.sizes.as_dict(),
            "cycles": asdict(self.cycles) if self.cycles else None,
            "limits": [{**asdict(line), "fits": line.fits} for line in self.lines],
        }


def random_model(platform: Platform, architecture: Architecture, name: str) -> CompiledModel:
    """A model of the right shape for a platform. Its weights mean nothing: sizes and cycles do not depend on them."""
    generator = torch.Generator().manual_seed(0)
    net = QatNet(Network(architecture).eval(), 0.0)
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)
    net.calibrate(torch.rand((16, architecture.receptive_frames + 30, 40), generator=generator) * 26.0)
    content, _ = to_tflite(net.quantized(), name)
    return compile_for(platform, parse_model(content), name)


def dry_build(platform: Platform, model: str, phrase: str, limits: BudgetConfig) -> DryBuild:
    """Builds and measures the firmware of zoo model ``model``.

    Raises:
        ToolError: the compiler is missing.
        BudgetError: it does not even fit the chip.
    """
    architecture = ZOO[model]
    toolchain = find_toolchain(platform)
    with tempfile.TemporaryDirectory(prefix="wwtool-dry-") as name:
        return measure_build(platform, toolchain, model, architecture, phrase, limits, Path(name))


def measure_build(
    platform: Platform, toolchain: Toolchain, model: str, architecture: Architecture, phrase: str,
    limits: BudgetConfig, folder: Path,
) -> DryBuild:  # fmt: skip
    compiled = random_model(platform, architecture, model)
    project = write_project(folder / "firmware", platform, toolchain, compiled, phrase, DetectorConfig())
    image = build_image(project, platform, toolchain, folder / "objects", folder / "image", "firmware")
    cycles = count_cycles(platform, image.files, compiled)
    lines = check(platform, limits, image.sizes, cycles, architecture.stride)
    return DryBuild(model, compiled.macs, architecture.stride, image.sizes, cycles, lines)


def count_cycles(platform: Platform, files: dict[str, Path], compiled: CompiledModel) -> Cycles | None:
    """Runs the image on the platform's emulator and reads its cycle counter; None without an emulator."""
    emulator = _start(platform, files)
    if emulator is None:
        return None
    with emulator, Session(emulator.url) as session:
        session.reset()
        noise = np.random.default_rng(0).integers(-8000, 8000, 16000 // 4).astype(np.int16)
        session.stream_pcm(noise)
        cycles = session.cycles()
    if cycles.invoke <= 0 or cycles.frontend <= 0:
        raise DeviceError("the emulated board counted no cycles; the firmware did not run the model")
    return cycles


def _start(platform: Platform, files: dict[str, Path]) -> Emulator | esp32s3.Emulator | None:
    """The board's emulator with the image, None if there is none or it is not installed."""
    try:
        if platform.emulator == "rp2040js":
            pico.find_node()
            pico.find_rp2040js()
            return pico.start(files["bin"])
        if platform.emulator == "unicorn":
            nano.find_unicorn()
            return nano.start(files["bin"])
        if platform.emulator == "qemu-xtensa":
            esp32s3.find_qemu()
            return esp32s3.start(files["bin"])
    except ToolError:
        pass
    return None


def cycles_note(platform: Platform) -> str:
    """Where the cycles come from, as a table's footnote."""
    factor = platform.chip.cycles_per_instruction
    counted = "cycles counted on the emulated board"
    if factor is not None:
        counted = (
            f"instructions counted on the emulated board, times {factor:g} cycles each, an estimate "
            f"(platforms/{platform.name}.yaml)"
        )
    waits = ", and the waits for the model's constants from flash" if platform.chip.flash_word_cycles else ""
    return f"latency: {counted}{waits}"


def check(
    platform: Platform, limits: BudgetConfig, sizes: Sizes, cycles: Cycles | None, stride: int
) -> tuple[Line, ...]:
    """The platform's budget, or the config's where it is stricter, against what was measured.

    Emulators do not model the waits of reading flash. The model's constants are read once an inference and, together
    larger than the cache, taken to miss it every time: an upper bound that is added to the cycles counted.
    """
    budget = platform.budget
    lines = [
        Line("flash", sizes.flash, min(budget.flash_bytes, limits.flash_bytes or budget.flash_bytes), "B"),
        Line("RAM", sizes.ram, min(budget.ram_bytes, limits.ram_bytes or budget.ram_bytes), "B"),
    ]
    if cycles is not None:
        per_ms = platform.chip.clock_hz / 1000.0
        invoke = cycles.invoke + flash_wait_cycles(platform, sizes)
        latency = invoke / per_ms
        allowed = min(budget.latency_ms, limits.latency_ms or budget.latency_ms)
        lines.append(Line("latency", round(latency, 3), allowed, "ms"))
        hop_ms = stride * _FRAME_MS
        busy = (invoke + stride * cycles.frontend) / per_ms
        lines.append(Line("duty cycle", round(100.0 * busy / hop_ms, 2), budget.duty_percent, "%"))
    return tuple(lines)


def flash_wait_cycles(platform: Platform, sizes: Sizes) -> int:
    """At most this many cycles of an inference are spent waiting for the model's constants from flash."""
    return -(-sizes.model_flash // 4) * platform.chip.flash_word_cycles


class OverBudgetError(BudgetError):
    """A model that does not fit, and what was measured of it."""

    def __init__(self, platform: Platform, result: DryBuild, fitting: list[str]) -> None:
        super().__init__(over_budget(platform, result, fitting))
        self.result = result


def require_fit(platform: Platform, model: str, phrase: str, limits: BudgetConfig) -> DryBuild:
    """The dry build of a model that fits.

    Raises:
        OverBudgetError: it does not; the smaller models of the zoo have been tried, too.
    """
    result = dry_build(platform, model, phrase, limits)
    if not result.fits:
        smaller = [n for n, a in sorted(ZOO.items(), key=lambda item: item[1].macs) if a.macs < ZOO[model].macs]
        raise OverBudgetError(platform, result, [n for n in smaller if dry_build(platform, n, phrase, limits).fits])
    return result


def over_budget(platform: Platform, result: DryBuild, fitting: list[str]) -> str:
    """Why a model is refused, and what would fit."""
    over = ", ".join(
        f"{line.name} {line.used:,} {line.unit} of {line.limit:,}" for line in result.lines if not line.fits
    )
    remedy = (
        f"{fitting[-1]} would fit: --model {fitting[-1]}"
        if fitting
        else "no smaller model fits; raise the budget or take a larger board"
    )
    return f"{result.model} does not fit {platform.title}: {over}; {remedy}"
