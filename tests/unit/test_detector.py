"""Three forms of one state machine: the C detector, the Python one, and the one for whole recordings."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from core_library import DETECTOR, load
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from wwtool.evaluation.detector import Detector, DetectorConfig, detect, highest_average


class CConfig(ctypes.Structure):
    _fields_ = (
        ("average_window", ctypes.c_uint8),
        ("votes_needed", ctypes.c_uint8),
        ("votes_window", ctypes.c_uint8),
        ("on_threshold", ctypes.c_uint16),
        ("off_threshold", ctypes.c_uint16),
        ("lockout", ctypes.c_uint16),
        ("warmup", ctypes.c_uint16),
    )


class CState(ctypes.Structure):
    _fields_ = (
        ("config", CConfig),
        ("history", ctypes.c_uint8 * 32),
        ("position", ctypes.c_uint8),
        ("sum", ctypes.c_uint16),
        ("votes", ctypes.c_uint32),
        ("warmup_left", ctypes.c_uint16),
        ("lockout_left", ctypes.c_uint16),
        ("armed", ctypes.c_bool),
    )


def c_init(state: CState, **settings_: int) -> bool:
    library = load(*DETECTOR)
    library.ww_detector_init.restype = ctypes.c_bool
    return bool(library.ww_detector_init(ctypes.byref(state), ctypes.byref(CConfig(**settings_))))


def c_detect(probabilities: np.ndarray, config: DetectorConfig) -> list[int]:
    state = CState()
    assert c_init(state, **config.model_dump())
    step = load(*DETECTOR).ww_detector_step
    step.restype = ctypes.c_bool
    return [i for i, p in enumerate(probabilities) if step(ctypes.byref(state), ctypes.c_uint8(int(p)))]


def c_detect_where(probabilities: np.ndarray, config: DetectorConfig, counts: np.ndarray) -> list[int]:
    """Detections, of which those that do not count are taken back."""
    state, library, detections = CState(), load(*DETECTOR), []
    assert c_init(state, **config.model_dump())
    library.ww_detector_step.restype = ctypes.c_bool
    for i, p in enumerate(probabilities):
        if library.ww_detector_step(ctypes.byref(state), ctypes.c_uint8(int(p))):
            if counts[i]:
                detections.append(i)
            else:
                library.ww_detector_take_back(ctypes.byref(state))
    return detections


def step_detect(probabilities: np.ndarray, config: DetectorConfig) -> list[int]:
    detector = Detector(config)
    return [i for i, p in enumerate(probabilities) if detector.step(int(p))]


@st.composite
def configs(draw: st.DrawFn) -> DetectorConfig:
    votes_window = draw(st.integers(1, 32))
    on_threshold = draw(st.integers(1, 256))
    return DetectorConfig(
        average_window=draw(st.integers(1, 32)),
        votes_needed=draw(st.integers(1, votes_window)),
        votes_window=votes_window,
        on_threshold=on_threshold,
        off_threshold=draw(st.integers(1, on_threshold)),
        lockout=draw(st.sampled_from([0, 1, 2, 7, 40, 65535])),
        warmup=draw(st.sampled_from([0, 1, 30, 500])),
    )


@st.composite
def streams(draw: st.DrawFn) -> np.ndarray:
    """Runs of steady levels, as a model's outputs come, and noise."""
    runs = draw(st.lists(st.tuples(st.integers(0, 255), st.integers(1, 40)), max_size=20))
    noise = draw(st.lists(st.integers(0, 255), max_size=60))
    return np.array([level for level, length in runs for _ in range(length)] + noise, np.uint8)


@settings(max_examples=400, deadline=None)
@given(streams(), configs())
def test_c_python_and_whole_recording_agree(probabilities: np.ndarray, config: DetectorConfig) -> None:
    expected = c_detect(probabilities, config)
    assert step_detect(probabilities, config) == expected
    assert detect(probabilities, config) == expected


@settings(max_examples=400, deadline=None)
@given(streams(), configs(), st.lists(st.integers(1, 60), max_size=30))
def test_what_does_not_count_is_taken_back(probabilities: np.ndarray, config: DetectorConfig, runs: list[int]) -> None:
    counts = np.resize(np.repeat(np.arange(len(runs)) % 2 == 0, runs), len(probabilities)).astype(bool)
    assert detect(probabilities, config, counts) == c_detect_where(probabilities, config, counts)


@settings(max_examples=200, deadline=None)
@given(streams(), configs())
def test_one_vote_detects_where_the_highest_average_reaches_the_threshold(
    probabilities: np.ndarray, config: DetectorConfig
) -> None:
    config = config.model_copy(update={"votes_needed": 1})
    highest = highest_average(probabilities, config)
    assert bool(detect(probabilities, config)) == (highest is not None and highest >= config.on_threshold)


@given(streams(), st.integers(1, 32), st.floats(0.01, 1))
def test_against_esphomes_rule(probabilities: np.ndarray, window: int, cutoff: float) -> None:
    """ESPHome asks ``sum > int(cutoff * 255) * window``: one part in ``window`` stricter than the threshold itself."""
    threshold = int(cutoff * 255)
    padded = np.concatenate([np.zeros(window, int), probabilities])
    sums = np.array([padded[i + 1 : i + 1 + window].sum() for i in range(probabilities.size)])
    esphome = np.flatnonzero(sums > threshold * window)[:1].tolist()

    def first(on_threshold: int) -> list[int]:
        config = DetectorConfig(
            average_window=window, on_threshold=on_threshold, off_threshold=on_threshold, lockout=0, warmup=0
        )
        return detect(probabilities, config)[:1]

    if window == 1:
        assert first(threshold + 1) == esphome
    assert first(threshold) <= esphome or not esphome
    assert esphome <= first(threshold + 1) or not first(threshold + 1)


def test_a_wake_word_is_one_detection() -> None:
    config = DetectorConfig(average_window=4, on_threshold=200, off_threshold=100, lockout=10, warmup=5)
    word = np.array([0] * 20 + [255] * 12 + [0] * 20, np.uint8)
    assert detect(np.tile(word, 3), config) == [23, 75, 127]


def test_hysteresis_holds_until_the_average_has_fallen() -> None:
    config = DetectorConfig(average_window=1, on_threshold=200, off_threshold=100, lockout=0, warmup=0)
    assert detect(np.array([255, 150, 255, 99, 255], np.uint8), config) == [0, 4]


def test_reset_starts_over() -> None:
    config = DetectorConfig(average_window=2, on_threshold=128, off_threshold=128, warmup=3)
    detector = Detector(config)
    first = [detector.step(255) for _ in range(6)]
    detector.reset()
    assert [detector.step(255) for _ in range(6)] == first == [False] * 4 + [True, False]


@pytest.mark.parametrize(
    "wrong",
    [
        {"average_window": 0},
        {"average_window": 33},
        {"votes_window": 0},
        {"votes_window": 33},
        {"votes_needed": 0},
        {"votes_needed": 3, "votes_window": 2},
        {"on_threshold": 257},
        {"on_threshold": 10, "off_threshold": 11},
        {"on_threshold": 0, "off_threshold": 0},
        {"off_threshold": 0},
    ],
)
def test_c_and_python_refuse_the_same(wrong: dict[str, int]) -> None:
    settings_ = DetectorConfig().model_dump() | wrong
    with pytest.raises(ValidationError):
        DetectorConfig(**settings_)
    assert not c_init(CState(), **settings_)


def test_millions_of_outputs() -> None:
    """17 hours at 30 ms a step."""
    probabilities = np.random.default_rng(0).integers(0, 256, 2_000_000).astype(np.uint8)
    config = DetectorConfig(average_window=3, on_threshold=230, off_threshold=128, votes_needed=2, votes_window=4)
    positions = detect(probabilities, config)
    assert positions[:50] == step_detect(probabilities[: positions[49] + 1], config)
