"""What an evaluation needs: a model with its detector, recordings of one split, sentences without the phrase."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wwtool.base.files import sha256_of
from wwtool.base.records import MANIFEST, as_record, read_manifest, read_record
from wwtool.base.text import printable
from wwtool.config import Config, SynthConfig
from wwtool.data.audio import Audio, AudioFile
from wwtool.data.beginnings import Beginnings
from wwtool.data.dataset import SPEECH_LABELS, Clip
from wwtool.data.split import split_folder
from wwtool.data.store import ClipStore
from wwtool.data.synth import SECONDS_PER_SENTENCE, plan_sentences, render
from wwtool.data.texts.word_list import read_words
from wwtool.data.voices import speakers_of
from wwtool.errors import InputError
from wwtool.evaluation.calibration import Calibration
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.kinds import KindFacts, Source
from wwtool.evaluation.material import Material
from wwtool.evaluation.record import EvaluationRecord
from wwtool.models.ready import ready_model
from wwtool.packages.esphome.foreign import read_settings
from wwtool.pipeline.calibration import read_calibration
from wwtool.pipeline.sources import MOST_SECONDS
from wwtool.pipeline.training_run import EVALUATION, MODEL
from wwtool.tflite.reader import read_model

_LABELS = {"negative": "speech", "hard_negative": "other_words", "noise": "noise"}


@dataclass(frozen=True)
class Subject:
    """The model to evaluate, and what its build's evaluation and calibration say; None where there is none.

    ``given``: the detector that came with an imported model.
    """

    model: Path
    record: EvaluationRecord | None
    calibration: Calibration | None = None
    given: DetectorConfig | None = None

    @property
    def detector(self) -> DetectorConfig | None:
        """The detector that the model has now; None if it is not known."""
        said = self.calibration or self.record
        return said.detector if said else self.given

    @property
    def trained_kinds(self) -> dict[str, bool | None]:
        """Whether training has heard each kind of negatives, as far as that is known."""
        expected = self.record.expected if self.record else None
        return {name: kind.trained for name, kind in expected.kinds.items()} if expected else {}


@dataclass(frozen=True)
class Recorded:
    """The clips to evaluate on, and notes on recordings that were left out or are doubtful."""

    material: Material
    notes: dict[str, list[dict[str, str]]]


def find_subject(path: Path) -> Subject:
    """The subject at a path: a .tflite, a run folder, a build folder, or the name of a ready model.

    Raises:
        InputError: the folder holds no model.
    """
    ready = ready_model(path)
    if ready is not None:
        return Subject(ready.model, None, given=read_settings(ready.settings).detector_of(read_model(ready.model)))
    if path.is_file():
        return Subject(path, None)
    for run in (path / "run", path):
        if (run / MODEL).is_file():
            known = (run / EVALUATION).is_file()
            record = read_record(run / EVALUATION, EvaluationRecord) if known else None
            calibration = read_calibration(run)
            fits = calibration is not None and calibration.model_sha256 == sha256_of(run / MODEL)
            given = None if known else _given_detector(path)
            return Subject(run / MODEL, record, calibration if fits else None, given)
    raise InputError(f"{path} holds no {MODEL}; give a .tflite, a finished run or a build folder")


def _given_detector(build: Path) -> DetectorConfig | None:
    """The detector of a build whose model was imported, from its manifest; None for any other folder."""
    if not (build / MANIFEST).is_file():
        return None
    manifest = read_manifest(build)
    inputs = manifest.get("inputs")
    if not isinstance(inputs, dict) or not inputs.get("imported"):  # its detector is in the evaluation
        return None
    return as_record(manifest.get("detector"), DetectorConfig, f"{build / MANIFEST}, detector")


def recorded_material(
    data: Path, split: str, config: Config, advance: Callable[[int, int], None],
    trained: Mapping[str, bool | None] | None = None,
) -> Recorded:  # fmt: skip
    """The recordings of one split (``all`` for every one); ``trained``: of which kinds training has heard some."""
    shares = config.split
    dataset = split_folder(data, shares.dev, shares.test, shares.speaker_pattern, progress=advance, few=shares.few)
    clips = [clip for clip in dataset.clips if split in ("all", clip.split)]
    files: dict[str, list[Path]] = {}
    for clip in clips:
        files.setdefault(clip.label, []).append(dataset.folder / clip.path)
    speakers = speakers_of([clip for clip in clips if clip.label == "positive"])
    uses = {label: use for label, use in _LABELS.items() if label in files}
    negatives = {use: [AudioFile(path) for path in files[label]] for label, use in uses.items()}
    kinds = {use: _facts(use, label, clips, config, trained or {}) for label, use in uses.items()}
    positives, noise = (Beginnings(files.get(label, []), MOST_SECONDS) for label in ("positive", "noise"))
    who = [clip.speaker and printable(clip.speaker, 60) for clip in clips if clip.label == "positive"]
    material = Material(positives, speakers, negatives, noise, kinds=kinds, who=who)
    return Recorded(material, dataset.notes)


def _facts(
    use: str, label: str, clips: Sequence[Clip], config: Config, trained: Mapping[str, bool | None]
) -> KindFacts:
    voices = speakers_of([clip for clip in clips if clip.label == label]).voices
    source: Source = voices if label in SPEECH_LABELS else "recorded"
    return KindFacts(config.evaluate.shares.get(use, 1.0), trained.get(use), source)


def synthetic_sentences(phrase: str, hours: float, config: SynthConfig) -> list[Audio]:
    """Sentences without the phrase, with texts and deliveries that no training run uses."""
    count = max(1, round(hours * 3600 / SECONDS_PER_SENTENCE))
    words = read_words(config.words) if config.words else None
    ways = config.pronunciations
    return list(render(plan_sentences(phrase, count, 90_001, config.language, words, pronunciations=ways)))


def run_sentences(run: Path) -> Sequence[Audio]:
    """The held-out sentences of a run; empty if it has none."""
    path = run / "clips" / "dev" / "sentences"
    return ClipStore(path) if path.with_name(path.name + ".bounds.npy").exists() else []
