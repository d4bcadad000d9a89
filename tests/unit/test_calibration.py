"""A household's audio sets the threshold: on simulated hours, and on a folder in which the phrase is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wwtool.base.cancellation import Cancellation
from wwtool.config import Config, EvaluateConfig
from wwtool.data.audio import write_audio
from wwtool.errors import InputError, UsageError
from wwtool.evaluation.calibration import Calibration, PhraseHeardError, calibrate, listen
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.kinds import KindFacts
from wwtool.evaluation.metrics import Track
from wwtool.evaluation.peaks import peaks_by_label
from wwtool.evaluation.promise import Promise
from wwtool.evaluation.record import EvaluationRecord, PointRecord
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.jobs.calibration import CalibrateRequest, plan_calibration
from wwtool.pipeline.calibration import NAME, read_calibration, write_calibration

DETECTOR = DetectorConfig(on_threshold=230, off_threshold=160, warmup=33)
HOUR = 120_000  # outputs


def household(hours: float, height: float = -2.0, seed: int = 1, phrases: int = 0) -> Track:
    """Two files: an event every 40 seconds, whose logits fall exponentially from ``height``; and the phrase."""
    generator = np.random.default_rng(seed)
    count = round(hours * HOUR)
    outputs = np.zeros(count, np.uint8)
    for start in range(200, count - 200, 1333):
        logit = height + generator.exponential(0.6)
        outputs[start : start + 8] = round(255 / (1 + np.exp(-logit)))
    for number in range(phrases):
        outputs[5000 + 700 * number : 5020 + 700 * number] = 255
    half = count // 2
    return Track(outputs, np.asarray([(0, half), (half, count)]), ("0", "1"), 3)


def record(loud: float = -0.5) -> EvaluationRecord:
    """An evaluation of a good model on two kinds, one of which comes near the threshold."""
    kinds = {"a": household(0.5, loud, 2), "b": household(0.5, -2.0, 3)}
    peaks = {name: peaks_by_label(track, DETECTOR)["0"] for name, track in kinds.items()}
    facts = {name: KindFacts(1.0, True, "synthetic") for name in kinds}
    expected = Promise.of_peaks(peaks, facts, DETECTOR, EvaluateConfig()).at(230, {}, False)
    recalls = np.linspace(1.0, 0.2, 255)
    points = [PointRecord(threshold=i + 1, recall={"clean": float(r)}, per_hour=0.0) for i, r in enumerate(recalls)]
    return EvaluationRecord(detector=DETECTOR, curve=points, expected=expected)


def result(track: Track, phrase_said: bool | None = None, loud: float = -0.5, **settings: float) -> Calibration:
    config = Config(evaluate=EvaluateConfig(**settings))
    return calibrate(track, ["evening.wav", "dinner.wav"], record(loud), "abc", config, phrase_said)


def test_a_quiet_household_gets_a_lower_threshold_the_more_it_has_been_heard() -> None:
    thresholds = [result(household(hours, -4.0)).detector.on_threshold for hours in (0.2, 2.0, 10.0)]
    assert thresholds[0] > thresholds[1] > thresholds[2]
    assert result(household(10.0, -4.0)).within_budget


def test_a_loud_household_gets_a_higher_threshold() -> None:
    quiet, loud = result(household(10.0, -4.0)), result(household(10.0, -1.0))
    assert loud.detector.on_threshold > quiet.detector.on_threshold
    assert loud.interval[0] <= loud.per_hour
    assert loud.recall["clean"] < quiet.recall["clean"]


def test_the_threshold_keeps_the_budget_in_hours_that_nobody_has_heard() -> None:
    rates = []
    for seed in range(4):
        chosen = result(household(4.0, -2.0, seed), False).detector
        future = household(20.0, -2.0, 100 + seed)
        levels = peaks_by_label(future, chosen)
        sums = np.log(chosen.on_threshold / (255 - chosen.on_threshold + 0.2))
        rates.append(sum(int((peaks.levels >= sums).sum()) for peaks in levels.values()) / 20.0)
    assert np.mean(rates) <= 0.5


def test_a_few_minutes_say_little() -> None:
    short, long = result(household(0.1, -3.0)), result(household(10.0, -3.0))
    assert short.hours_to_prove == pytest.approx(3.22)  # ln 5 / 0.5
    assert short.hours < short.hours_to_prove < long.hours
    assert short.counted_interval[1] > long.counted_interval[1]


def test_a_household_that_no_threshold_suits_is_told_so() -> None:
    assert not result(household(10.0, 5.0), phrase_said=False).within_budget


def test_the_phrase_in_the_audio_is_refused_by_file_and_time() -> None:
    with pytest.raises(PhraseHeardError, match=r"4 moments sound like the phrase \(evening.wav at 0:02:3") as caught:
        result(household(2.0, -3.0, phrases=4))
    assert "--phrase-said" in str(caught.value)
    assert caught.value.exit_code == 4
    assert [moment.path for moment in caught.value.moments] == ["evening.wav"] * 4
    assert result(household(2.0, -3.0, phrases=2)).moments  # two may be chance: they are counted


def test_the_phrase_is_left_out_or_counted_as_the_user_says() -> None:
    plain, left_out, counted = (
        result(household(2.0, -3.0)),
        result(household(2.0, -3.0, phrases=4), True),
        result(household(2.0, -3.0, phrases=4), False),
    )
    assert len(left_out.moments) == len(counted.moments) == 4
    assert abs(left_out.detector.on_threshold - plain.detector.on_threshold) <= 3
    assert counted.detector.on_threshold > left_out.detector.on_threshold


def test_no_audio_is_refused() -> None:
    with pytest.raises(InputError, match="no audio"):
        result(Track(np.zeros(0, np.uint8), np.zeros((0, 2), np.int64), (), 3))


def test_a_calibration_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = result(household(1.0, phrases=4), True)
    assert read_calibration(tmp_path) is None
    write_calibration(tmp_path, made)
    assert read_calibration(tmp_path) == made
    (tmp_path / NAME).write_text('{"detector": {"on_threshold": 999}}')
    with pytest.raises(InputError, match="is damaged; remove it"):
        read_calibration(tmp_path)


class Counter:
    """A model whose outputs depend on the last frame of each step."""

    front_end, stride = DEFAULT_FRONT_END, 3

    def probabilities(self, frames: np.ndarray) -> np.ndarray:
        return np.asarray(np.abs(frames[: len(frames) // 3 * 3].astype(int)).sum(1)[2::3] % 251, np.uint8)


def test_a_long_file_is_heard_in_pieces_like_in_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audio = np.random.default_rng(1).integers(-3000, 3000, 16_000 * 20).astype(np.int16)
    write_audio(tmp_path / "long.wav", audio)
    whole = listen(Counter(), [tmp_path / "long.wav"], 10, lambda *_: None, Cancellation())  # type: ignore[arg-type]
    monkeypatch.setattr("wwtool.evaluation.calibration._CHUNK_FRAMES", 300)
    monkeypatch.setattr("wwtool.evaluation.calibration._CONTEXT_FRAMES", 50)
    pieces = listen(Counter(), [tmp_path / "long.wav"] * 2, 10, lambda *_: None, Cancellation())  # type: ignore[arg-type]
    assert (whole.probabilities[:10] == 0).all() and whole.probabilities[10:].any()
    assert np.array_equal(np.tile(whole.probabilities, 2), pieces.probabilities)
    assert pieces.segments.tolist() == [
        [0, len(whole.probabilities)],
        [len(whole.probabilities), 2 * len(whole.probabilities)],
    ]


def test_a_model_alone_has_no_threshold_to_set(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(b"x")
    with pytest.raises(UsageError, match="run or build folder"):
        plan_calibration(CalibrateRequest(subject=tmp_path / "m.tflite", calibrate=tmp_path))
