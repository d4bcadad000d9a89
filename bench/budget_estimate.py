"""How far the analytic model of budgets is from dry builds: error of flash, RAM and cycles, in percent.

    python bench/budget_estimate.py [PLATFORM...] [--random 0] [--seed 7]

It covers the whole zoo and ``--random`` networks of random sizes, to which the model was not fitted. Cycles are those
of an inference on the emulated board. Where the emulator counts instructions, the platform's factor makes cycles of
them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
import numpy as np
from budget_fit import PHRASE, random_architecture

from wwtool.budget.dry_build import measure_cost, random_model
from wwtool.budget.estimate import estimated_cycles, estimated_sizes
from wwtool.firmware.toolchains import find_toolchain
from wwtool.models.architecture import Architecture
from wwtool.models.zoo import ZOO
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform

GOALS = {"flash": 3.0, "RAM": 3.0, "cycles": 15.0}
ROW = "{:<12}{:<8}{:>9}{:>10}{:>8}{:>10}{:>8}{:>11}{:>8}"


@click.command()
@click.argument("names", nargs=-1)
@click.option("--random", "count", default=0, show_default=True, help="Random networks besides the zoo's.")
@click.option("--seed", default=7, show_default=True)
def main(names: tuple[str, ...], count: int, seed: int) -> None:
    print(ROW.format("platform", "model", "MACs", "flash B", "error", "RAM B", "error", "cycles", "error"))
    worst = dict.fromkeys(GOALS, 0.0)
    for name in names or ("pico", "nano33ble", "esp32s3"):
        generator = np.random.default_rng(seed)
        models = dict(ZOO) | {f"random{n}": random_architecture(generator) for n in range(count)}
        for model, architecture in models.items():
            for what, error in errors(load_platform(name), model, architecture).items():
                worst[what] = max(worst[what], abs(error))
    print("worst: " + ", ".join(f"{what} {error:.2f} % (goal {GOALS[what]:g} %)" for what, error in worst.items()))


def errors(platform: Platform, model: str, architecture: Architecture) -> dict[str, float]:
    """Prints a line; returns the errors in percent."""
    with tempfile.TemporaryDirectory(prefix="wwtool-bench-") as name:
        cost = measure_cost(platform, find_toolchain(platform), model, architecture, PHRASE, Path(name))
    compiled = random_model(platform, architecture, model)
    sizes, cycles = estimated_sizes(platform, compiled, PHRASE), estimated_cycles(platform, compiled)
    assert sizes is not None and cycles is not None and cost.cycles is not None and not cost.estimated
    figures = {
        "flash": (sizes.flash, cost.sizes.flash),
        "RAM": (sizes.ram, cost.sizes.ram),
        "cycles": (cycles.invoke, cost.cycles.invoke),
    }
    errors = {what: 100.0 * (told - measured) / measured for what, (told, measured) in figures.items()}
    cells = [cell for what, (_, measured) in figures.items() for cell in (f"{measured:,}", f"{errors[what]:+.2f}%")]
    print(ROW.format(platform.name, model, f"{cost.macs:,}", *cells), flush=True)
    return errors


if __name__ == "__main__":
    main()
