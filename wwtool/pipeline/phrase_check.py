"""Clips that do not say the phrase are left out, of recordings and of natural voices; and how many voices there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from wwtool.base.text import printable
from wwtool.data.beginnings import Beginnings
from wwtool.data.clip_check import ClipCheck, Opinion
from wwtool.data.dataset import Clip, Dataset
from wwtool.data.recognizers.registry import RECOGNIZERS
from wwtool.data.speaker_embedding.counting import count_voices
from wwtool.data.split import FEWEST_POSITIVES
from wwtool.data.store import ClipStore, write_store
from wwtool.errors import InputError

CHECKED_STORES = ("train/positive_natural", "dev/positive_natural")
KEEP = "--keep-doubtful"
_CHECK_SECONDS = 20  # of a recording
_MOST_CPU_SECONDS = 150  # for the clips of a store; of more, a sample is checked

Advance = Callable[[int, int, str], None]


def check_recordings(dataset: Dataset, check: ClipCheck, keep: bool, advance: Advance) -> Dataset:
    """The dataset without recordings that do not say the phrase, each noted; with ``keep``, nothing is left out.

    Raises:
        InputError: too few recordings are left.
    """
    clips = dataset.select("positive")
    sounds = Beginnings([dataset.folder / clip.path for clip in clips], _CHECK_SECONDS)
    opinions = check.opinions(sounds, lambda done, total: advance(done, total, "listening to recordings"))
    by_path = dict(zip((clip.path for clip in clips), opinions, strict=True))
    others = [clip for clip in clips if by_path[clip.path] is Opinion.SOMETHING_ELSE]
    doubtful = [_note(clip, check, "may not say", "; listen to it") for clip in clips
                if by_path[clip.path] is Opinion.DOUBTFUL or (keep and clip in others)]  # fmt: skip
    if keep or not others:
        return replace(dataset, doubtful=[*dataset.doubtful, *doubtful])
    remedy = f", so it is left out; if it does, keep it with {KEEP}"
    skipped = [_note(clip, check, "does not say", remedy) for clip in others]
    if len(clips) - len(others) < FEWEST_POSITIVES:
        raise InputError(
            f"to {check.titles}, only {len(clips) - len(others)} of {len(clips)} recordings of "
            f"{printable(str(dataset.folder))} say '{check.phrase.text}', and {FEWEST_POSITIVES} are needed "
            f"({_names(others)} do not); record it again, or keep them with {KEEP}"
        )
    left = [clip for clip in dataset.clips if clip not in others]
    return replace(dataset, clips=left, skipped=[*dataset.skipped, *skipped], doubtful=[*dataset.doubtful, *doubtful])


def check_store(path: Path, check: ClipCheck | None, advance: Advance) -> dict[str, Any]:
    """Leaves clips of a store out that do not say the phrase; returns what a summary says of the clips and voices."""
    facts: dict[str, Any] = {}
    store = ClipStore(path)
    if check is not None:
        seconds = RECOGNIZERS[check.recognizers[0]].clip_seconds
        step = max(1, round(len(store) * seconds / _MOST_CPU_SECONDS))
        opinions = check.opinions(store[::step], lambda done, total: advance(done, total, "listening to clips"))
        wrong = {i * step for i, opinion in enumerate(opinions) if opinion is Opinion.SOMETHING_ELSE}
        if wrong:
            clips = [store[i].copy() for i in range(len(store)) if i not in wrong]
            store = write_store(path, clips)
        facts = {"checked": len(opinions), "left_out": len(wrong), "checked_by": check.titles}
        facts |= {"clips": len(store), "hours": round(store.hours, 4)}
    voices = count_voices(store)
    return facts | ({} if voices is None else {"distinct_voices": voices})


def _note(clip: Clip, check: ClipCheck, says: str, remedy: str) -> dict[str, str]:
    name = printable(clip.path)
    reason = f"to {check.titles}, {name} {says} '{check.phrase.text}'{remedy}"
    return {"path": name, "reason": reason}


def _names(clips: list[Clip], most: int = 5) -> str:
    names = ", ".join(printable(clip.path) for clip in clips[:most])
    return names if len(clips) <= most else f"{names} and {len(clips) - most} more"
