"""``wwtool evaluate``: a model or a finished run on recordings, a run's own dev split, or one WAV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wwtool.config import Config, SynthConfig
from wwtool.data.audio import Audio, read_audio
from wwtool.data.dataset import Clip, Dataset
from wwtool.data.split import split_folder
from wwtool.data.store import ClipStore
from wwtool.data.synth import SECONDS_PER_SENTENCE, plan_sentences, render
from wwtool.data.words import read_words
from wwtool.errors import InputError
from wwtool.evaluation.assess import Material
from wwtool.evaluation.detector import DetectorConfig
from wwtool.files import read_json
from wwtool.pipeline.training_run import EVALUATION, MODEL

_LABELS = {"negative": "speech", "hard_negative": "other_words", "noise": "noise"}


@dataclass(frozen=True)
class Subject:
    """What is evaluated: the model, and the detector it was built with if that is known."""

    model: Path
    detector: DetectorConfig | None


def find_subject(path: Path) -> Subject:
    """A .tflite, a run folder or a build folder.

    Raises:
        InputError: there is no model in it.
    """
    if path.is_file():
        return Subject(path, None)
    for run in (path / "run", path):
        if (run / MODEL).is_file():
            detector = None
            if (run / EVALUATION).is_file():
                detector = DetectorConfig.model_validate(read_json(run / EVALUATION)["detector"])
            return Subject(run / MODEL, detector)
    raise InputError(f"{path} holds no {MODEL}; give a .tflite, a finished run or a build folder")


def recorded_material(data: Path, split: str, config: Config, advance: Callable[[int, int], None]) -> Material:
    """The recordings of one split (``all`` for every one)."""
    dataset = split_folder(data, config.split.dev, config.split.test, config.split.speaker_pattern, progress=advance)
    chosen = [clip for clip in dataset.clips if split in ("all", clip.split)]
    positives = _read(dataset, [c for c in chosen if c.label == "positive"])
    negatives = {use: _read(dataset, [c for c in chosen if c.label == label]) for label, use in _LABELS.items()}
    return Material(positives, {label: clips for label, clips in negatives.items() if clips}, negatives["noise"])


def _read(dataset: Dataset, clips: Sequence[Clip]) -> list[Audio]:
    return [read_audio(dataset.folder / clip.path) for clip in clips]


def synthetic_sentences(phrase: str, hours: float, config: SynthConfig) -> list[Audio]:
    """Sentences without the phrase, of texts and deliveries that no training run uses."""
    count = max(1, round(hours * 3600 / SECONDS_PER_SENTENCE))
    words = read_words(config.words) if config.words else None
    return list(render(plan_sentences(phrase, count, 90_001, config.language, words)))


def run_sentences(run: Path) -> Sequence[Audio]:
    """A run's own held-out sentences, none if it has none."""
    path = run / "clips" / "dev" / "sentences"
    return ClipStore(path) if path.with_name(path.name + ".bounds.npy").exists() else []
