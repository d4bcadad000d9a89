"""Few recordings: a model that synthetic voices have trained is adapted to them.

The training before it does not depend on the recordings, so that one more recording costs a minute. Synthetic voices
and all negatives stay in every batch, so that the model forgets neither other people nor what is not the phrase.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from wwtool import __version__
from wwtool.base.files import hash_of
from wwtool.config import Config
from wwtool.data.audio import Audio, read_audio
from wwtool.data.dataset import Clip
from wwtool.data.speaker_embedding.counting import voices_of
from wwtool.data.speaker_embedding.registry import installed_encoder
from wwtool.data.store import ClipStore, write_store
from wwtool.data.utterance import utterance_bounds
from wwtool.features.pools import PoolJob, WeightedPool
from wwtool.pipeline.pools import load_pools, make_pools
from wwtool.pipeline.portions import Portion, portions
from wwtool.pipeline.preparation import CLIPS, Few, Prepared, training_of
from wwtool.pipeline.stages import Outcome, Stages
from wwtool.training.checkpoint import NAME as CHECKPOINT
from wwtool.training.loop import train
from wwtool.training.run import Run

FOLDER, POOLS = "adapted", "pools"
_STORES = "few"
_SECONDS = 60  # of a recording
_HALF = 10  # recordings that have half of `train.adapt.share`
_NATIVE = 1 / 3  # of a recording's copies keep its own background
_SEED = 900_000  # beside those of the other pools


@dataclass(frozen=True)
class Adaptation:
    """Few recordings, ready to adapt a model to.

    Attributes:
        parts: the portions, each with its pools and what they weigh among themselves.
        speakers: how many voices there are, as named or as they sound; None: nobody knows.
        folder: where their clips are, a store for each portion.
    """

    parts: dict[Portion, list[tuple[PoolJob, float]]]
    speakers: int | None
    folder: Path

    def clips(self, part: Portion) -> ClipStore:
        """The recordings of a portion."""
        return ClipStore(self.folder / part.name)

    @property
    def recordings(self) -> int:
        return sum(len(part.clips) for part in self.parts)


def prepare_adaptation(stages: Stages, prepared: Prepared, few: Few, config: Config) -> Adaptation:
    """Stores and pools of few recordings, in portions."""
    folder, clips = stages.folder / CLIPS / _STORES, few.clips
    adapt, augment = config.train.adapt, config.augment.model_dump(exclude={"spectrogram"})
    inputs = [__version__, [asdict(c) for c in clips], adapt.copies, adapt.folds, augment, installed_encoder() is None]
    base = [job.key for job, _ in prepared.pools]
    content = hash_of(inputs)

    def work() -> Outcome:
        sounds = [read_audio(few.folder / clip.path, _SECONDS) for clip in clips]
        speakers = _speakers(clips, sounds)
        parts = portions(speakers or [0] * len(clips), adapt.folds)
        for part in parts:
            chosen = [sounds[i] for i in part.clips]
            write_store(folder / part.name, chosen)
            write_store(folder / f"{part.name}_cut", [clip[slice(*utterance_bounds(clip))] for clip in chosen])
        jobs = [job for part in parts for job, _ in _jobs(prepared, part, folder, adapt.copies, content)]
        files = make_pools([(job, 1.0) for job in jobs], _pools(stages), stages.advance, stages.cancel)
        for old in set(_pools(stages).glob("*.npz")) - set(files):
            old.unlink()
        facts = {"parts": [asdict(part) for part in parts], "speakers": len(set(speakers)) if speakers else None}
        stores = [folder / f"{part.name}{end}" for part in parts for end in _ENDS]
        return Outcome(f"{len(clips)} recordings, {len(clips) * adapt.copies:,} copies", facts, (*stores, *files))

    facts = stages.run("few", "copies of the recordings", [inputs, base], work)
    parts = [Portion(p["bundle"], p["half"], tuple(p["clips"])) for p in facts["parts"]]
    pools = {part: _jobs(prepared, part, folder, adapt.copies, content) for part in parts}
    return Adaptation(pools, facts["speakers"], folder)


def adapting(
    stages: Stages, prepared: Prepared, config: Config, model: str, adaptation: Adaptation, folder: Path,
    left_out: Iterable[Portion] = (),
) -> Run:  # fmt: skip
    """The training that adapts the run's model to the portions that are not left out, in ``folder``.

    It learns from labels: a teacher has never heard these people.
    """
    run = training_of(stages, prepared, config, model, stages.folder)
    kept = [part for part in adaptation.parts if part not in set(left_out)]
    plan = [pool for part in kept for pool in adaptation.parts[part]]
    recordings = load_pools(plan, _pools(stages))
    adapt = config.train.adapt
    names = [(job.key, weight) for job, weight in plan]
    return replace(
        run, folder=folder, base=stages.folder, pools=mixed(run.pools, recordings, adapt.share),
        fingerprint=hash_of(run.fingerprint, names, adapt.model_dump()), listeners=(),
    )  # fmt: skip


def adapt(stages: Stages, prepared: Prepared, config: Config, model: str, adaptation: Adaptation) -> dict[str, Any]:
    """Adapts the run's model to all recordings; its checkpoint is in ``adapted``. Returns the stage's facts."""
    run = adapting(stages, prepared, config, model, adaptation, stages.folder / FOLDER)

    def work() -> Outcome:
        net = train(run)
        facts = {"model": model, "logit_shift": round(net.logit_shift, 4), "fingerprint": run.fingerprint}
        note = f"{adaptation.recordings} recordings, {config.train.adapt.steps} steps"
        return Outcome(note, facts, (run.folder / CHECKPOINT,))

    return stages.run("adapt", "adapting to the recordings", [run.fingerprint], work)


def mixed(pools: Sequence[WeightedPool], few: Sequence[WeightedPool], most: float) -> list[WeightedPool]:
    """Pools with those of few recordings, whose weights count recordings.

    n recordings have the share ``most`` n / (n + 10) of the positives: many can bear more than few.
    """
    count = sum(weighted.weight for weighted in few)
    share = most * count / (count + _HALF)
    others = sum(weighted.weight for weighted in pools if weighted.pool.positive)
    scale = others * share / (1.0 - share) / count
    return [*pools, *(replace(weighted, weight=weighted.weight * scale) for weighted in few)]


_ENDS = (".npy", ".bounds.npy", "_cut.npy", "_cut.bounds.npy")


def _pools(stages: Stages) -> Path:
    return stages.folder / FOLDER / POOLS


def _speakers(clips: Sequence[Clip], sounds: Sequence[Audio]) -> list[Hashable] | None:
    """Who speaks in each clip: as named, or else as a speaker encoder hears it; None: nobody knows."""
    unnamed = [i for i, clip in enumerate(clips) if clip.speaker is None]
    heard = voices_of([sounds[i] for i in unnamed]) if unnamed else []
    if heard is None:
        return None
    voices = dict(zip(unnamed, heard, strict=True))
    return [voices[i] if clip.speaker is None else clip.speaker for i, clip in enumerate(clips)]


def _jobs(prepared: Prepared, part: Portion, folder: Path, copies: int, content: str) -> list[tuple[PoolJob, float]]:
    """The pools of a portion: words cut out and laid on new backgrounds, and recordings with their own."""
    count, surroundings = len(part.clips), prepared.pools[0][0]
    native = max(1, round(copies * _NATIVE))
    table = [("positive", f"{part.name}_cut", copies - native), ("native", part.name, native)]
    return [
        (
            replace(
                surroundings, name=f"few_{kind}_{part.name}", kind=kind, clips=str(folder / store),
                amount=float(amount * count), seed=_SEED + number, content=content, embedding=None,
            ),
            count / len(table),
        )
        for number, (kind, store, amount) in enumerate(table)
    ]  # fmt: skip
