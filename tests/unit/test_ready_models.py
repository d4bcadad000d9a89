"""Models that come with wwtool: they are what firmware needs, and a name stands for each."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml
from test_export_job import PLATFORM, export, finished, tflite

from wwtool.data.synth import plan_sentences, render
from wwtool.errors import InputError, UsageError
from wwtool.evaluation.streaming import StreamingModel
from wwtool.evaluation.voice_gate import VoiceGate
from wwtool.jobs.evaluate import Detections, EvaluateRequest, plan, run
from wwtool.models.ready import names, ready_model
from wwtool.pipeline.packaging import read_word

__all__ = ["finished", "tflite"]  # fixtures


def test_every_ready_model_says_how_to_detect() -> None:
    assert names() == ("vad",)
    for name in names():
        assert read_word(Path(name)).phrase == name


def test_a_file_of_that_name_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert ready_model(Path("vad")) and not ready_model(Path("other")) and not ready_model(Path("models/vad"))
    (tmp_path / "vad").mkdir()
    assert ready_model(Path("vad")) is None
    with pytest.raises(InputError, match="vad holds no"):
        read_word(Path("vad"))


def test_it_lies_beside_a_wake_word_in_a_package(finished: Path, tmp_path: Path) -> None:
    export(finished, Path("vad"), format="esphome", platform=PLATFORM, phrase="hey computer", out=tmp_path / "esphome")
    manifest = json.loads((tmp_path / "esphome" / "vad.json").read_text())
    assert (manifest["wake_word"], manifest["model"]) == ("vad", "vad.tflite")
    device = yaml.load((tmp_path / "esphome" / "devkitc.yaml").read_text(), _WithSecrets)
    assert device["micro_wake_word"]["vad"] == {"model": "vad.json"}
    assert [model["model"] for model in device["micro_wake_word"]["models"]] == ["hey_computer.json"]
    export(finished, Path("vad"), format="cmake", platform="host", phrase="hey computer", out=tmp_path / "cmake")
    assert {path.name for path in (tmp_path / "cmake").rglob("word_*.c")} >= {"word_vad.c", "word_hey_computer.c"}
    with pytest.raises(InputError, match="name a wake word before it"):
        export(Path("vad"), finished, format="cmake", platform="host", phrase="hey computer", out=tmp_path / "other")


@pytest.mark.parametrize("framework", ["esphome", "esphome-component"])
def test_esphome_wants_a_word_beside_it(framework: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="wants a wake word beside it"):
        export(Path("vad"), format=framework, platform=PLATFORM, out=tmp_path / "out")


class _WithSecrets(yaml.SafeLoader):
    """Reads ESPHome's own tags as None."""


_WithSecrets.add_multi_constructor("!", lambda *_: None)


def test_it_tells_speech_from_noise(tmp_path: Path) -> None:
    word, random = read_word(Path("vad")), np.random.default_rng(0)
    speech = list(render(plan_sentences("computer", 12, 4), processes=1))
    noise = [(random.standard_normal(80000) * level).astype(np.int16) for level in (1, 30, 1000, 8000)]
    with closing(StreamingModel(word.tflite)) as model:
        gate = VoiceGate(model.probabilities, model.stride, word.detector)

        def opens(clip: np.ndarray) -> bool:
            """After two seconds: noise that begins at once may open it for one."""
            return bool(gate.open(model.front_end.quantized([clip]), 1)[200:].any())

        quiet = random.integers(-3, 4, 32000).astype(np.int16)
        assert all(opens(np.concatenate([quiet, clip])) for clip in speech) and not any(map(opens, noise))
    soundfile.write(tmp_path / "speech.wav", np.concatenate([np.zeros(20000, np.int16), speech[0]]), 16000)
    heard = run(plan(EvaluateRequest(subject=Path("vad"), wav=tmp_path / "speech.wav")))
    assert isinstance(heard, Detections) and heard.detections


def test_evaluate_gates_with_it(finished: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(-300, 300, 64000).astype(np.int16)
    soundfile.write(tmp_path / "noise.wav", noise, 16000)
    found = {}
    for gate in (None, Path("vad")):
        request = EvaluateRequest(subject=finished, wav=tmp_path / "noise.wav", threshold=1, voice_gate=gate)
        result = run(plan(request))
        assert isinstance(result, Detections)
        found[gate] = result.detections
    assert found[None] and not found[Path("vad")]
    with pytest.raises(UsageError, match="give --voice-gate vad, or a run or build"):
        plan(EvaluateRequest(subject=finished, data=tmp_path, voice_gate=finished / "model.tflite"))
    with pytest.raises(UsageError, match="--voice-gate needs a detector"):
        plan(EvaluateRequest(subject=finished / "model.tflite", data=tmp_path, voice_gate=Path("vad")))
