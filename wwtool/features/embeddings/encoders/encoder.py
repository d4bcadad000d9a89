"""What every kind of speech encoder of transformers offers: windows of audio in, hidden states out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.base.text import one_line
from wwtool.errors import InputError
from wwtool.features.embeddings.model_folder import KEY, ModelFolder

Windows = npt.NDArray[np.float32]  # (windows, samples), from -1 to 1
Hidden = Callable[[Windows], Any]  # to a tensor (windows, frames, width)

# Pretraining masks its input with this weight. Some fine-tuned models lack it, and listening does not need it.
_UNUSED = "masked_spec_embed"


class Encoder(ABC):
    """A kind of encoder. One kind is one subclass in a file of its own, and entries for the types of its models."""

    @abstractmethod
    def width(self, folder: ModelFolder) -> int:
        """Numbers in a hidden state; raises InputError if the folder does not tell."""

    @abstractmethod
    def layers(self, folder: ModelFolder) -> int:
        """Layers, of which each gives hidden states; raises InputError if the folder does not tell."""

    @abstractmethod
    def frame_samples(self, folder: ModelFolder) -> int:
        """Samples between two hidden states; raises InputError if the folder does not tell."""

    @abstractmethod
    def load(self, folder: ModelFolder, layer: int, samples: int) -> Hidden:
        """The hidden states of a layer (0: what enters the first one) for windows of ``samples``.

        Raises:
            InputError: the files are damaged, or do not hold the model that config.json describes.
        """


def pretrained(name: str, folder: ModelFolder) -> Any:
    """A model of the class ``name`` of transformers with the weights in the folder; nothing comes from elsewhere.

    Raises:
        InputError: the files are damaged, or do not hold all weights of such a model.
    """
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        model, report = getattr(transformers, name).from_pretrained(
            folder.path, local_files_only=True, use_safetensors=True, trust_remote_code=False,
            dtype=torch.float32, attn_implementation="sdpa", output_loading_info=True,
        )  # fmt: skip
    except Exception as error:  # whatever somebody's files make transformers raise
        raise unusable(folder, error) from error
    lacking = sorted(key for key in report["missing_keys"] if not key.endswith(_UNUSED))
    if lacking:  # transformers would fill them with random numbers
        raise InputError(f"{KEY}: the weights in {folder.path} lack {one_line(lacking[0])}; get the whole model again")
    return model.eval()


def unusable(folder: ModelFolder, error: Exception) -> InputError:
    """The error for files of which transformers makes no model."""
    said = one_line(str(error))[:200] or type(error).__name__
    return InputError(f"{KEY}: transformers cannot use the model in {folder.path} ({said}); get the model again")
