"""Whose voices an evaluation measured: told by its material, its result, its line in the terminal and the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wwtool.config import Config
from wwtool.data.dataset import Clip
from wwtool.data.store import write_store
from wwtool.data.synth import PlannedClip
from wwtool.data.synthesizers.interface import Utterance
from wwtool.data.voices import SYNTHETIC_WARNING, Speakers, describe_speakers, speakers_of, warning_for
from wwtool.evaluation.assess import Evaluation
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.metrics import Point
from wwtool.pipeline.preparation import material_of
from wwtool.pipeline.training_run import evaluation_note
from wwtool.reports.build_page import first_tile

MADE = PlannedClip("positive", Utterance("hey", "espeak", "en-us+f3")).path
POINT = Point(120, {"clean": 0.993, "noisy": 0.9}, 0, 0.0)


def clip(path: str, speaker: str | None) -> Clip:
    return Clip(path, "positive", speaker, "dev", 1.0, "")


def result(voices: Any, speakers: int | None, warning: str | None) -> Evaluation:
    return Evaluation(
        detector=DetectorConfig(), point=POINT, within_budget=True, positives=300, hours=1.0, intervals={},
        per_hour_interval=(0.0, 3.7), alarms_by_label={}, hours_by_label={}, near_misses=0, near_misses_taken=0,
        voices=voices, speakers=speakers, warning=warning, equal_error_rate=0.0, partial_auc=1.0, curve=[],
    )  # fmt: skip


def test_speakers_of_recordings() -> None:
    assert speakers_of([clip("a.wav", "anna"), clip("b.wav", "ben"), clip("c.wav", "anna")]) == Speakers("people", 2)
    assert speakers_of([clip("a.wav", "anna"), clip("b.wav", None)]) == Speakers("people", None)


def test_recordings_that_wwtool_has_synthesised_are_no_people() -> None:
    clips = [clip("positive/anna/1.flac", "anna"), clip(MADE, "espeak-en-us+f3")]
    assert speakers_of(clips) == Speakers("synthetic", 2)


@pytest.mark.parametrize(
    ("names", "facts", "expected"),
    [
        (["positive", "positive_synthetic"], {"voices": "people", "speakers": 3}, Speakers("people", 3)),
        (["positive"], {"voices": "synthetic", "speakers": 3}, Speakers("synthetic", 3)),
        (["positive"], {}, Speakers("people", None)),  # of a version that did not say
        (["positive_synthetic"], {}, Speakers("synthetic", None)),
    ],
)
def test_the_material_of_a_run_says_who_speaks(
    tmp_path: Path, names: list[str], facts: dict[str, Any], expected: Speakers
) -> None:
    stores = {f"dev/{name}": {"clips": 1, **facts} for name in [*names, "speech"]}
    for number, store in enumerate(stores):
        write_store(tmp_path / store, [np.full(100, number, np.int16)])
    material = material_of(tmp_path, stores, Config())
    assert material.speakers == expected
    assert material.positives[0][0] == 0  # the first of the names


def test_the_line_of_the_stage_begins_with_whose_voices_they_are() -> None:
    assert evaluation_note(result("synthetic", 41, "")).startswith(
        "300 utterances of 41 synthetic voices: recall 99.3%"
    )
    assert evaluation_note(result("people", None, None)).startswith("300 recordings of people: recall 99.3%")


def test_the_first_tile_says_whose_voices_they_are() -> None:
    synthetic = result("synthetic", 41, SYNTHETIC_WARNING).as_dict() | {"point": {"recall": {"clean": 0.993}}}
    assert first_tile(synthetic).value == "99.3%"
    assert first_tile(synthetic).badge == "synthetic voices"
    assert "300 utterances of 41 synthetic voices" in first_tile(synthetic).label
    people = {**synthetic, "voices": "people", "speakers": None}
    assert "300 recordings of people" in first_tile(people).label
    old = {key: value for key, value in synthetic.items() if key not in ("voices", "speakers", "warning")}
    assert "does not say" in first_tile(old).label


def test_numbers_of_one() -> None:
    assert describe_speakers("people", 1, 1) == "1 recording of one person"
    assert describe_speakers("synthetic", 1, 1) == "1 utterance of one synthetic voice"


def test_only_figures_of_people_come_without_a_warning() -> None:
    assert warning_for("people") is None
    assert "7 to 49 % of people's utterances" in (warning_for("synthetic") or "")
