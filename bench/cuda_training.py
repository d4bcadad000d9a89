"""How fast a GPU trains: samples a second, and how much of a step is not computation.

    python bench/cuda_training.py [--model tcn64 ...] [--batch 160 ...] [--device cuda] [--steps 300]

For each model, batch, way of execution and precision: the time of a whole step (windows drawn, read and varied, the
network, the optimizer, the average), that of the same step on random tensors which lie on the device already, and the
share of the whole step in which the GPU computes nothing, because the CPU has not yet told it what. The pools hold
noise, as much as a default build makes. It also runs on a CPU, where that share is not measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import click
import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile

from wwtool.config import TrainConfig
from wwtool.config.augment import SpectrogramConfig
from wwtool.features.pools import Pool, WeightedPool
from wwtool.models.network import Network
from wwtool.models.zoo import ALL_MODELS
from wwtool.training.execution import EXECUTION
from wwtool.training.learner import Learner
from wwtool.training.lesson import Lesson
from wwtool.training.lessons import Lessons
from wwtool.training.placement import placed
from wwtool.training.precision import NUMBERS
from wwtool.training.qat import QatNet
from wwtool.training.randomness import step_generator
from wwtool.training.stages import Stage, stages_of

_FRAMES, _WORD_FRAMES, _CHANNELS = 300_000, 240, 40  # of each pool
_POSITIVE, _NEGATIVE = 3, 22  # pools
_WARM, _PROFILED = 20, 20  # steps
_ROW = "{:<8}{:>6} {:<7}{:<10}{:<10}{:>12}{:>9}{:>9}{:>7}{:>7}"


def pools() -> list[WeightedPool]:
    random, none = np.random.default_rng(0), np.zeros(0, np.int64)
    ends = np.arange(_WORD_FRAMES, _FRAMES, _WORD_FRAMES)
    made = []
    for number in range(_POSITIVE + _NEGATIVE):
        features = random.integers(-128, 128, (_FRAMES, _CHANNELS)).astype(np.int8)
        words = (ends - 60, ends) if number < _POSITIVE else (none, none)
        made.append(WeightedPool(Pool(f"pool {number}", features, *words), 1.0))
    return made


def milliseconds(step: Callable[[int], object], steps: int, device: torch.device) -> float:
    """Of a step, after some that warm up."""
    for number in range(_WARM):
        step(number)
    wait(device)
    start = time.perf_counter()
    for number in range(_WARM, _WARM + steps):
        step(number)
    wait(device)
    return 1000.0 * (time.perf_counter() - start) / steps


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def busy_milliseconds(step: Callable[[int], object], device: torch.device) -> float:
    """In which the GPU computes, of a step."""
    with profile(activities=[ProfilerActivity.CUDA]) as profiled:
        for number in range(_WARM, _WARM + _PROFILED):
            step(number)
        wait(device)
    return float(sum(event.self_device_time_total for event in profiled.key_averages())) / 1000.0 / _PROFILED


def network_of(model: str, stage: Stage, device: torch.device) -> Network | QatNet:
    torch.manual_seed(0)
    network = Network(ALL_MODELS[model])
    return placed(network if stage.network == "float" else QatNet(network.eval(), 0.0), device)


@click.command()
@click.option("--model", "models", multiple=True, default=("tcn64", "res64"), show_default=True)
@click.option("--batch", "batches", multiple=True, type=int, default=(160, 1280), show_default=True)
@click.option("--execution", "ways", multiple=True, default=tuple(EXECUTION), show_default=True)
@click.option("--precision", "precisions", multiple=True, default=tuple(NUMBERS), show_default=True)
@click.option("--device", "name", default="cuda" if torch.cuda.is_available() else "cpu", show_default=True)
@click.option("--steps", default=300, show_default=True, help="Steps that are timed.")
def main(
    models: tuple[str, ...], batches: tuple[int, ...], ways: tuple[str, ...], precisions: tuple[str, ...],
    name: str, steps: int,
) -> None:  # fmt: skip
    device, made = torch.device(name), pools()
    card = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    print(f"{card}, PyTorch {torch.__version__}")
    print(
        _ROW.format("model", "batch", "stage", "execution", "precision", "samples/s", "ms", "random", "ratio", "idle")
    )
    for model in models:
        for batch in batches:
            config = TrainConfig(batch=batch)
            frames = ALL_MODELS[model].receptive_frames
            lessons = Lessons(made, frames, config, SpectrogramConfig(), device)
            for way in ways:
                for precision in precisions:
                    chosen = config.model_copy(update={"execution": way, "precision": precision})
                    for stage in stages_of(chosen)[: 2 if precision == "float32" else 1]:
                        measure(model, chosen, stage, lessons, device, steps)


def measure(
    model: str, config: TrainConfig, stage: Stage, lessons: Lessons, device: torch.device, steps: int
) -> None:  # fmt: skip
    learner = Learner(stage, network_of(model, stage, device), config, device)

    def draw(number: int) -> Lesson:
        return lessons.draw(stage, number, step_generator(0, stage.name, number), None)

    def learn(number: int) -> None:
        learner.learn(number, draw(number), step_generator(0, stage.name, number))

    first = draw(0)
    random = Lesson(torch.rand_like(first.features) * 26.0, first.labels)
    generator = np.random.default_rng(0)
    whole = milliseconds(learn, steps, device)
    alone = milliseconds(lambda number: learner.learn(number, random, generator), steps, device)
    idle = f"{1.0 - busy_milliseconds(learn, device) / whole:.0%}" if device.type == "cuda" else "-"
    print(_ROW.format(
        model, config.batch, stage.name, config.execution, config.precision, f"{1000.0 * config.batch / whole:,.0f}",
        f"{whole:.2f}", f"{alone:.2f}", f"{whole / alone:.2f}", idle,
    ), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
