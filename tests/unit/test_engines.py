"""Models of several inputs and outputs, in an order of their own, through every engine and through files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from graphs import Model, Net, assert_engines_agree

from wwtool.engines.diff import compare
from wwtool.engines.random_rows import random_rows
from wwtool.engines.registry import ENGINES
from wwtool.engines.rows import read_rows, write_rows
from wwtool.errors import InputError
from wwtool.models.quantized import Scale
from wwtool.tflite.graph import Graph
from wwtool.tflite.reader import parse_model

EXACT = ("c", "litert", "torch")  # of every model the same bytes


def several() -> Model:
    """Inputs float32, int8 and uint8 of other shapes, the second tensor last; outputs int8, float32 and uint8."""
    net = Net((1, 4), Scale(0.5, 3))
    batch = net.add_input((2, 4), Scale(0.25, 7), "uint8")
    real = net.add_input((1, 3, 4), Scale(0.5, 0), "float32")
    inner = net.quantize(batch, Scale(0.25, -100))
    total = net.binary("ADD", net.input, inner, Scale(0.5, 1))
    other = net.binary(
        "MUL",
        total,
        net.reshape(net.slice(net.quantize(real, Scale(0.1, 2)), [0, 0, 0], [1, 2, 4]), (2, 4)),
        Scale(1.5, 0),
    )
    net.inputs = [real, net.input, batch]
    return net.pack(other, net.dequantize(total), net.quantize(total, Scale(0.5, 129), "uint8"))


CONTENT = several()


def graph() -> Graph:
    return parse_model(CONTENT)


def rows(count: int = 5) -> list[np.ndarray]:
    return random_rows(graph(), count)


def test_engines_agree() -> None:
    assert_engines_agree(CONTENT, rows=5)


def test_rows_of_several_inputs_and_outputs() -> None:
    assert [r.shape for r in rows()] == [(5, 3, 4), (5, 4), (5, 2, 4)]
    assert [str(r.dtype) for r in rows()] == ["float32", "int8", "uint8"]
    assert list(ENGINES) == ["c", "litert", "torch", "tflm"]
    results = [ENGINES[name](CONTENT, rows()) for name in EXACT]
    assert [r.shape for r in results[0]] == [(5, 2, 4)] * 3
    assert [str(r.dtype) for r in results[0]] == ["int8", "float32", "uint8"]
    assert len(np.unique(results[0][0])) > 10
    for other in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_rows_in_files(tmp_path: Path) -> None:
    name = graph().tensor(graph().inputs[0]).name
    np.savez(
        tmp_path / "in.npz",
        allow_pickle=False,
        **{name: rows()[0], "input_1": rows()[1], "input_2": rows()[2][:, None][:, 0]},
    )
    read = read_rows(tmp_path / "in.npz", graph())
    assert all(np.array_equal(a, b) for a, b in zip(read, rows(), strict=True))
    write_rows(tmp_path / "out.npz", read)
    with np.load(tmp_path / "out.npz") as written:
        assert np.array_equal(written["output_2"], rows()[2])
    write_rows(tmp_path / "out.npy", read[:1])
    assert np.array_equal(np.load(tmp_path / "out.npy"), rows()[0])


def test_files_that_do_not_fit(tmp_path: Path) -> None:
    def said(**arrays: np.ndarray) -> str:
        np.savez(tmp_path / "in.npz", allow_pickle=False, **arrays)
        with pytest.raises(InputError) as caught:
            read_rows(tmp_path / "in.npz", graph())
        assert "in.npz" in str(caught.value)
        return str(caught.value)

    a, b, c = rows()
    assert "has no array 't2' or 'input_2'" in said(input_0=a, input_1=b)
    assert "different numbers of rows" in said(input_0=a[:3], input_1=b, input_2=c)
    assert "the model takes int8 of shape (N, 4)" in said(input_0=a, input_1=c, input_2=c)
    for content in (b"", b"PK\x03\x04 and so on", b"\x93NUMPY\x01\x00"):
        (tmp_path / "in.npz").write_bytes(content)
        with pytest.raises(InputError, match=r"in\.npz (is empty|as a)"):
            read_rows(tmp_path / "in.npz", graph())


def test_too_few_inputs_are_refused() -> None:
    with pytest.raises(InputError, match="has 3 inputs, not 1"):
        ENGINES["litert"](CONTENT, rows()[:1])


def test_a_difference_between_floats_is_counted_in_steps() -> None:
    layers = compare(CONTENT, rows())
    floats = next(layer for layer in layers if layer.tensor.dtype == "float32")
    assert floats.equal
    assert floats.compared == 5 * 8
