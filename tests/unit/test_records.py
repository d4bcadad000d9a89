"""Files that somebody else wrote or damaged: read, or refused in a sentence."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from wwtool.base.records import as_record, parse_json, read_array, read_arrays, read_json, read_record
from wwtool.errors import InputError

DEEP = b"[" * 100_000


class Point(BaseModel):
    threshold: int = Field(ge=1, le=255)
    recall: dict[str, float]


def npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def header(text: str, content: bytes = b"") -> bytes:
    """A .npy file whose header says ``text``."""
    padded = text.encode() + b"\n"
    return b"\x93NUMPY\x02\x00" + len(padded).to_bytes(4, "little") + padded + content


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"\xff\xfe{", DEEP, b'{"a":' * 100_000, DEEP + b"]" * 100_000, b'{"a": NaN}', b'{"a": -Infinity}',
        b'{"a": 1e999}', b'{"a": ' + b"9" * 5000 + b"}", b'{"a": ' + b"9" * 40 + b"}", b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}', b"[1]", b"null", b'"text"',
    ],
)  # fmt: skip
def test_json_that_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.json.*; make it again$") as refusal:
        read_json(tmp_path / "a.json")
    assert len(str(refusal.value)) < 300 + len(str(tmp_path))


def test_json_that_is_read(tmp_path: Path) -> None:
    values = {"a": [1, -2.5, None, True], "größe": "\udcff", "nest": {"deep": [[[]]]}}
    for content in (json.dumps(values).encode(), b"\xef\xbb\xbf" + json.dumps(values).encode()):
        (tmp_path / "a.json").write_bytes(content)
        assert read_json(tmp_path / "a.json") == values


def test_no_file_and_what_is_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("none", ".", "pipe", "pipe/below", "a\0b"):
        with pytest.raises(InputError):
            read_json(tmp_path / name)
        with pytest.raises(InputError):
            read_arrays(tmp_path / name)


@settings(max_examples=200)
@given(st.binary(max_size=60) | st.text('[]{}",:0123456789.eE+-\\udcnaNtrue', max_size=60).map(str.encode))
def test_any_bytes_end_in_a_value_or_a_refusal(content: bytes) -> None:
    try:
        value = parse_json(content, "it")
    except InputError:
        return
    json.dumps(value, allow_nan=False).encode()


def test_records_have_a_shape(tmp_path: Path) -> None:
    good = {"threshold": 3, "recall": {"clean": 0.5}}
    (tmp_path / "a.json").write_text(json.dumps(good))
    assert read_record(tmp_path / "a.json", Point).threshold == 3
    values: list[Any] = [
        [],
        None,
        {},
        {**good, "threshold": 0},
        {**good, "recall": []},
        {**good, "recall": {"a": "x\n"}},
    ]
    for wrong in values:
        with pytest.raises(InputError, match=r"^a\.json is damaged \([^\n]*\); make it again$"):
            as_record(wrong, Point, "a.json")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\x93NUMPY", b"\x93NUMPY\x01\x00", b"\x93NUMPY\x09\x09" + b"x" * 90, npy(np.zeros(9))[:-1],
        b"PK\x03\x04 more",
        header("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", b"cos\nsystem\n(S'true'\ntR."),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (4000000000000,)}", b"x" * 64),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", b"x" * 64),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999999,)}", b"x" * 64),
        header("(" * 9000), header("-" * 9000 + "1"), header("[" * 200 + "]" * 200), header("{'descr': 7}"),
        header("{'descr': [('a'*9, '<f8')], 'fortran_order': 0, 'shape': (1,)}"), b"<!doctype html><html></html>",
    ],
)  # fmt: skip
def test_arrays_that_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    for read in (read_array, read_arrays):
        with pytest.raises(InputError, match=r"a\.npy") as refusal:
            read(tmp_path / "a.npy")
        assert "\n" not in str(refusal.value)
        assert len(str(refusal.value)) < 400 + len(str(tmp_path))


def test_arrays_that_are_read(tmp_path: Path) -> None:
    for array in (np.arange(6, dtype=np.int8).reshape(2, 3), np.zeros((0, 3)), np.float32(2.0).reshape(())):
        (tmp_path / "a.npy").write_bytes(npy(array))
        assert np.array_equal(read_array(tmp_path / "a.npy"), array)
        assert read_arrays(tmp_path / "a.npy")[""].dtype == array.dtype
        assert read_array(tmp_path / "a.npy", mapped=True).shape == array.shape
    for write in (np.savez, np.savez_compressed):
        write(tmp_path / "a.npz", x=np.arange(3), y=np.zeros(2))
        assert np.array_equal(read_arrays(tmp_path / "a.npz")["x"], [0, 1, 2])


def test_an_archive_that_would_take_more_memory_than_there_is(tmp_path: Path) -> None:
    head = header("{'descr': '|u1', 'fortran_order': False, 'shape': (5000000000,)}")
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", head)
    content = (tmp_path / "a.npz").read_bytes()
    size = zipfile.ZipFile(tmp_path / "a.npz").getinfo("x.npy").file_size
    (tmp_path / "a.npz").write_bytes(content.replace(size.to_bytes(4, "little"), (0xFFFFFFF0).to_bytes(4, "little")))
    with pytest.raises(InputError, match=r"a\.npz"):
        read_arrays(tmp_path / "a.npz")
