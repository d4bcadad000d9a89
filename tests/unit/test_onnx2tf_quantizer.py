"""``wwtool quantize --quantizer onnx2tf``: with files that onnx2tf has made in its place, and itself where it is."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli import Result, run_here
from output_schemas import check_output

from wwtool.engines.diff import compare, first_difference
from wwtool.engines.random_rows import random_rows
from wwtool.tflite.reader import parse_model

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

FILES = Path(__file__).parent / "onnx2tf_files"
Run = Callable[..., Result]
# Writes the float file, and the INT8 one if it is asked for, and leaves its words and its calibration data in a folder.
PROGRAM = """#!{python}
import os, shutil, sys
words = sys.argv[1:]
if "-h" in words:
    print({help!r})
    sys.exit()
integers = "-oiqt" in words
with open({folder!r} + ("/integer" if integers else "/float") + ".txt", "w") as file:
    file.write("\\n".join(words))
out = words[words.index("-o") + 1]
os.makedirs(out)
shutil.copy({files!r} + "/model_float32.tflite", out)
if integers:
    shutil.copy(words[words.index("-cind") + 2], {folder!r} + "/calibration.npy")
{then}
"""
WRITE = "    shutil.copy({files!r} + '/model_full_integer_quant.tflite', out)"


def rows() -> np.ndarray[Any, Any]:
    """100 pictures, some of them brighter."""
    generator = np.random.default_rng(0)
    pictures = generator.standard_normal((100, 1, 10, 8)) * np.exp(generator.standard_normal((100, 1, 1, 1)))
    return np.asarray(pictures, np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.save(tmp_path / "rows.npy", rows())
    shutil.copy(FILES / "model.onnx", tmp_path)
    return tmp_path


@pytest.fixture
def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts a program named onnx2tf on PATH. ``then``: what it does of integers; ``help``: what it prints for -h."""

    def install(then: str = WRITE.format(files=str(FILES)), help: str = "-oiqt") -> None:
        (folder / "bin").mkdir(exist_ok=True)
        program = folder / "bin/onnx2tf"
        program.write_text(
            PROGRAM.format(python=sys.executable, folder=str(folder), files=str(FILES), then=then, help=help)
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder / "bin"), prepend=os.pathsep)

    return install


@pytest.fixture
def quantize(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Quantizes the model into a file, with the rest of the words."""
    monkeypatch.chdir(folder)
    return lambda out, words="", model="model.onnx": run_here(
        capsys, "quantize", model, "--data", "rows.npy", "-o", out, *words.split()
    )


def test_the_model_of_onnx2tf_beside_that_of_wwtool(quantize: Run, folder: Path, stand_in: Callable[..., None]) -> None:
    stand_in()
    quantize("ours.tflite")
    result = quantize("theirs.tflite", "--quantizer onnx2tf --against ours.tflite --json")
    output = json.loads(result.out)
    check_output(output)
    assert (folder / "theirs.tflite").read_bytes() == (FILES / "model_full_integer_quant.tflite").read_bytes()
    assert output["quantizer"] == "onnx2tf" and output["outputs"][0]["agreement"] == 1.0
    layers = {layer["operator"]: layer for layer in output["against"]["layers"]}
    assert len(layers) == 12 and output["against"]["missing"] == []
    # TensorFlow gives a convolution in front of an addition a wider format; all else is the same.
    assert [key for key, layer in layers.items() if not layer["same_format"]] == ["5 CONV_2D"]
    assert layers["5 CONV_2D"]["scale"] > 1.5 * layers["5 CONV_2D"]["scale_there"]
    assert all(layers[key]["weights"]["same"] == layers[key]["weights"]["count"] for key in list(layers)[3:6])
    assert "11 of 12 tensors have the same scale and zero point (1 got others)" in output["against"]["verdict"]


def test_the_compiler_takes_it_bit_for_bit() -> None:
    content = (FILES / "model_full_integer_quant.tflite").read_bytes()
    assert first_difference(compare(content, random_rows(parse_model(content), 5))) is None


def test_what_onnx2tf_is_given(quantize: Run, folder: Path, stand_in: Callable[..., None]) -> None:
    """The rows that are not held out, a row for each, and no more of TensorFlow than it needs."""
    stand_in()
    assert (
        "by onnx2tf from 100 rows of rows.npy" in quantize("int8.tflite", "--quantizer onnx2tf --output-type uint8").out
    )
    words = (folder / "integer.txt").read_text().split()
    assert words[4:9] == ["-b", "1", "-oiqt", "-oqd", "uint8"] and words[9:12] == ["-kat", "x", "-cind"]
    assert words[12] == "x" and words[14:] == ["[0.0]", "[1.0]"]
    kept = np.arange(100) % 5 != 4
    assert np.array_equal(np.load(folder / "calibration.npy"), rows()[kept])


def test_a_version_with_backends_is_asked_for_tensorflow(
    quantize: Run, folder: Path, stand_in: Callable[..., None]
) -> None:
    stand_in(help="-tb {tf_converter,flatbuffer_direct}, --tflite_backend {tf_converter,flatbuffer_direct}")
    quantize("int8.tflite", "--quantizer onnx2tf")
    assert "--tflite_backend\ntf_converter" in (folder / "integer.txt").read_text()
    assert "--tflite_backend" not in (folder / "float.txt").read_text()


def test_a_quantization_that_fails_says_why(quantize: Run, folder: Path, stand_in: Callable[..., None]) -> None:
    for then in ("    sys.exit('RuntimeError: no module named tensorflow')", "    print('an Error: it broke')"):
        stand_in(then)
        quantize("int8.tflite", "--quantizer onnx2tf").refused(
            4, "onnx2tf cannot quantize model.onnx: ", "rror: ", "leave out --quantizer, or see that its TensorFlow is"
        )
        assert sorted(path.name for path in folder.glob("*.tflite")) == []


def test_a_model_that_the_compiler_refuses_is_not_written(
    quantize: Run, folder: Path, stand_in: Callable[..., None]
) -> None:
    stand_in("    shutil.copy({!r}, out + '/m_full_integer_quant.tflite')".format(str(FILES / "model_float32.tflite")))
    quantize("int8.tflite", "--quantizer onnx2tf").refused(4, "the INT8 model of onnx2tf", "would not compile")
    assert not (folder / "int8.tflite").exists()


def test_what_onnx2tf_cannot_do_is_wrong_usage(quantize: Run, folder: Path, stand_in: Callable[..., None]) -> None:
    stand_in()
    quantize("int8.tflite", "--quantizer onnx2tf --ranges mse").refused(2, "leave out --ranges mse, or --quantizer")
    shutil.copy(FILES / "model_float32.tflite", folder / "float.tflite")
    quantize("int8.tflite", "--quantizer onnx2tf", "float.tflite").refused(
        2, "onnx2tf quantizes ONNX models, and float.tflite is none"
    )
    assert not (folder / "integer.txt").exists()


def test_rows_of_another_shape(quantize: Run, folder: Path, stand_in: Callable[..., None]) -> None:
    stand_in()
    np.save(folder / "rows.npy", rows()[:, :, :9])
    quantize("int8.tflite", "--quantizer onnx2tf").refused(4, "rows.npy: the input ", "(100, 1, 9, 8)")
    assert not (folder / "int8.tflite").exists() and not (folder / "integer.txt").exists()


def test_without_onnx2tf(quantize: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    quantize("int8.tflite", "--quantizer onnx2tf").refused(5, "onnx2tf was not found; get it with: pipx install")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("onnx2tf") is None, reason="onnx2tf, which brings TensorFlow, is not installed")
@pytest.mark.timeout(1800)
def test_onnx2tf_itself(quantize: Run, folder: Path) -> None:
    """It still makes what lies in the folder of its files, as far as formats go."""
    shutil.copy(FILES / "model_full_integer_quant.tflite", folder / "before.tflite")
    output = json.loads(quantize("int8.tflite", "--quantizer onnx2tf --against before.tflite --json").out)
    assert output["against"]["same_formats"] == len(output["against"]["layers"]) == 12
