"""Makes the weights with which trainings begin: a network learns speech, and no phrase.

    python scripts/pretrain.py RUN OUT [--model NAME] [--share X] [--steps N]

The network's hidden layer learns to tell what speech_embedding (Lin et al. 2020, arXiv:2002.01322) makes of the last
0.8 s, and of the 0.8 s that ended 0.32 and 0.64 s before (Romero et al. 2015, arXiv:1412.6550). That network has heard
many people, so what it tells apart is how speech sounds, whoever speaks.

It hears the clips of natural voices in the cache of clips, the recordings of people that are installed, and the
sentences of computed voices in RUN, the folder `run` of a build without recordings, which also gives backgrounds and
rooms. --share makes a part of the 38 hours. OUT is the file for wwtool/models/pretrained; pools of features stay beside
it, and the same command uses them again.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from speech_corpus import natural, people, store_of, surroundings, tell, there
from torch import nn

from wwtool.base.cancellation import Cancellation
from wwtool.config import AugmentConfig
from wwtool.errors import InputError, WwtoolError
from wwtool.features.embeddings.speech_embedding import SpeechEmbedding
from wwtool.features.pools import Heard, Pool, PoolJob, load_pool
from wwtool.features.spectrogram import vary
from wwtool.models import pretrained
from wwtool.models.names import architecture_of
from wwtool.models.network import Network
from wwtool.pipeline.pools import make_pools
from wwtool.training.averaging.blend import blend
from wwtool.training.sampler import to_real

# What is heard: store, recipe, hours.
CORPUS = (
    ("natural", "negative", 15.0), ("natural", "clean", 6.0), ("people", "negative", 9.0), ("people", "clean", 6.0),
    ("sentences", "negative", 2.0),
)  # fmt: skip
_HOURS = 3.0  # of a pool, so that processes share the work
BEFORE = (0, 4, 8)  # vectors, 80 ms apart
_OUTPUTS, _BATCH = 64, 32  # of a window, windows of a step
_LEARNING_RATE, _WEIGHT_DECAY, _WARMUP, _LARGEST_NORM = 4e-3, 1e-2, 0.1, 1.0
_EMA = 0.998
_LEAST_DEVIATION = 1e-3
_REPORT_STEPS = 100


def main(run: Path, out: Path, model: str, share: float, steps: int) -> None:
    folder = out.parent / "pretraining"
    jobs = _jobs(run / "clips" / "train", folder, share)
    files = make_pools([(job, 1.0) for job in jobs], folder / "pools", tell, Cancellation())
    pools = [load_pool(path, job.name) for path, job in zip(files, jobs, strict=True)]
    network = Network(architecture_of(model))
    pretrained.save_body(learn(network, pools, steps), out)
    print(out)


def _jobs(stores: Path, folder: Path, share: float) -> list[PoolJob]:
    """The pools to make, and the stores of clips for them."""
    clips = {"sentences": stores / "sentences", "natural": folder / "natural", "people": folder / "people"}
    for name, found in (("natural", natural()), ("people", people())):
        store_of(folder, name, found)
    speech, around = there(stores, "sentences"), surroundings(stores)
    jobs: list[PoolJob] = []
    for name, kind, hours in CORPUS:
        for part in range(max(1, round(share * hours / _HOURS))):
            jobs.append(
                PoolJob(
                    f"{name}_{kind}_{chr(ord('a') + part)}", kind, str(clips[name]), min(_HOURS, share * hours),
                    len(jobs), AugmentConfig(), babble=speech, lead=speech, embedding=SpeechEmbedding(), **around,
                )
            )  # fmt: skip
    return jobs


def learn(network: Network, pools: Sequence[Pool], steps: int, batch: int = _BATCH) -> Network:
    """Teaches the hidden layer the vectors beside the pools' features; returns the mean of the weights of late steps.

    Raises:
        InputError: a pool has no vectors, or is shorter than a window.
    """
    torch.manual_seed(0)
    architecture, head = network.architecture, network.architecture.head
    frames = architecture.receptive_frames + architecture.stride * (_OUTPUTS - 1)
    stops = architecture.receptive_frames + architecture.stride * np.arange(_OUTPUTS)
    sizes = np.array([len(pool.features) - frames for pool in pools])
    if any(pool.heard is None for pool in pools) or (sizes <= 0).any():
        raise InputError("a pool has no vectors, or is shorter than a window")
    heard = [pool.heard for pool in pools if pool.heard is not None]
    sample = np.concatenate([one.vectors[::50] for one in heard]).astype(np.float32)
    mean = np.tile(sample.mean(axis=0), len(BEFORE))
    deviation = np.tile(sample.std(axis=0) + _LEAST_DEVIATION, len(BEFORE))
    projection = nn.Conv2d(head.inputs, len(mean), (head.kernel, 1))
    parameters = [*network.parameters(), *projection.parameters()]
    optimizer = torch.optim.AdamW(parameters, _LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _LEARNING_RATE, steps, pct_start=_WARMUP)
    average, losses, began = copy.deepcopy(network), [], time.monotonic()
    for step in range(steps):
        random = np.random.default_rng((step, 1))
        windows, wanted = [], []
        for number in random.choice(len(pools), batch, p=sizes / sizes.sum()):
            first = int(random.integers(sizes[number]))
            windows.append(pools[number].features[first : first + frames])
            wanted.append((vectors_at(heard[number], first + stops) - mean) / deviation)
        features = vary(torch.as_tensor(to_real(np.stack(windows))), random, AugmentConfig().spectrogram)
        told = projection(network.hidden(features))[:, :, :, 0].transpose(1, 2)
        loss = F.mse_loss(told, torch.from_numpy(np.stack(wanted)))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, _LARGEST_NORM)
        optimizer.step()
        schedule.step()
        blend(average, network, 1 - min(_EMA, step / (step + 10)))
        losses.append(loss.item())
        if (step + 1) % _REPORT_STEPS == 0 or step + 1 == steps:
            loss_now, seconds = np.mean(losses[-_REPORT_STEPS:]), time.monotonic() - began
            tell(step + 1, steps, f"steps, loss {loss_now:.4f}, {seconds:.0f} s")
    return average


def vectors_at(heard: Heard, stops: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """What the embedding makes of the audio before the ends of ``stops`` frames, and earlier: (stops, 3 * width).

    Between two vectors it is their weighted mean.
    """
    samples = heard.geometry.window_samples + (stops - 1) * heard.geometry.step_samples
    places = (samples[:, None] - heard.steps.window_samples) / heard.steps.step_samples - np.array(BEFORE)
    places = np.clip(places, 0, len(heard.vectors) - 1)
    low = np.minimum(places.astype(np.int64), len(heard.vectors) - 2)
    share = (places - low)[..., None].astype(np.float32)
    mixed = heard.vectors[low].astype(np.float32) * (1 - share) + heard.vectors[low + 1].astype(np.float32) * share
    return np.asarray(mixed.reshape(len(stops), -1), np.float32)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default="tcn64")
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--steps", type=int, default=6000)
    arguments = parser.parse_args()
    try:
        main(arguments.run, arguments.out, arguments.model, arguments.share, arguments.steps)
    except WwtoolError as error:
        raise SystemExit(str(error)) from error
