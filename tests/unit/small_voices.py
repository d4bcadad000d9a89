"""Small files that pass for voices, and a catalogue of them on a server of this machine."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from file_server import FileServer

from wwtool.data.catalogue import Piece, VoiceEntry

# ir_version 8; producer "x"; a graph (field 7) of 120,000 bytes: ModelProto of onnx.proto.
ONNX = b"\x08\x08\x12\x01x\x3a\xc0\xa9\x07" + bytes(120_000)
VECTOR = np.ones((510, 1, 256), "<f4").tobytes()
SETTINGS: dict[str, Any] = {
    "audio": {"sample_rate": 22050, "quality": "medium"}, "espeak": {"voice": "de"}, "num_speakers": 3,
    "phoneme_id_map": {"_": [0], "a": [14]}, "language": {"code": "de_DE"},
}  # fmt: skip


def piper_folder(folder: Path, name: str = "de_DE-anna-medium", **changes: Any) -> Path:
    """A voice of Piper; returns its model."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.onnx").write_bytes(ONNX)
    (folder / f"{name}.onnx.json").write_text(json.dumps({**SETTINGS, **changes}), encoding="utf-8")
    return folder / f"{name}.onnx"


def kokoro_folder(folder: Path) -> Path:
    """A voice of Kokoro."""
    (folder / "vectors").mkdir(parents=True)
    (folder / "kokoro.onnx").write_bytes(ONNX)
    (folder / "vocabulary.json").write_text(json.dumps({"vocab": {"a": 1}}), encoding="utf-8")
    for name in ("af_one", "bm_two"):
        (folder / f"vectors/{name}.bin").write_bytes(VECTOR)
    return folder


def wheel(members: dict[str, bytes]) -> bytes:
    """A zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def piece(server: FileServer, path: str, content: bytes, take: dict[str, str], **facts: Any) -> Piece:
    """A file that the server has from now on, with its size and hash unless ``facts`` has others."""
    server.files[path] = content
    known = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "form": "file"}
    return Piece(url=server.url + path, take=take, **{**known, **facts})


def piper_entry(server: FileServer, **facts: Any) -> VoiceEntry:
    """The voice "anna" of Piper, which the server has."""
    settings = json.dumps(SETTINGS).encode()
    pieces = (
        piece(server, "/v/anna.onnx", ONNX, {"": "voice.onnx"}, **facts),
        piece(server, "/v/anna.onnx.json", settings, {"": "voice.onnx.json"}),
    )
    return entry(pieces)


def entry(*offers: tuple[Piece, ...], engine: str = "piper", **facts: Any) -> VoiceEntry:
    """A voice in a catalogue, with these offers."""
    named = {f"offer{number}": pieces for number, pieces in enumerate(offers)}
    return VoiceEntry(
        engine=engine, title="Anna", languages=("de",), speakers=3, licence="CC0", home="https://example.org/anna",
        offers=named, **facts,
    )  # fmt: skip
