"""Kokoro: ``kokoro.onnx``, ``vocabulary.json`` and ``vectors/<voice>.bin``, float32 of (510, 1, 256) each."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.files import write_json
from wwtool.base.records import read_json
from wwtool.data.voice_kinds.interface import Examined, VoiceKind, check_onnx
from wwtool.errors import InputError

_MODEL, _VOCABULARY, _VECTORS = "kokoro.onnx", "vocabulary.json", "vectors"
_VECTOR_BYTES = 510 * 256 * 4  # styles for 0 to 509 phones, of 256 numbers of four bytes
# By the first letter of a vector's name, as hexgrad/Kokoro-82M has them in VOICES.md.
_LANGUAGES = {
    "a": "en-us", "b": "en-gb", "e": "es", "f": "fr", "h": "hi", "i": "it", "j": "ja", "p": "pt-br", "z": "zh",
}  # fmt: skip


class Kokoro(VoiceKind):
    """A folder with the three."""

    engine = "kokoro"
    what = f"a folder with {_MODEL}, {_VOCABULARY} and {_VECTORS}/ of Kokoro"

    def recognises(self, path: Path) -> bool:
        return (path / _MODEL).is_file() or (path / _VECTORS).is_dir()

    def examine(self, path: Path) -> Examined:
        for name in (_MODEL, _VOCABULARY):
            if not (path / name).is_file():
                raise InputError(f"{path} has no {name}; give {self.what}")
        check_onnx(path / _MODEL)
        vocabulary = read_json(path / _VOCABULARY)
        if not vocabulary or not all(isinstance(value, int) for value in _flat(vocabulary).values()):
            raise InputError(f"{path / _VOCABULARY} does not give a number to each letter; get it again")
        vectors = sorted((path / _VECTORS).glob("*.bin"))
        for vector in vectors:
            if (size := vector.stat().st_size) != _VECTOR_BYTES:
                raise InputError(f"{vector} has {size:,} bytes instead of {_VECTOR_BYTES:,}; get it again")
        languages = {_LANGUAGES[vector.name[0]]: None for vector in vectors if vector.name[0] in _LANGUAGES}
        if not languages:
            raise InputError(f"{path / _VECTORS} has no vector of a voice; give {self.what}")
        files = {name: path / name for name in (_MODEL, _VOCABULARY, f"{_VECTORS}/")}
        return Examined(files, f"Kokoro, {len(vectors)} voices", tuple(languages), len(vectors))

    def settle(self, folder: Path) -> None:
        path = folder / _VOCABULARY
        if path.is_file():
            write_json(path, _flat(read_json(path)))


def _flat(vocabulary: dict[str, object]) -> dict[str, object]:
    """Letters and their numbers; some files have them below the key ``vocab``."""
    inner = vocabulary.get("vocab")
    return inner if isinstance(inner, dict) else vocabulary
