"""Whether a board's figures are possible. Times, cycles and stack marks may contradict its profile or each other.

Each function returns the fault in words; "" if there is none.
"""

from __future__ import annotations

from dataclasses import dataclass

from wwtool.device.session import InferTiming
from wwtool.firmware.cycles import Cycles
from wwtool.frontend.geometry import Geometry

# No core here multiplies more: 16 lanes of 8 bits (ESP32-S3 TRM, "Processor Instruction Extensions").
_MACS_A_CYCLE = 16
_CLOCK_FACTOR = 2.0  # between cycles of one inference and the time of many: interrupts, caches
_SLACK_CYCLES = 5000.0  # the other work of the command infer, for each inference
_STAMP_US = 2.0  # two stamps of 1 us


@dataclass(frozen=True)
class BoardFacts:
    """Facts of a board from its profile and build; None where they have none.

    Attributes:
        clock_hz: the core's clock, if the core counts cycles.
        ram_bytes: the chip's RAM.
        macs: multiplications of an inference.
        hop_frames: feature frames from one inference to the next, of ``frame_ms`` each.
        duty_percent: the most that front end and inference may take of one core.
        geometry: that of the front end.
    """

    clock_hz: int | None = None
    ram_bytes: int | None = None
    macs: int | None = None
    hop_frames: int | None = None
    duty_percent: float | None = None
    frame_ms: float = 10.0
    geometry: Geometry | None = None


def timing_fault(timing: InferTiming, cycles: Cycles, board: BoardFacts) -> str:
    """Whether the time of inferences is possible."""
    if timing.total_us <= 0:
        return f"the device says that {timing.iterations} inferences took no time"
    if board.clock_hz is None:
        return ""
    if not cycles.invoke or not cycles.frontend:
        what = "an inference" if not cycles.invoke else "a feature frame"
        return f"the device counts no cycles of {what}, though its core has a counter"
    per_us = board.clock_hz / 1e6
    measured = timing.latency_us * per_us
    slack = _SLACK_CYCLES + _STAMP_US / timing.iterations * per_us
    if measured > _CLOCK_FACTOR * cycles.invoke + slack or cycles.invoke > _CLOCK_FACTOR * measured + slack:
        return (
            f"the device says that an inference takes {timing.latency_us:.1f} us and {cycles.invoke} cycles, but its "
            f"clock has {per_us:g} MHz"
        )
    if board.macs is not None and max(measured, cycles.invoke) * _MACS_A_CYCLE + slack < board.macs:
        return (
            f"the device says that it makes {board.macs} multiplications in {timing.latency_us:.1f} us, but no core of "
            "its kind can"
        )
    return ""


def duty_fault(cycles: Cycles, board: BoardFacts) -> str | None:
    """Whether front end and inference keep the limit of the duty cycle; None if the facts do not tell."""
    if board.clock_hz is None or board.hop_frames is None or board.duty_percent is None:
        return None
    hop_cycles = board.clock_hz * board.hop_frames * board.frame_ms / 1000.0
    duty = 100.0 * (cycles.invoke + board.hop_frames * cycles.frontend) / hop_cycles
    if duty > board.duty_percent:
        return f"front end and inference take {duty:.1f} % of a core, the limit is {board.duty_percent:g} %"
    return ""


def stack_fault(stack_bytes: int, limit_bytes: int | None, board: BoardFacts) -> str:
    """Whether a mark of the stack is possible, and within its limit if there is one."""
    if stack_bytes <= 0:
        return (
            "the device does not tell how deep its stack was; its port has no stack_high_water, or that does not work"
        )
    if board.ram_bytes is not None and stack_bytes >= board.ram_bytes:
        return f"the device says that its stack took {stack_bytes} bytes, but its chip has {board.ram_bytes}"
    if limit_bytes is not None and stack_bytes > limit_bytes:
        return f"the stack grew to {stack_bytes} bytes of {limit_bytes}"
    return ""
