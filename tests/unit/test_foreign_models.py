"""Models that others have trained: their manifests, what is refused, and ESPHome's desktop runtime on our package."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from packaged import content, random_tflite

from wwtool.errors import InputError, UsageError
from wwtool.jobs.export import ExportRequest, plan, run
from wwtool.packages.esphome.foreign import read_settings
from wwtool.packages.esphome.manifest import manifest_of
from wwtool.pipeline.packaging import read_foreign

SPEC = importlib.util.find_spec("pymicro_wakeword")
PUBLISHED = Path(SPEC.origin).parent / "models" if SPEC and SPEC.origin else None
needs_published = pytest.mark.skipif(PUBLISHED is None, reason="pymicro-wakeword is not installed")


def written(folder: Path, **changes: Any) -> Path:
    """A manifest beside its model; a key with a dot is of its section."""
    (folder / "m.tflite").write_bytes(random_tflite())
    values = manifest_of(content("hey computer"), 30_000) | {"model": "m.tflite"}
    for key, value in changes.items():
        section = values["micro"] if key in values["micro"] else values
        section[key] = value
    path = folder / "m.json"
    path.write_text(json.dumps(values))
    return path


def test_our_own_manifest_comes_back(tmp_path: Path) -> None:
    word = read_foreign(tmp_path / "m.tflite", written(tmp_path))
    assert (word.phrase, word.language) == ("hey computer", "de")
    assert (word.detector.on_threshold, word.detector.average_window, word.detector.warmup) == (240, 5, 34)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"probability_cutoff": 1.2}, "probability_cutoff"),
        ({"probability_cutoff": "high"}, "probability_cutoff"),
        ({"sliding_window_size": 0}, "sliding_window_size"),
        ({"feature_step_size": 20}, "a slice every 20 ms, and wwtool's front end makes one every 10 ms"),
        ({"version": 3}, "version"),
        ({"type": "macro"}, "type"),
        ({"colour": "red"}, "colour"),
        ({"model": "../m.tflite"}, "m.tflite"),
        ({"wake_word": ""}, "wake_word"),
    ],
)
def test_a_manifest_that_lies_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_settings(written(tmp_path, **changes))


def test_a_model_and_a_manifest_must_belong_together(tmp_path: Path) -> None:
    path = written(tmp_path)
    other = tmp_path / "other.tflite"
    other.write_bytes(random_tflite())
    with pytest.raises(InputError, match=r"is the manifest of m.tflite, not of other.tflite"):
        read_foreign(other, path)
    (tmp_path / "m.tflite").unlink()
    with pytest.raises(InputError, match="cannot read the model"):
        read_foreign(tmp_path / "m.tflite", path)


def test_a_small_yaml_will_do(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(random_tflite())
    card = tmp_path / "m.yaml"
    card.write_text("wake_word: hey computer\nprobability_cutoff: 0.9\nsliding_window_size: 8\n")
    word = read_foreign(tmp_path / "m.tflite", card)
    assert (word.detector.on_threshold, word.detector.average_window) == (229, 8)
    card.write_text("wake_word: hey computer\n")
    with pytest.raises(InputError, match="probability_cutoff"):
        read_foreign(tmp_path / "m.tflite", card)


def test_a_model_without_a_manifest_is_told_of_it(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(random_tflite())
    with pytest.raises(UsageError, match=r"says nothing of a detector; .* or say with --manifest how to detect"):
        run(plan(ExportRequest(sources=(tmp_path / "m.tflite",), format="esphome", platform="esp32s3")))


def test_one_manifest_is_for_one_model(tmp_path: Path) -> None:
    model, manifest = tmp_path / "m.tflite", written(tmp_path)
    with pytest.raises(UsageError, match="--manifest belongs to one model"):
        plan(ExportRequest(sources=(model, model), manifest=manifest, format="esphome", platform="esp32s3"))


@needs_published
@pytest.mark.parametrize("name", ["alexa", "hey_jarvis", "hey_mycroft", "okay_nabu"])
def test_published_models_become_firmware_for_a_pico(tmp_path: Path, name: str) -> None:
    assert PUBLISHED is not None
    request = ExportRequest(
        sources=(PUBLISHED / f"{name}.tflite",), manifest=PUBLISHED / f"{name}.json", format="bare-metal",
        platform="pico", out=tmp_path / "out",
    )  # fmt: skip
    assert "Makefile" in run(plan(request)).files
    assert f'"{name}"' in (tmp_path / "out" / "ww_config.c").read_text()
