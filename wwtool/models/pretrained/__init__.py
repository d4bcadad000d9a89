"""Weights that a training begins with: networks that have heard many hours of speech, and no phrase.

A file holds the tensors of one architecture without those of its head. ``scripts/pretrain.py`` makes it, and
docs/explanation/accuracy.md says what they have heard.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import safetensors
from safetensors.torch import load_file, save

from wwtool.base.files import sha256_of, write_bytes
from wwtool.models.architecture import Architecture
from wwtool.models.network import Network
from wwtool.models.zoo import as_dict

FOLDER = Path(__file__).parent
_LICENCE = "Apache-2.0"
_HEARD = (
    "natural voices of Kokoro, computed voices of espeak-ng, and the recordings of people that `wwtool voices list` "
    "names"
)
_TAUGHT_BY = "Google's speech_embedding (Apache-2.0)"
_HEAD = "layers.head."
_ARCHITECTURE = "architecture"  # in the metadata


@dataclass(frozen=True)
class Origin:
    """Where the weights of a file come from; ``heard``: whose speech."""

    file: str
    sha256: str
    licence: str
    heard: str
    taught_by: str


def load_into(network: Network) -> bool:
    """Gives a network the weights that there are for its architecture, all but the head's; False: there are none."""
    path = _files().get(_key(network.architecture))
    if path is None:
        return False
    body, own = load_file(path), network.state_dict()
    network.load_state_dict(body | {name: own[name] for name in own.keys() - body.keys()})
    return True


def fingerprint(architecture: Architecture) -> str:
    """Tells the weights for an architecture from others; "": there are none."""
    path = _files().get(_key(architecture))
    return sha256_of(path) if path else ""


def origin(architecture: Architecture) -> Origin | None:
    """Where the weights for an architecture come from; None: there are none."""
    path = _files().get(_key(architecture))
    return Origin(path.name, sha256_of(path), _LICENCE, _HEARD, _TAUGHT_BY) if path else None


def save_body(network: Network, path: Path) -> None:
    """Writes the file of a network's architecture."""
    body = {name: x.contiguous() for name, x in network.state_dict().items() if not name.startswith(_HEAD)}
    write_bytes(path, save(body, {_ARCHITECTURE: _key(network.architecture)}))


def _key(architecture: Architecture) -> str:
    return json.dumps(as_dict(architecture), sort_keys=True)


@cache
def _files() -> dict[str, Path]:
    """The shipped files by their architectures."""
    found = {}
    for path in sorted(FOLDER.glob("*.safetensors")):
        with safetensors.safe_open(path, "pt") as file:
            found[file.metadata()[_ARCHITECTURE]] = path
    return found
