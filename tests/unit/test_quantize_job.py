"""``wwtool quantize``: from a float model and calibration data to firmware's plan, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli import Result, run_here
from float_models import as_float
from graphs import Model, Net
from output_schemas import check_output
from packaged import random_tflite
from test_data_files import babble

from wwtool import events
from wwtool.base.cancellation import Cancellation
from wwtool.data.audio import write_audio
from wwtool.engines.litert import LiteRtEngine
from wwtool.errors import CancelledError
from wwtool.export.builder import ModelBuilder
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END, FRONT_ENDS
from wwtool.jobs import quantize as quantize_job
from wwtool.jobs.build import BuildRequest, plan
from wwtool.jobs.quantize import QuantizeRequest
from wwtool.models.quantized import INPUT_SCALE, Scale
from wwtool.pipeline.imported import FromFile, require_streaming
from wwtool.tflite.front_end import FRONT_END
from wwtool.tflite.reader import parse_model

Run = Callable[..., Result]


@cache
def classifier() -> Model:
    """A float model of one picture and four classes."""
    generator = np.random.default_rng(0)
    net = Net((1, 6, 5, 1), Scale(0.05, 3))
    weights = generator.integers(-127, 128, (4, 30)).astype(np.int8)
    y = net.dense(net.reshape(net.input, (1, 30)), weights, np.zeros(4, np.int32), 0.003, Scale(0.3, 0))
    return as_float(net.pack(net.softmax(y)))


@cache
def wake_word() -> Model:
    """A float model of the zoo that keeps its state in variables."""
    return as_float(random_tflite())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "classes.tflite").write_bytes(classifier())
    (tmp_path / "word.tflite").write_bytes(wake_word())
    np.save(tmp_path / "rows.npy", np.random.default_rng(1).uniform(-5, 5, (120, 6, 5, 1)))
    for number in range(4):
        write_audio(tmp_path / f"audio/{number % 2}/{number}.wav", np.tile(babble(number), 2))
    return tmp_path


@pytest.fixture
def quantize(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``wwtool quantize`` in the folder with the rest of the words."""
    monkeypatch.chdir(folder)
    return lambda words, **_: run_here(capsys, "quantize", *words.split())


def test_a_classifier(quantize: Run, folder: Path) -> None:
    result = quantize("classes.tflite --data rows.npy -o int8.tflite --json")
    output = json.loads(result.out)
    check_output(output)
    assert (output["calibrated"], output["compared"], output["held_out"]) == (96, 24, True)
    assert output["outputs"][0]["agreement"] >= 0.9 and output["outputs"][0]["snr_db"] > 25
    assert [layer["operator"] for layer in output["layers"]] == ["0 RESHAPE", "1 FULLY_CONNECTED", "2 SOFTMAX"]
    graph = parse_model((folder / "int8.tflite").read_bytes())
    assert [graph.tensor(i).dtype for i in (*graph.inputs, *graph.outputs)] == ["int8", "int8"]
    assert result.err == ""


def test_the_table(quantize: Run, folder: Path) -> None:
    result = quantize("classes.tflite --data rows.npy -o int8.tflite --ranges mse")
    assert "same decision in" in result.out and "over 24 held-out rows" in result.out
    assert "120 rows of rows.npy, ranges mse" in result.out and "INT8 throughout" in result.out


def test_the_same_data_give_the_same_bytes(quantize: Run, folder: Path) -> None:
    for name in ("a", "b"):
        quantize(f"classes.tflite --data rows.npy -o {name}.tflite")
    assert (folder / "a.tflite").read_bytes() == (folder / "b.tflite").read_bytes()


def test_a_folder_of_arrays_is_a_stream_each(quantize: Run, folder: Path) -> None:
    rows = np.load(folder / "rows.npy").astype(np.float32)
    for name in ("x", "y"):
        (folder / "rows").mkdir(exist_ok=True)
        np.savez(folder / f"rows/{name}.npz", anything=rows[:10])
    output = json.loads(quantize("classes.tflite --data rows -o int8.tflite --json").out)
    assert (output["calibrated"], output["compared"]) == (16, 4)


def test_few_rows_are_told(quantize: Run, folder: Path) -> None:
    np.save(folder / "few.npy", np.load(folder / "rows.npy")[:3])
    result = quantize("classes.tflite --data few.npy -o int8.tflite")
    assert "3 rows are few" in result.out and "none of them held out" in result.out


def test_a_wake_word_without_quantization_aware_training(quantize: Run, folder: Path) -> None:
    """The input has the format in which firmware gives features, and a build takes the model."""
    result = quantize("word.tflite --data audio -o int8.tflite --output-type uint8 --json")
    output = json.loads(result.out)
    check_output(output)
    assert 0.15 < output["compared"] / (output["calibrated"] + output["compared"]) < 0.2  # the last fifth of each file
    assert all(layer["snr_db"] > 20 for layer in output["layers"] if layer["operator"].split()[1] == "CONV_2D")
    content = (folder / "int8.tflite").read_bytes()
    graph = parse_model(content)
    require_streaming(graph, "int8.tflite")
    assert graph.tensor(graph.inputs[0]).scale == pytest.approx(INPUT_SCALE.scale)
    assert graph.tensor(graph.outputs[0]).dtype == "uint8"
    (folder / "word.yaml").write_text("wake_word: hey computer\nprobability_cutoff: 0.9\n")
    request = BuildRequest(
        platform="pico", model_file=folder / "int8.tflite", manifest=folder / "word.yaml", out=folder / "build"
    )
    assert isinstance(plan(request).source, FromFile)
    assert np.abs(probabilities(content) - probabilities(random_tflite())).mean() < 0.02


def probabilities(content: bytes) -> np.ndarray:
    """What a streaming model says of a recording, 0 to 1."""
    graph = parse_model(content)
    shape = graph.tensor(graph.inputs[0]).shape
    frames = DEFAULT_FRONT_END.quantized([babble(9)])
    rows = frames[: len(frames) // shape[1] * shape[1]].reshape(-1, *shape)
    return LiteRtEngine(content).run(rows).ravel() / 256.0


def test_features_as_arrays(quantize: Run, folder: Path) -> None:
    frames = DEFAULT_FRONT_END.quantized([np.concatenate([babble(n) for n in range(4)])])
    stride = parse_model(wake_word()).tensor(0).shape[1]
    real = 0.5 * (frames + 128.0) * INPUT_SCALE.scale
    np.save(folder / "features.npy", real[: len(real) // stride * stride].reshape(-1, stride, real.shape[1]))
    without = quantize("word.tflite --data features.npy -o a.tflite")
    given = quantize("word.tflite --data features.npy -o b.tflite --front-end micro")
    assert (without.code, given.code) == (0, 0)
    assert "give --front-end micro" in without.out and "--front-end" not in given.out
    graphs = [parse_model((folder / name).read_bytes()) for name in ("a.tflite", "b.tflite")]
    scales = [graph.tensor(graph.inputs[0]).scale for graph in graphs]
    assert scales[0] < scales[1] == pytest.approx(INPUT_SCALE.scale)


def test_a_word_that_no_recording_has_is_told(quantize: Run, folder: Path) -> None:
    """Its logit still reaches both ends, so that the INT8 model can say yes."""
    result = quantize("word.tflite --data audio -o int8.tflite")
    told = "give calibration data that also hold what the model detects" in result.out
    graph = parse_model((folder / "int8.tflite").read_bytes())
    logit = next(graph.tensor(op.inputs[0]) for op in graph.operators if op.kind == "LOGISTIC")
    assert logit.scale * (127 - logit.zero_point) > 7.9
    assert told == (max(probabilities((folder / "int8.tflite").read_bytes())) < 0.5)


def test_a_cancelled_job_leaves_nothing(folder: Path) -> None:
    request = QuantizeRequest(model=folder / "classes.tflite", data=folder / "rows.npy", out=folder / "int8.tflite")
    before, cancel = set(folder.iterdir()), Cancellation()
    seen: list[str] = []

    def listener(event: events.Event) -> None:
        if isinstance(event, events.StageProgress):
            seen.append(event.what)
            if event.what == "comparison":
                cancel.cancel()

    with pytest.raises(CancelledError):
        quantize_job.run(quantize_job.plan(request), listener, cancel)
    assert set(folder.iterdir()) == before
    assert list(dict.fromkeys(seen)) == ["files", "calibration", "comparison"]


def unknown_operators() -> Model:
    net = Net((1, 4), Scale(1.0, 0), "float32")
    x = net.op("SIN", [net.input], (1, 4), Scale(1.0, 0), None, "float32")
    return net.pack(net.op("COS", [x], (1, 4), Scale(1.0, 0), None, "float32"))


def weights_computed() -> Model:
    net = Net((1, 4), Scale(1.0, 0), "float32")
    w = net.add_input((3, 4), Scale(1.0, 0), "float32")
    y = net.op("FULLY_CONNECTED", [net.input, w, -1], (1, 3), Scale(1.0, 0), "FullyConnectedOptions", "float32")
    return net.pack(y)


def in_parts() -> Model:
    net = Net((1, 4), Scale(0.5, 0))
    x = net.dequantize(net.input)
    return net.pack(net.op("EXP", [x], (1, 4), Scale(1.0, 0), "ExpOptions", "float32"))


def float_ends() -> Model:
    """Only its ends are floats, which the compiler takes."""
    net = Net((1, 4), Scale(0.5, 0), "float32")
    x = net.quantize(net.input, Scale(0.1, 0))
    return net.pack(net.dequantize(net.binary("ADD", x, x, Scale(0.2, 0))))


def without_end() -> Model:
    net = Net((1, 6, 5, 1), Scale(1.0, 0), "float32")
    return net.pack(net.op("LOG", [net.input], (1, 6, 5, 1), Scale(1.0, 0), None, "float32"))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (unknown_operators(), ("cannot be quantized: operator 0 (SIN), operator 1 (COS)",)),
        (random_tflite(), ("computes in integers already",)),
        (float_ends(), ("computes in integers already",)),
        (in_parts(), ("quantized in parts (operator 0 (DEQUANTIZE))",)),
        (without_end(), ("not finite in row 0",)),
        (b"\x1f\x8b" + bytes(100), ("bad.tflite",)),
    ],
)  # fmt: skip
def test_models_that_are_refused(model: bytes, words: tuple[str, ...], quantize: Run, folder: Path) -> None:
    (folder / "bad.tflite").write_bytes(model)
    quantize("bad.tflite --data rows.npy -o int8.tflite").refused(4, *words)
    assert not (folder / "int8.tflite").exists()


def test_computed_weights_are_refused(quantize: Run, folder: Path) -> None:
    (folder / "bad.tflite").write_bytes(weights_computed())
    np.savez(folder / "two.npz", input_0=np.ones((9, 1, 4), np.float32), input_1=np.ones((9, 3, 4), np.float32))
    result = quantize("bad.tflite --data two.npz -o int8.tflite")
    assert result.code == 4 and "weights that are not constant" in result.err


def damaged(folder: Path) -> dict[str, Any]:
    """Calibration data that cannot be used, by name."""
    rows = np.load(folder / "rows.npy")
    return {
        "shape.npy": rows[:, :5],
        "flat.npy": rows.reshape(-1),
        "infinite.npy": np.where(rows == rows.max(), np.inf, rows),
        "stored.npy": rows.astype(np.int8),
        "words.npy": np.asarray(["a", "b"]),
        "none.npy": rows[:0],
    }


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("shape.npy", "shape (120, 5, 5, 1)"), ("flat.npy", "shape (3600,)"), ("infinite.npy", "not finite"),
        ("stored.npy", "int8"), ("words.npy", "words.npy"), ("none.npy", "no row"), ("gone.npy", "gone.npy"),
        ("objects.npy", "objects.npy"), ("empty", "no calibration data"), ("mixed", "both arrays and recordings"),
        ("audio", "the micro front end gives float32 [1, frames, 40]"),
    ],
)  # fmt: skip
def test_data_that_are_refused(name: str, word: str, quantize: Run, folder: Path) -> None:
    for file, array in damaged(folder).items():
        np.save(folder / file, array)
    np.save(folder / "objects.npy", np.asarray([{}], object), allow_pickle=True)
    (folder / "empty").mkdir()
    (folder / "mixed").mkdir()
    np.save(folder / "mixed/rows.npy", np.load(folder / "rows.npy"))
    write_audio(folder / "mixed/a.wav", babble(0))
    result = quantize(f"classes.tflite --data {name} -o int8.tflite")
    result.refused(4, word)
    assert not (folder / "int8.tflite").exists()


def test_short_recordings_and_wrong_features(quantize: Run, folder: Path) -> None:
    write_audio(folder / "short/a.wav", babble(0)[:500])
    quantize("word.tflite --data short -o int8.tflite").refused(4, "longer recordings")
    shape = parse_model(wake_word()).tensor(0).shape
    np.save(folder / "large.npy", np.full((9, *shape), 30.0))
    result = quantize("word.tflite --data large.npy -o int8.tflite --front-end micro")
    result.refused(4, "features of the micro front end lie from 0 to 26")
    result = quantize("classes.tflite --data rows.npy -o int8.tflite --front-end micro")
    result.refused(4, "float32 [1, 6, 5, 1]", "leave out --front-end")


def test_one_recording(quantize: Run, folder: Path) -> None:
    output = json.loads(quantize("word.tflite --data audio/0/0.wav -o int8.tflite --json").out)
    assert output["calibrated"] > output["compared"] > 0


def test_a_front_end_that_the_model_names_stays(quantize: Run, folder: Path) -> None:
    """Recordings become its features, and the INT8 model names it as well."""
    front_end = FRONT_ENDS["mfcc"]
    assert quantize("word.tflite --data audio -o micro.tflite").code == 0
    assert parse_model((folder / "micro.tflite").read_bytes()).front_end == DEFAULT_FRONT_END
    assert quantize("word.tflite --data audio -o other.tflite --front-end mfcc").code == 4  # another number of channels
    (folder / "mfcc.tflite").write_bytes(features_of(front_end))
    for options in ("", " --front-end mfcc"):
        assert quantize(f"mfcc.tflite --data audio -o int8.tflite{options}").code == 0
        assert parse_model((folder / "int8.tflite").read_bytes()).front_end == front_end


def features_of(front_end: FrontEnd) -> bytes:
    """A float model of one frame that names its front end."""
    builder = ModelBuilder("test")
    main = builder.subgraph("main")
    shape = (1, 1, front_end.geometry.channels)
    x, y = main.activation("x", shape, None, "float32"), main.activation("y", shape, None, "float32")
    main.operator("RELU", [x], [y])
    main.interface([x], [y])
    builder.metadata(FRONT_END, json.dumps(front_end.as_dict()).encode())
    return builder.pack()


def test_targets_that_are_refused(quantize: Run, folder: Path) -> None:
    quantize("classes.tflite --data rows.npy -o classes.tflite").refused(2, "is the float model itself")
    quantize("classes.tflite --data rows.npy -o rows.npy").refused(4, "is no .tflite")
    quantize("classes.tflite --data rows.npy -o int8.tflite --ranges magic").refused(2, "magic")
    assert (folder / "classes.tflite").read_bytes() == classifier()


def test_a_float_model_is_told_of_the_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_here(capsys, "compile", folder / "classes.tflite", "-o", folder / "c").refused(4, "'wwtool quantize MODEL")
    (folder / "word.yaml").write_text("wake_word: hey computer\nprobability_cutoff: 0.9\n")
    words = ("build", "--platform", "pico", "--model-file", folder / "word.tflite", "--manifest", folder / "word.yaml")
    run_here(capsys, *words, "--out", folder / "b").refused(4, "'wwtool quantize MODEL")
