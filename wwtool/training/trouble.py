"""What goes wrong in a step: losses that are not numbers, and memory that is full."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from wwtool import events
from wwtool.errors import InputError
from wwtool.training.learner import Learner
from wwtool.training.lesson import Lesson

_MEMORY = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
)  # of CPUs, which have no exception of their own


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an error of PyTorch says that memory is full."""
    return isinstance(error, torch.OutOfMemoryError) or any(part in str(error).lower() for part in _MEMORY)


def is_lost_gpu(error: RuntimeError) -> bool:
    """Whether an error of PyTorch says that the GPU no longer answers, or computes nonsense."""
    return "CUDA error" in str(error) and not is_out_of_memory(error)


def lost_gpu(error: RuntimeError) -> InputError:
    reason = str(error).splitlines()[0].removeprefix("CUDA error: ")
    return InputError(
        f"the GPU failed ({reason}); the last checkpoint is kept; run the same command to go on from it, with "
        "train.device: cpu if the GPU does not come back"
    )


def learn(
    learner: Learner, step: int, lesson: Lesson, random: np.random.Generator, listener: events.Listener
) -> Tensor:  # fmt: skip
    """Takes one step; where memory is full, again in pieces half as large.

    Raises:
        InputError: not even a single window fits, or the GPU is lost.
    """
    while True:
        try:
            return learner.learn(step, lesson, random)
        except RuntimeError as error:
            if is_lost_gpu(error):
                raise lost_gpu(error) from error
            if not is_out_of_memory(error):
                raise
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        pieces = 2 * learner.parts * learner.config.optimization.accumulate
        if pieces > len(lesson.labels):
            raise InputError(
                "memory is full even with one window at a time; choose a smaller model, or train.device: cpu"
            )
        learner.parts *= 2
        size = len(lesson.labels) // pieces
        listener(events.Warning(f"memory is full; a step now takes its windows in {pieces} pieces of about {size}"))


def check_numbers(learner: Learner, loss: Tensor) -> None:
    """Does nothing, unless training has gone astray.

    Raises:
        InputError: the loss or the gradient is not a number; the message says what to change.
    """
    norms = learner.course.norms
    if torch.isfinite(loss) and (not len(norms) or torch.isfinite(norms[-1])):
        return
    stage, step = learner.stage, learner.course.step + 1
    key = "train.qat_learning_rate" if stage.network == "int8" else "train.learning_rate"
    raise InputError(
        f"the stage '{stage.name}' went astray at step {step}: its loss is not a number at a learning rate of "
        f"{learner.rate:.2g}; the last good state is kept; use a lower {key} (it is {stage.learning_rate:g}) or "
        f"train.clip_norm (it is {learner.config.clip_norm:g}), and train again"
    )
