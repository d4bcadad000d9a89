"""A head on an embedding: a small network that learns the phrase from the vectors beside the pools' features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from wwtool.base.files import write_bytes
from wwtool.base.threads import pinned_threads
from wwtool.errors import InputError
from wwtool.events import Loss
from wwtool.features.pools import Heard, Pool
from wwtool.training.mining import MINING
from wwtool.training.randomness import step_generator
from wwtool.training.run import Run
from wwtool.training.sampler import Batch, Mined, Sampler
from wwtool.training.teachers.teacher import Soft, spread

STEPS = 16  # vectors that the head reads: 2 s with speech_embedding
_WIDTH, _DROPOUT = 64, 0.3
_BATCH, _LEARNING_RATE, _WEIGHT_DECAY, _WARMUP = 128, 2e-3, 1e-2, 0.07
_JITTER = 0.1  # deviation of noise on the vectors, which have deviation 1
_MOST_STEPS = 1500
_STAGE = "teacher"
_APART = 1000  # between the seeds of two heads
_LEAST_DEVIATION = 1e-3
_CHUNK = 4096  # windows at once
_REPORT_STEPS = 100


class Head(nn.Module):
    """Vectors (batch, steps, width) to logits (batch,). Mean and deviation of the vectors belong to it."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, vectors: npt.NDArray[np.float32]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(vectors.mean(axis=0)))
        self.register_buffer("deviation", torch.from_numpy(vectors.std(axis=0) + np.float32(_LEAST_DEVIATION)))
        self.layers = nn.Sequential(
            nn.Dropout(_DROPOUT), nn.Linear(STEPS * vectors.shape[1], _WIDTH), nn.LayerNorm(_WIDTH), nn.ReLU(),
            nn.Dropout(_DROPOUT), nn.Linear(_WIDTH, _WIDTH), nn.ReLU(), nn.Linear(_WIDTH, 1),
        )  # fmt: skip

    def forward(self, vectors: Tensor) -> Tensor:
        x = (vectors - self.mean) / self.deviation
        if self.training:
            x = x + torch.randn_like(x) * _JITTER
        return torch.as_tensor(self.layers(x.flatten(1)))[:, 0]


def train_head(run: Run, number: int) -> Head:
    """A head that knows the phrase from the run's pools, on windows drawn as for the model itself.

    Heads of other numbers begin with other weights and see other windows.

    Raises:
        InputError: nothing has heard the pools, or they are too short.
        CancelledError: the run was cancelled.
    """
    heard = [heard_by(weighted.pool) for weighted in run.pools]
    config, total = run.config, run.config.teacher.steps or min(run.config.steps, _MOST_STEPS)
    sampler = Sampler(run.pools, heard[0].until(STEPS - 1), config)
    mine_at = {round(part * total) for part in config.mine_at}
    with pinned_threads(config.threads), torch.random.fork_rng(devices=()):
        torch.manual_seed(config.seed + _APART * number)
        head = Head(np.concatenate([h.vectors for h in heard]).astype(np.float32))
        optimizer = torch.optim.AdamW(head.parameters(), _LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _LEARNING_RATE, total, pct_start=_WARMUP)
        mined: Mined | None = None
        for step in range(total):
            run.cancel.check()
            if step in mine_at:
                mined = _mine(head, sampler, run)
            batch = sampler.draw(step_generator(config.seed, f"{_STAGE} {number}", step), _BATCH, mined)
            loss = F.binary_cross_entropy_with_logits(head(_vectors(batch)), torch.from_numpy(batch.labels))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            if (step + 1) % _REPORT_STEPS == 0 or step + 1 == total:
                done, all_steps = number * total + step + 1, config.teacher.members * total
                run.listener(Loss(_STAGE, done, all_steps, loss.item(), run.model))
    return head.eval()


def save_head(path: Path, head: Head) -> None:
    write_bytes(path, save({name: tensor.contiguous() for name, tensor in head.state_dict().items()}))


def load_head(path: Path) -> Head:
    """The inverse of ``save_head``.

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        tensors = load(path.read_bytes())
        head = Head(np.zeros((1, len(tensors["mean"])), np.float32))
        head.load_state_dict(tensors)
    except (OSError, SafetensorError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(f"{path} is missing or damaged; delete it and run again") from error
    return head.eval()


def soft_of(head: Head, heard: Heard, frames: int) -> Soft:
    """What a head says of every frame of what was heard."""
    logits = _scores(head, heard)
    return spread(heard.until(np.arange(len(logits)) + STEPS - 1), logits, frames)


def heard_by(pool: Pool) -> Heard:
    """What an embedding makes of a pool; raises InputError if nothing has heard it."""
    if pool.heard is None:
        raise InputError(f"the pool '{pool.name}' was made without an embedding; delete it and run again")
    return pool.heard


def _vectors(batch: Batch) -> Tensor:
    """The last vectors of every window, (size, steps, width)."""
    heard = [heard_by(pool) for pool in batch.pools]
    vectors = np.zeros((len(batch.labels), STEPS, heard[0].vectors.shape[1]), np.float32)
    for number in np.unique(batch.places.pool):
        here = batch.places.pool == number
        last = heard[number].before(batch.places.end[here])
        vectors[here] = heard[number].vectors[last[:, None] + np.arange(1 - STEPS, 1)]
    return torch.from_numpy(vectors)


def _mine(head: Head, sampler: Sampler, run: Run) -> Mined:
    """The hard windows of every pool of negatives."""
    chosen, pools, ends = MINING.member(run.config.mining), [], []
    for number, weighted in enumerate(sampler.negatives):
        heard = heard_by(weighted.pool)
        positions = chosen(_scores(head, heard), run.config)
        ends.append(heard.until(positions + STEPS - 1))
        pools.append(np.full(len(positions), number))
    return Mined(np.concatenate(pools).astype(np.int64), np.concatenate(ends).astype(np.int64))


def _scores(head: Head, heard: Heard) -> npt.NDArray[np.float32]:
    """The logit of every window of vectors, (steps - STEPS + 1,)."""
    if len(heard.vectors) < STEPS:
        return np.zeros(0, np.float32)
    training = head.training
    head.eval()
    windows = torch.from_numpy(heard.vectors.astype(np.float32)).unfold(0, STEPS, 1).transpose(1, 2)
    with torch.no_grad():
        scores = torch.cat([head(windows[i : i + _CHUNK]) for i in range(0, len(windows), _CHUNK)])
    head.train(training)
    return np.asarray(scores.numpy(), np.float32)
