"""What a step of the default training takes on a CPU, with windows drawn before it and while the one before is learnt.

    python bench/training_threads.py [--model tcn64] [--listeners 2] [--threads 1 --threads 2] [--steps 200]

"listeners" are networks of a teacher, which hear the windows of every step. The pools hold noise, as much as a default
build makes. CPU time is that of all threads.
"""

from __future__ import annotations

import os
import time

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the program sets it; waiting threads take no core

import click
import numpy as np
import torch
from cuda_training import network_of, pools

from wwtool.base.threads import pinned_threads
from wwtool.config import TrainConfig
from wwtool.config.augment import SpectrogramConfig
from wwtool.features.pools import WeightedPool
from wwtool.models.network import Network
from wwtool.models.zoo import ALL_MODELS
from wwtool.training.ahead import Ahead
from wwtool.training.learner import Learner
from wwtool.training.lesson import Lesson
from wwtool.training.lessons import Lessons
from wwtool.training.randomness import step_generator
from wwtool.training.stages import stages_of

_WARM = 20  # steps
_ROW = "{:<9}{:<9}{:>10}{:>12}{:>12}{:>12}"


@click.command()
@click.option("--model", default="tcn64", show_default=True)
@click.option("--listeners", default=2, show_default=True, help="Networks of the teacher.")
@click.option("--threads", "counts", multiple=True, type=int, default=(1, 2), show_default=True)
@click.option("--steps", default=200, show_default=True, help="Steps that are timed.")
def main(model: str, listeners: int, counts: tuple[int, ...], steps: int) -> None:
    made = pools()
    print(_ROW.format("threads", "drawn", "ms", "waited ms", "CPU ms", "loss"))
    for count in counts:
        for ahead in (False, True):
            with pinned_threads(count):
                *seconds, loss = measure(model, made, TrainConfig(threads=count), listeners, steps, ahead)
            figures = (f"{1000.0 * value / steps:.1f}" for value in seconds)
            print(_ROW.format(count, "ahead" if ahead else "before", *figures, f"{loss:.6f}"), flush=True)


def measure(
    model: str, made: list[WeightedPool], config: TrainConfig, listeners: int, steps: int, ahead: bool
) -> tuple[float, float, float, float]:  # fmt: skip
    """Seconds of all steps, those of them in which they waited for windows, CPU seconds, and the last loss."""
    architecture, stage, device = ALL_MODELS[model], stages_of(config)[0], torch.device("cpu")
    torch.manual_seed(0)
    teachers = [Network(architecture) for _ in range(listeners)]
    lessons = Lessons(made, architecture.receptive_frames, config, SpectrogramConfig(), device, teachers)
    learner = Learner(stage, network_of(model, stage, device), config, device)

    def draw(step: int) -> Lesson:
        return lessons.draw(stage, step, step_generator(0, stage.name, step), None)

    start = cpu = waited = loss = 0.0
    with Ahead(draw) as drawer:
        for step in range(_WARM + steps):
            if step == _WARM:
                start, cpu, waited = time.perf_counter(), time.process_time(), 0.0
            began = time.perf_counter()
            lesson = drawer.take(step, ahead)
            waited += time.perf_counter() - began
            loss = learner.learn(step, lesson, np.random.default_rng(step)).item()
        return time.perf_counter() - start, waited, time.process_time() - cpu, loss


if __name__ == "__main__":
    main()
