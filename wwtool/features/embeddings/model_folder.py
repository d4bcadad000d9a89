"""A folder with a speech encoder as Hugging Face keeps it: JSON and weights as safetensors. Nothing is run here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from wwtool.base.files import hash_of, sha256_of
from wwtool.base.records import read_json
from wwtool.base.text import printable
from wwtool.base.yaml_files import parse_yaml
from wwtool.errors import InputError
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

KEY = "train.teacher.path"
_CONFIG, _CARD = "config.json", "README.md"
_EXTRACTORS = ("preprocessor_config.json", "processor_config.json")  # one alone, or one within a processor
_WEIGHTS, _INDEX = "model.safetensors", "model.safetensors.index.json"
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.safetensors")
_ADAPTER = "adapter_config.json"
_CARD_BYTES = 1 << 16
_HEADER = re.compile(r"\A---\r?\n(.*?)\r?\n---\s", re.DOTALL)
_LONGEST_LICENCE = 60


@dataclass(frozen=True)
class ModelFolder:
    """What a folder says of its model.

    Attributes:
        path: the folder.
        settings: of the model, from its config.json.
        extractor: settings of what makes the model's input of audio.
        files: all that its vectors depend on.
    """

    path: Path
    settings: Mapping[str, Any] = field(repr=False)
    extractor: Mapping[str, Any] = field(repr=False)
    files: tuple[Path, ...] = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """A hash of what the files hold.

        Raises:
            InputError: one of them cannot be read.
        """
        try:
            return hash_of([(path.name, sha256_of(path)) for path in self.files])
        except OSError as error:
            raise InputError(f"{KEY}: cannot read {error.filename}: {error.strerror}; get the model again") from error

    @property
    def licence(self) -> str:
        """What the model card states, as one short line; "": it states nothing that can be read."""
        try:
            with (self.path / _CARD).open("rb") as file:
                text = file.read(_CARD_BYTES).decode(errors="replace")
            header = _HEADER.match(text)
            facts = parse_yaml(header[1].encode(), _CARD) if header else {}
        except (OSError, InputError):
            return ""
        stated = facts.get("license_name") or facts.get("license") or ""
        return printable(stated.strip(), _LONGEST_LICENCE) if isinstance(stated, str) else ""

    def number(self, key: str) -> int:
        """A number above 0 of the model's settings.

        Raises:
            InputError: it is missing or something else.
        """
        value = self.settings.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise InputError(f"{KEY}: {self.path / _CONFIG} has no usable '{key}'; get the model again")
        return value


def open_model_folder(path: Path) -> ModelFolder:
    """Reads what a folder says of its model, and makes sure that its weights can be read without unpickling.

    Raises:
        InputError: it is no such folder, its files are damaged, or the model hears audio of another sample rate.
    """
    if not path.is_dir():
        raise InputError(f"{KEY}: {path} is no folder; give one with {_CONFIG} and {_WEIGHTS}")
    if not (path / _CONFIG).is_file():
        raise InputError(f"{KEY}: {path} lacks {_CONFIG}; give the folder of a whole model")
    if (path / _ADAPTER).is_file():  # transformers would load another model, which the adapter names
        raise InputError(f"{KEY}: {path} holds an adapter ({_ADAPTER}); merge it with its model and give that folder")
    settings = read_json(path / _CONFIG)
    extractor_file, extractor = _extractor(path)
    rate = extractor.get("sampling_rate")
    if rate != SAMPLE_RATE_HZ:
        raise InputError(
            f"{KEY}: the model in {path} hears audio of {_shown(rate)} Hz, and wwtool's is of {SAMPLE_RATE_HZ} Hz; "
            "give an encoder of that rate"
        )
    return ModelFolder(path, settings, extractor, (path / _CONFIG, extractor_file, *_weights(path)))


def _shown(rate: object) -> str:
    return printable(str(rate), 20) if isinstance(rate, (int, float)) else "an unknown number of"


def _extractor(path: Path) -> tuple[Path, Mapping[str, Any]]:
    """The file with the settings of the feature extractor, and they."""
    for name in _EXTRACTORS:
        if (path / name).is_file():
            values = read_json(path / name)
            inner = values.get("feature_extractor", values)
            return path / name, inner if isinstance(inner, dict) else {}
    raise InputError(f"{KEY}: {path} lacks {_EXTRACTORS[0]}, which tells the sample rate; get it with the model")


def _weights(path: Path) -> list[Path]:
    """The files of the weights, each of which has been looked at."""
    if (path / _WEIGHTS).is_file():
        files, index = [path / _WEIGHTS], []
    elif (path / _INDEX).is_file():
        files, index = _shards(path), [path / _INDEX]
    elif any(file for pattern in _PICKLED for file in path.glob(pattern)):
        raise InputError(
            f"{KEY}: {path} has its weights only as pickles, which can run programs and are never read; get the model "
            f"with {_WEIGHTS}, or write it with save_pretrained of a current transformers"
        )
    else:
        raise InputError(f"{KEY}: {path} lacks {_WEIGHTS}; get the model with its weights")
    for file in files:
        try:
            with safe_open(file, framework="np") as tensors:
                tensors.keys()
        except (OSError, SafetensorError) as error:
            raise InputError(f"{KEY}: {file} is missing or damaged; get the model again") from error
    return [*index, *files]


def _shards(path: Path) -> list[Path]:
    names = read_json(path / _INDEX).get("weight_map")
    if not isinstance(names, dict) or not all(isinstance(n, str) and _PLAIN_NAME.fullmatch(n) for n in names.values()):
        raise InputError(f"{KEY}: {path / _INDEX} does not name the files of the weights; get the model again")
    return [path / name for name in sorted(set(names.values()))]
