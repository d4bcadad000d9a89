"""What a file really is, whatever its name says; and that whoever expected something else says so."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from graphs import Net
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.base.file_kinds import describe_mismatch, kind_of, kind_of_file
from wwtool.base.records import read_json
from wwtool.base.yaml_files import read_yaml
from wwtool.data.audio import read_audio
from wwtool.data.dataset import index_folder
from wwtool.engines.rows import read_rows
from wwtool.errors import InputError
from wwtool.tflite.reader import parse_model, read_model
from wwtool.training.checkpoint import load_checkpoint

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 123\n" % (b"4d" * 32)
PAGE = b"\n<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>"


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.wav", "x")
    return buffer.getvalue()


def recording(container: str, subtype: str) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.3 * np.sin(np.arange(16000) / 10), 16000, format=container, subtype=subtype)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "empty"),
        (LFS, "a Git LFS pointer"),
        (b"/annex/objects/SHA256E-s1--ab.wav\n", "a git-annex pointer"),
        (PAGE, "an HTML page"),
        (b'<?xml version="1.0"?><!DOCTYPE html PUBLIC><html>', "an HTML page"),
        (b"<Error><Code>AccessDenied</Code></Error>", "an XML or HTML document"),
        (json.dumps({"error": "not found"}).encode(), "JSON text"),
        ("# Grüße\n".encode(), "text"),
        ("päth".encode("utf-16"), "text in UTF-16"),
        (zipped(), "a zip archive"),
        (b"\x1f\x8b\x08" + bytes(20), "a gzip archive"),
        (bytes(257) + b"ustar", "a tar archive"),
        (b"\x89HDF\r\n\x1a\n" + bytes(8), "an HDF5 file, as Keras writes it"),
        (b"\x1c\0\0\0TFL3" + bytes(20), "a .tflite model"),
        (pickle.dumps({"a": 1}), "a Python pickle"),
        (b"\x93NUMPY\x01\0", "a NumPy array"),
        ((60).to_bytes(8, "little") + b'{"__metadata__":{}}', "a safetensors file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "a picture"),
        (b"\0\0\0\x18ftypheic" + bytes(50), "a picture"),
        (b"\0\0\0\x20ftypM4A " + bytes(50), "an M4A recording"),
        (b"\0\0\0\x1cftyp3gp4" + bytes(50), "a 3GP recording"),
        (b"\0\0\0\x14ftypqt  " + bytes(50), "an MP4 or QuickTime recording"),
        (b"#!AMR\n" + bytes(50), "an AMR recording"),
        (b"#!AMR-WB\n" + bytes(50), "an AMR recording"),
        (b"\x1a\x45\xdf\xa3" + bytes(50), "a WebM or Matroska recording"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + bytes(50), "a Windows Media recording"),
        (b"RIFF\x10\0\0\0AVI LIST", "an AVI video"),
        (b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9) + b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9), "an AAC recording"),
    ],
)
def test_kinds(content: bytes, name: str) -> None:
    kind = kind_of(content)
    assert kind is not None and kind.name == name


@pytest.mark.parametrize(
    ("container", "subtype"),
    [
        ("WAV", "PCM_16"), ("WAV", "GSM610"), ("WAVEX", "FLOAT"), ("RF64", "PCM_16"), ("W64", "PCM_16"),
        ("AIFF", "PCM_16"), ("AU", "PCM_16"), ("CAF", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"),
        ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"), ("VOC", "PCM_16"), ("NIST", "PCM_16"), ("IRCAM", "PCM_16"),
        ("PAF", "PCM_16"), ("PVF", "PCM_16"), ("SVX", "PCM_16"), ("AVR", "PCM_16"), ("XI", "DPCM_16"),
    ],
)  # fmt: skip
def test_what_libsndfile_writes_is_a_recording(container: str, subtype: str) -> None:
    kind = kind_of(recording(container, subtype)[:4096])
    assert kind is not None and kind.sound == "read"


def test_set_bits_alone_are_no_mpeg_frames() -> None:
    sound = recording("MP3", "MPEG_LAYER_III")
    assert kind_of(sound[:4096]) is not None
    assert kind_of(sound[:4] + bytes(4092)) is None
    assert kind_of(b"\xff\xfb\x90\x64" * 1000) is None


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=600),
    st.sampled_from([b"", b"\xff\xfb", b"\xff\xf1", b"RIFF", b"FORM", b"\x80\x04\x95", b"\x47"]),
)
def test_no_content_is_too_much(junk: bytes, start: bytes) -> None:
    kind_of(start + junk)


def test_sentences(tmp_path: Path) -> None:
    assert describe_mismatch(kind_of(LFS), "a model", "make it again") == (
        "is a Git LFS pointer, not a model; run `git lfs pull` to get the file itself"
    )
    assert (
        describe_mismatch(kind_of(b"\x93NUMPY"), "a model", "make it again")
        == "is a NumPy array, not a model; make it again"
    )
    assert describe_mismatch(kind_of(b"\0\1\2\3"), "a model", "make it again") == "is not a model; make it again"
    assert kind_of_file(tmp_path) is None and kind_of_file(tmp_path / "absent") is None


@pytest.mark.parametrize(("content", "what"), [(LFS, "a Git LFS pointer"), (PAGE, "an HTML page")])
def test_every_reader_tells_what_it_was_given(tmp_path: Path, content: bytes, what: str) -> None:
    net = Net()
    graph = parse_model(net.pack(net.logistic(net.input)))
    for name, read in (
        ("m.tflite", read_model),
        ("a.wav", read_audio),
        ("rows.npy", lambda path: read_rows(path, graph)),
        ("c.yaml", read_yaml),
        ("manifest.json", read_json),
        ("index.csv", index_folder),
        ("checkpoint.safetensors", lambda path: load_checkpoint(path.parent)),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=what) as caught:
            read(tmp_path / name)
        assert name in str(caught.value) and ("git lfs pull" in str(caught.value) or "download" in str(caught.value))
