"""ESPHome's desktop runtime, pymicro-wakeword, runs our packages; where it differs from a device, the cause is held."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from packaged import content, random_tflite
from sounds import speech_noise_and_silence

from wwtool.evaluation.detector import detect
from wwtool.evaluation.streaming import StreamingModel
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
    return speech_noise_and_silence()


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


def optimized(model: bytes, frames: Bytes) -> Bytes:
    """The outputs of LiteRT's optimized kernels, which the runtime carries too; a device has the reference kernels."""
    resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_content=model, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    source, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    outputs = []
    stride = source["shape"][1]
    for step in range(len(frames) // stride):
        interpreter.set_tensor(source["index"], frames[None, step * stride : (step + 1) * stride])
        interpreter.invoke()
        outputs.append(int(interpreter.get_tensor(result["index"]).item()))
    return np.array(outputs)


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
    assert (outputs == optimized(model, frames)).all()
    # A device differs by what rounding in other places makes of the same input, and seldom.
    of_device = StreamingModel(model).probabilities(frames)[: len(outputs)].astype(int)
    assert np.abs(of_device - outputs).mean() < 0.5


def test_features_differ_in_rounding_alone(package: tuple[Path, bytes], audio: Bytes) -> None:
    frames, _ = heard(package[0], audio)
    difference = DEFAULT_FRONT_END.quantized([audio])[: len(frames)].astype(int) - frames
    assert np.abs(difference).max() == 1
    assert (difference != 0).mean() < 0.1


def test_it_detects_where_we_do(package: tuple[Path, bytes], audio: Bytes) -> None:
    """Where its mean is above the cutoff, the detector finds the mean at the threshold."""
    manifest, model = package
    word = read_foreign(manifest.with_suffix(".tflite"), manifest)
    runtime = pymicro_wakeword.MicroWakeWord.from_config(manifest)
    slices = list(pymicro_wakeword.MicroWakeWordFeatures().process_streaming(audio.tobytes()))
    detected = [runtime.process_streaming(slice_) for slice_ in slices]
    theirs = [i // runtime.stride for i, yes in enumerate(detected) if yes]
    outputs = optimized(model, heard(manifest, audio)[0]).astype(np.uint8)
    ours = detect(outputs, word.detector.model_copy(update={"warmup": 0, "lockout": 0}))
    assert [ours[0]] == theirs[:1] if theirs else not ours
