"""A float model that is to be quantized: its .tflite, and how that is held to what it was made from."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from wwtool.errors import InputError
from wwtool.tflite import limits


def as_given(rows: Sequence[npt.NDArray[Any]]) -> str:
    """Of a model that nothing has converted, there is nothing to say."""
    return ""


@dataclass(frozen=True)
class FloatModel:
    """A float .tflite.

    Attributes:
        content: the file.
        proof: holds it to what it was converted from, on arrays of rows, one for each input; returns a sentence for
            people, or raises InputError.
        inputs: the names and the order of the inputs in what it was converted from; none if nothing has converted it.
        by_converter: the INT8 model that its converter makes of the names of its inputs, their rows for calibration and
            the type of the outputs; None if nothing has converted it.
    """

    content: bytes
    proof: Callable[[Sequence[npt.NDArray[Any]]], str] = as_given
    inputs: tuple[str, ...] = ()
    by_converter: Callable[[Sequence[str], Sequence[npt.NDArray[Any]], str], bytes] | None = None


def plain_name(tensor: str) -> str:
    """The name that an input had before TensorFlow made a signature of it.

    >>> plain_name("serving_default_left:0"), plain_name("left")
    ('left', 'left')
    """
    return re.sub(r":\d+$", "", tensor.removeprefix("serving_default_"))


def read_bounded(path: Path) -> bytes:
    """The bytes of a model file, at most one more than any model may have.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(limits.MODEL_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot read the model {path}: {error.strerror}") from error
