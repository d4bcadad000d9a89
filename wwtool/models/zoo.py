"""The zoo: all models to choose from, by name. It is plain data, so that a config can name them."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from wwtool.frontend.registry import DEFAULT_FRONT_END, front_end_from
from wwtool.models.architecture import Architecture
from wwtool.models.bc_resnet import BroadcastResNetArchitecture
from wwtool.models.ds_cnn import DepthwiseSeparableArchitecture
from wwtool.models.gru import GruArchitecture
from wwtool.models.layers import Convolution
from wwtool.models.lstm import LstmArchitecture
from wwtool.models.mobilenet_v3 import MobileNetV3Architecture
from wwtool.models.residual import ResidualArchitecture
from wwtool.models.resnet18 import ResNet18Architecture
from wwtool.models.svdf import SvdfArchitecture
from wwtool.models.tc_resnet import TemporalResNetArchitecture
from wwtool.models.temporal import TemporalArchitecture
from wwtool.models.tiny_conv import TinyConvArchitecture

ZOO: dict[str, Architecture] = {
    "tcn32": TemporalArchitecture(first_channels=24, width=32),
    "tcn48": TemporalArchitecture(first_channels=32, width=48),
    "tcn64": TemporalArchitecture(first_channels=32, width=64),
    "res32": ResidualArchitecture(width=32),
    "res48": ResidualArchitecture(width=48),
    "res64": ResidualArchitecture(width=64),
}

BY_NAME: dict[str, Architecture] = {
    "dscnn48": DepthwiseSeparableArchitecture(width=48),
    "dscnn64": DepthwiseSeparableArchitecture(width=64),
    "tcres16": TemporalResNetArchitecture(width=16),
    "tcres24": TemporalResNetArchitecture(width=24),
    "svdf64": SvdfArchitecture(width=64),
    "gru32": GruArchitecture(width=32),
    "gru48": GruArchitecture(width=48),
    "lstm32": LstmArchitecture(width=32),
    "lstm48": LstmArchitecture(width=48),
    "bcres8": BroadcastResNetArchitecture(width=8),
    "bcres16": BroadcastResNetArchitecture(width=16),
    "mobilenetv3w8": MobileNetV3Architecture(width=8),
    "mobilenetv3": MobileNetV3Architecture(width=16),
    "resnet18w16": ResNet18Architecture(width=16),
    "resnet18": ResNet18Architecture(width=64),
    "tinyconv": TinyConvArchitecture(),
}
"""Models that are taken only where a config or a user names them."""

ALL_MODELS: Mapping[str, Architecture] = ChainMap(BY_NAME, ZOO)
"""Every model that has a name, those of the zoo first."""

# Far beyond any real model of this kind; limits for descriptions from outside.
_MOST_LAYERS, LARGEST_SIZE = 64, 4096

_FAMILIES: dict[str, type[Architecture]] = {
    kind.family: kind
    for kind in (
        TemporalArchitecture, ResidualArchitecture, DepthwiseSeparableArchitecture, TemporalResNetArchitecture,
        SvdfArchitecture, TinyConvArchitecture, GruArchitecture, LstmArchitecture,
        BroadcastResNetArchitecture, MobileNetV3Architecture, ResNet18Architecture,
    )
}  # fmt: skip


def as_dict(architecture: Architecture) -> dict[str, Any]:
    """An architecture as JSON-able data."""
    shape = {key: value for key, value in asdict(architecture).items() if key != "front_end"}
    heard = {} if architecture.front_end == DEFAULT_FRONT_END else {"front_end": architecture.front_end.as_dict()}
    return {"family": architecture.family, **shape, **heard}


def from_dict(values: dict[str, Any]) -> Architecture:
    """The inverse of ``as_dict``, also for data that went through JSON.

    Raises:
        KeyError, TypeError, ValueError: it does not describe an architecture.
        InputError: its front end is not one of wwtool's.
    """
    kind = _FAMILIES[values["family"]]
    examples = {field.name: field.default for field in fields(kind)}
    shape = {key: _like(examples[key], value) for key, value in values.items() if key not in ("family", "front_end")}
    architecture = kind(**shape, front_end=front_end_from(values.get("front_end")))
    first = architecture.layers()[0]
    if not isinstance(first, Convolution) or first.stride > first.kernel:
        raise ValueError("the first layer skips some of its input")
    return architecture


def _like(example: Any, value: Any) -> Any:
    """Checks that a value has the form of ``example``: a size, or tuples of sizes of any length."""
    if isinstance(example, tuple):
        if not isinstance(value, list | tuple) or not 1 <= len(value) <= _MOST_LAYERS:
            raise ValueError(f"{value} is not a list of sizes")
        return tuple(_like(example[0], entry) for entry in value)
    if type(value) is not int or not 1 <= value <= LARGEST_SIZE:
        raise ValueError(f"{value} is not a size")
    return value
