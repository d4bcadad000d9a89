"""What a hop of 30 ms costs on three boards, and an inference of two models of others; with what it cost at first.

    python bench/hop.py [--models FOLDER]

A hop is three frames of features, one inference of `tcn64` and the detector. Cycles are those of `wwtool budget` at the
clocks of the first column: counted on the emulated Pico, instructions times the profile's factor on the others. FOLDER
may hold MLPerf Tiny's keyword spotter (mlperf_kws_ref_int8.tflite) and microWakeWord's alexa.tflite; their figures are
instructions, counted by QEMU. "at first" is before front end and kernels had fast versions.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from wwtool.budget.dry_build import dry_build
from wwtool.compiler.package import COMPILER_FLAG, compile_graph
from wwtool.compiler.targets import Target
from wwtool.config import BoardConfig, BudgetConfig
from wwtool.engines.machines import emulated
from wwtool.engines.native import count_instructions
from wwtool.engines.random_rows import random_rows
from wwtool.platforms.load import load_platform
from wwtool.tflite.reader import read_model

MODEL, PHRASE = "tcn64", "wake word"
ROWS = 4  # inferences that are averaged
ROW = "{:<30}{:>14}{:>14}{:>9}"


@dataclass(frozen=True)
class Board:
    """A row of the table: a board at a clock, and what it cost at first: cycles a frame, share of the time."""

    platform: str
    config: BoardConfig
    name: str
    frame_at_first: int
    duty_at_first: float


BOARDS = (
    Board("nano33ble", BoardConfig(), "nano33ble, 64 MHz", 127_000, 25.0),
    Board("pico", BoardConfig(), "pico, 125 MHz", 175_000, 44.0),
    Board("esp32s3", BoardConfig(clock_mhz=160), "esp32s3, 160 MHz", 142_000, 13.0),
    Board(
        "esp32s3", BoardConfig(clock_mhz=160, vector_unit=True), "esp32s3, 160 MHz, vector unit", 142_000, 13.0,
    ),
)  # fmt: skip
OTHERS: dict[str, dict[Target, int]] = {
    "alexa.tflite": {"cortex-m4": 50_300, "cortex-m0plus": 109_800},
    "mlperf_kws_ref_int8.tflite": {"cortex-m4": 4_160_000, "cortex-m0plus": 11_400_000},
}


@click.command()
@click.option("--models", type=click.Path(path_type=Path, exists=True, file_okay=False))
def main(models: Path | None) -> None:
    print(ROW.format("cycles of a frame", "at first", "now", "saved"))
    built = [
        (board, dry_build(load_platform(board.platform).with_board(board.config), MODEL, PHRASE, BudgetConfig()))
        for board in BOARDS
    ]
    for board, result in built:
        assert result.cycles is not None
        line(board.name, board.frame_at_first, result.cycles.frontend)
    print(ROW.format("busy, percent", "at first", "now", "saved"))
    for board, result in built:
        duty = result.line("duty cycle")
        assert duty is not None
        line(board.name, board.duty_at_first, duty.used)
    for name, at_first in OTHERS.items():
        if models is None or not (models / name).is_file():
            continue
        print(ROW.format(f"instructions, {Path(name).stem[:15]}", "at first", "now", "saved"))
        for core, count in at_first.items():
            line(core, count, instructions(models / name, core))


def line(name: str, first: float, now: float) -> None:
    print(ROW.format(name, f"{first:,}", f"{now:,}", f"{100 * (1 - now / first):.0f} %"))


def instructions(path: Path, core: Target) -> int:
    """Instructions of an inference on an emulated core, the mean of some rows of noise."""
    graph = read_model(path)
    model = compile_graph(graph, "model", core, "speed")
    return sum(count_instructions(model, emulated(core), random_rows(graph, ROWS), False, COMPILER_FLAG))


if __name__ == "__main__":
    main()
