"""What this component holds: the compiled models, by name. wwtool wrote them into ``models.json``.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
VERSION = 1  # of models.json
COPY_AGAIN = "copy the whole folder components/micro_wake_word again, as wwtool has made it"
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_STEPS = 255  # a cutoff of 1.0


@dataclass(frozen=True)
class Model:
    """A compiled model.

    Attributes:
        name: what ``model:`` says.
        number: its place in wakeword.h.
        wake_word: the phrase.
        languages: of the phrase.
        threshold: the average that is a detection, in steps of 1/255.
        window: how many outputs are averaged.
        gates: it tells speech from the rest, and detects no word.
    """

    name: str
    number: int
    wake_word: str
    languages: tuple[str, ...]
    threshold: int
    window: int
    gates: bool


def read_models(folder: Path = FOLDER) -> dict[str, Model]:
    """The models of a component, by name.

    Raises:
        ValueError: a file of the component is missing, or models.json is damaged or of another version.
    """
    path = _existing(folder / "models.json")
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        version, files = told["version"], [folder / name for name in told["files"]]
        models = [Model(**{**values, "languages": tuple(values["languages"])}) for values in told["models"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged; {COPY_AGAIN}") from error
    if version != VERSION:
        raise ValueError(f"{path} has version {version}, not {VERSION}; {COPY_AGAIN}")
    for file in files:
        _existing(file)
    return {model.name: model for model in models}


def choose(models: dict[str, Model], name: object) -> Model:
    """The wake word of a name.

    Raises:
        ValueError: the name is none, or no wake word has it.
    """
    words = [model.name for model in models.values() if not model.gates]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"'{name}' is not the name of a compiled model; choose {_either(words)}")
    if name not in models:
        raise ValueError(f"this component has no model '{name}'; choose {_either(words)}, or export it with wwtool")
    if models[name].gates:
        raise ValueError(f"'{name}' only tells speech from the rest; put it under vad, and not under models")
    return models[name]


def choose_gate(models: dict[str, Model], name: object = None) -> Model:
    """The model that tells speech from the rest; ``name`` may name it.

    Raises:
        ValueError: there is none, or it has another name.
    """
    gates = {model.name: model for model in models.values() if model.gates}
    if not gates:
        raise ValueError(
            "this component has no model that tells speech from the rest; leave vad out, or export one beside the "
            "wake words"
        )
    if name is not None and name not in gates:
        raise ValueError(f"'{name}' does not tell speech from the rest; choose {_either(gates)} for vad")
    return gates[str(name)] if name is not None else next(iter(gates.values()))


def require_each_once(names: Iterable[str]) -> None:
    """Raises ValueError if a model stands there twice: it has one memory, so it can listen once."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"the model '{name}' is listed twice; list each model once")
        seen.add(name)


def threshold_of(cutoff: float) -> int:
    """The threshold of a ``probability_cutoff``, 0.0 to 1.0."""
    return max(int(cutoff * _STEPS), 1)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"the file {path} is missing; {COPY_AGAIN}")
    return path


def _either(names: Iterable[str]) -> str:
    return " or ".join(f"'{name}'" for name in names)
