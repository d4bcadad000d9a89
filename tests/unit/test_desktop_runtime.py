"""ESPHome's desktop runtime, pymicro-wakeword, runs our packages; where it differs from a device, the cause is held."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from frameworks import audio as bench_audio
from frameworks import optimized, rows_of
from packaged import content, random_tflite

from wwtool.evaluation.detector import detect
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.packages import FORMATS
from wwtool.pipeline.packaging import read_foreign

pymicro_wakeword = pytest.importorskip("pymicro_wakeword")
SPEC = importlib.util.find_spec("pymicro_wakeword")
assert SPEC is not None and SPEC.origin is not None
PUBLISHED = sorted((Path(SPEC.origin).parent / "models").glob("*.json"))

Bytes = npt.NDArray[Any]


@pytest.fixture(scope="module")
def audio() -> Bytes:
    return bench_audio()


def heard(manifest: Path, audio: Bytes) -> tuple[Bytes, Bytes]:
    """What the runtime gives its model, int8 [frames, 40], and the outputs of that, 0 to 255."""
    runtime = pymicro_wakeword.MicroWakeWord.from_config(manifest)
    slices, outputs = [], []
    for slice_ in pymicro_wakeword.MicroWakeWordFeatures().process_streaming(audio.tobytes()):
        slices.append(slice_.reshape(-1))
        runtime.process_streaming(slice_)
        if not runtime._features:  # an inference has just run
            outputs.append(runtime._probabilities[-1] / runtime.output_scale)
    rounded = np.round(np.array(slices) / runtime.input_scale + runtime.input_zero_point)
    return rounded.astype(np.int8), np.round(outputs).astype(int)


@pytest.fixture(scope="module", params=["ours", *[path.stem for path in PUBLISHED]])
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A manifest and its model."""
    if request.param != "ours":
        manifest = next(path for path in PUBLISHED if path.stem == request.param)
        return manifest, manifest.with_suffix(".tflite").read_bytes()
    folder = tmp_path_factory.mktemp("package")
    FORMATS["esphome"].render(folder, content("hey computer", on_threshold=200, off_threshold=1))
    return folder / "hey_computer.json", random_tflite()


def test_every_output_is_that_of_the_kernels_it_carries(package: tuple[Path, bytes], audio: Bytes) -> None:
    manifest, model = package
    frames, outputs = heard(manifest, audio)
    assert len(set(outputs)) > 1
    assert (outputs == optimized(model, rows_of(model, frames))).all()


def test_features_differ_in_rounding_alone(audio: Bytes) -> None:
    slices = [part.reshape(-1) for part in pymicro_wakeword.MicroWakeWordFeatures().process_streaming(audio.tobytes())]
    assert (np.array(slices) / 0.0390625 == DEFAULT_FRONT_END.features(audio)[: len(slices)]).all()


def test_it_detects_where_we_do(package: tuple[Path, bytes], audio: Bytes) -> None:
    """Where its mean is above the cutoff, the detector finds the mean at the threshold."""
    manifest, model = package
    word = read_foreign(manifest.with_suffix(".tflite"), manifest)
    runtime = pymicro_wakeword.MicroWakeWord.from_config(manifest)
    slices = list(pymicro_wakeword.MicroWakeWordFeatures().process_streaming(audio.tobytes()))
    detected = [runtime.process_streaming(slice_) for slice_ in slices]
    theirs = [i // runtime.stride for i, yes in enumerate(detected) if yes]
    outputs = optimized(model, rows_of(model, heard(manifest, audio)[0])).astype(np.uint8)
    ours = detect(outputs, word.detector.model_copy(update={"warmup": 0, "lockout": 0}))
    assert [ours[0]] == theirs[:1] if theirs else not ours
