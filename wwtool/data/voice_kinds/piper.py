"""A voice of Piper: ``voice.onnx`` and its settings in ``voice.onnx.json``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wwtool.base.records import read_json
from wwtool.data.voice_kinds.interface import Examined, VoiceKind, check_onnx
from wwtool.errors import InputError

_MODEL, _SETTINGS, _CARD = "voice.onnx", "voice.onnx.json", "MODEL_CARD"


class Piper(VoiceKind):
    """A model with the file of settings beside it; in a folder, the only one."""

    engine = "piper"
    what = "a .onnx of Piper with its .onnx.json beside it"

    def recognises(self, path: Path) -> bool:
        return path.suffix == ".onnx" or (path.is_dir() and any(path.glob("*.onnx")))

    def examine(self, path: Path) -> Examined:
        model = path
        if path.is_dir():
            models = sorted(path.glob("*.onnx"))
            if len(models) != 1:
                raise InputError(f"{path} has {len(models)} files .onnx; name one of them")
            (model,) = models
        settings = model.with_name(model.name + ".json")
        if not settings.is_file():
            raise InputError(f"{settings} is missing; {self.what} is needed")
        check_onnx(model)
        values = read_json(settings)
        speakers, languages = values.get("num_speakers", 1), _languages(values)
        phones = values.get("phoneme_id_map")
        rate = _part(values, "audio").get("sample_rate")
        if not isinstance(phones, dict) or not phones or not isinstance(speakers, int) or not isinstance(rate, int):
            raise InputError(f"{settings} are no settings of a Piper voice; {self.what} is needed")
        title = f"Piper, {model.name.removesuffix('.onnx')}" if model.name != _MODEL else "Piper"
        card = model.with_name(_CARD)
        files = {_MODEL: model, _SETTINGS: settings, **({_CARD: card} if card.is_file() else {})}
        return Examined(files, title[:200], languages, max(speakers, 1))


def _languages(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The language of the settings, such as en-us; older files name only the voice of espeak-ng."""
    code = _part(settings, "language").get("code") or _part(settings, "espeak").get("voice")
    return (code.lower().replace("_", "-"),) if isinstance(code, str) else ()


def _part(settings: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = settings.get(key)
    return value if isinstance(value, dict) else {}
