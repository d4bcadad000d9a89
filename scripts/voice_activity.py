"""Trains the model that tells speech from the rest, which gates wake words: `vad`.

    python scripts/voice_activity.py RUN OUT [--model NAME] [--steps N] [--seed N]

Speech is the natural voices in the cache of clips, the recordings of people that are installed, and the sentences of
computed voices in RUN, the folder `run` of a build without recordings, which also gives sounds, backgrounds and rooms.
Of each clip, pieces of 0.2 to 2.5 s stand between pauses on new backgrounds, so where speech is, is known to the frame.
A window is speech if it ends in a piece or shortly after; a model of a few thousand weights learns that, in 8 bits.

One clip of ten is kept apart. On the pools of these, the script prints how much of speech and of the rest has a score
of at least each cutoff. OUT is a folder; it gets vad.tflite, and its pools of features stay there.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from speech_corpus import natural, people, store_of, surroundings, tell

from wwtool.base.cancellation import Cancellation
from wwtool.base.files import write_bytes
from wwtool.config import AugmentConfig, TrainConfig
from wwtool.config.teacher import TeacherConfig
from wwtool.data.audio import Audio
from wwtool.data.negatives import KINDS
from wwtool.data.negatives.kind import Order
from wwtool.data.store import ClipStore
from wwtool.data.utterance import excerpt, utterance_bounds
from wwtool.errors import WwtoolError
from wwtool.evaluation.streaming import StreamingModel
from wwtool.export.tflite import to_tflite
from wwtool.features.pools import Pool, PoolJob, WeightedPool, load_pool
from wwtool.frontend.geometry import SAMPLE_RATE_HZ
from wwtool.models.names import architecture_of
from wwtool.pipeline.pools import make_pools
from wwtool.training.loop import train
from wwtool.training.run import Run

PIECE_S = (0.2, 2.5)
SPEECH_FRAMES = (6, 5)  # after a piece begins, and after it ends: here a window is speech
SILENT_FRAMES = 40  # after a piece ends, what was said is over
WINDOW, CUTOFFS = 5, (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_APART = 10
_SPEECH = AugmentConfig(snr_db=(3.0, 25.0))
_SURE = 8.0  # a logit
_POSITIVES, _JUDGED = (("natural", 6000, 0.5), ("people", 6000, 1.0), ("sentences", 1500, 0.2)), 600
_MORE_KINDS, _KIND_HOURS = ("animals", "unseen_music"), 1.0  # sounds that builds keep for evaluation
_NOISE_HOURS, _SOUND_HOURS, _JUDGED_HOURS = 3.0, 1.0, 0.3
_NOISE_WEIGHT, _SOUND_WEIGHT = 1.0, 1.0
_NONE = np.zeros(0, np.int64)


def main(run: Path, out: Path, model: str, steps: int, seed: int) -> None:
    stores = run / "clips" / "train"
    learnt, judged = _jobs(stores, out)
    files = make_pools([(job, 1.0) for job in (*learnt, *judged)], out / "pools", tell, Cancellation())
    pools = [load_pool(path, job.name) for path, job in zip(files, (*learnt, *judged), strict=True)]
    weights = {f"{name}_speech": weight for name, _, weight in _POSITIVES} | {"noise": _NOISE_WEIGHT}
    weighted: list[WeightedPool] = []
    for pool in pools[: len(learnt)]:
        weighted.append(WeightedPool(pool, weights.get(pool.name, _SOUND_WEIGHT)))
        if pool.positive:
            told = replace(pool, name=f"{pool.name}_told", starts=_NONE, ends=_NONE, soft=told_of(pool), labelled=False)
            weighted.append(WeightedPool(told, 1.0))
    config = TrainConfig(
        objective="cross_entropy", pretrained=False, steps=steps, qat_steps=max(10, steps // 4), partial_words=0.0,
        window_end_frames=(-15, SPEECH_FRAMES[1]), seed=seed, trackers=(),
        unseen_margin=-32.0,  # outputs are finest near 0.5
        teacher=TeacherConfig(name="none", unlabelled=0.4),
    )  # fmt: skip
    net = train(
        Run(out / f"{model}-{seed}", architecture_of(model), weighted, config, f"{model} {steps} {seed}", model=model)
    )
    write_bytes(out / "vad.tflite", to_tflite(net.quantized(), "vad")[0])
    judge(out / "vad.tflite", pools[len(learnt) :])


def _jobs(stores: Path, out: Path) -> tuple[list[PoolJob], list[PoolJob]]:
    """The pools to learn from, and those to judge by."""
    clips = {
        "natural": store_of(out, "natural", natural()), "people": store_of(out, "people", people()),
        "sentences": ClipStore(stores / "sentences"),
    }  # fmt: skip
    around = surroundings(stores)
    learnt: list[PoolJob] = []
    judged: list[PoolJob] = []
    for name, count, _ in _POSITIVES:
        for jobs, part, amount in ((learnt, "train", count), (judged, "dev", _JUDGED)):
            pieces = f"{name}_pieces_{part}"
            store_of(out, pieces, pieces_of(clips[name], part == "dev"))
            seed = len(learnt) + 100 * len(judged)
            job = PoolJob(f"{name}_speech", "positive", str(out / pieces), amount, seed, _SPEECH, **around)
            jobs.append(job)
    for seed, (jobs, hours) in enumerate(((learnt, _NOISE_HOURS), (judged, _JUDGED_HOURS)), start=1000):
        jobs.append(PoolJob("noise", "noise", None, hours, seed, AugmentConfig(), **around))
    for kind in _MORE_KINDS:
        store_of(out, kind, KINDS.member(kind).clips(Order(_KIND_HOURS, 0, False, "")))
    for sounds in (*around["sounds"], *(str(out / kind) for kind in _MORE_KINDS)):
        name = f"{Path(sounds).name}_sounds"
        learnt.append(PoolJob(name, "sounds", sounds, _SOUND_HOURS, len(learnt), AugmentConfig(), **around))
    return learnt, judged


def pieces_of(clips: Sequence[Audio], apart: bool) -> Iterator[Audio]:
    """A piece of each utterance that is kept apart, or of each that is not."""
    random = np.random.default_rng(0)
    for number, clip in enumerate(clips):
        length = int(random.uniform(*PIECE_S) * SAMPLE_RATE_HZ)
        place = random.random()
        if (number % _APART == 0) != apart:
            continue
        start, end = utterance_bounds(clip)
        yield excerpt(clip[start:end], int(place * max(0, end - start - length)), length)


def told_of(pool: Pool) -> npt.NDArray[np.float32]:
    """For each frame after which a window may end, (frames,): a logit for speech or the rest; NaN: between the two."""
    logits = np.full(len(pool.features), -_SURE, np.float32)
    for start, end in zip(pool.starts, pool.ends, strict=True):
        logits[start : end + SILENT_FRAMES] = np.nan
    for start, end in zip(pool.starts, pool.ends, strict=True):
        logits[start + SPEECH_FRAMES[0] : end + SPEECH_FRAMES[1]] = _SURE
    return logits


def judge(model: Path, pools: Sequence[Pool]) -> None:
    """Prints which share of speech and of the rest of each pool has an average output of at least each cutoff."""
    heard = StreamingModel(model.read_bytes())
    print(f"{'pool':<20}{'frames of':<12}" + "".join(f"{cutoff:>8.1f}" for cutoff in CUTOFFS))
    for pool in pools:
        outputs = np.convolve(heard.probabilities(pool.features) / 255.0, np.ones(WINDOW) / WINDOW)[: 1 - WINDOW]
        told = told_of(pool)[heard.stride - 1 :: heard.stride][: len(outputs)]
        for what, chosen in (("speech", told > 0), ("the rest", told < 0)):
            if chosen.any():
                shares = "".join(f"{(outputs[: len(told)][chosen] >= cutoff).mean():>8.1%}" for cutoff in CUTOFFS)
                print(f"{pool.name:<20}{what:<12}{shares}")
    heard.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default="tcn24")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=2)
    arguments = parser.parse_args()
    try:
        main(arguments.run, arguments.out, arguments.model, arguments.steps, arguments.seed)
    except WwtoolError as error:
        raise SystemExit(str(error)) from error
