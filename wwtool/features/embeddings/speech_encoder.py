"""A speech encoder of Hugging Face in a folder of the user's: wav2vec 2.0, HuBERT, WavLM or Whisper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wwtool.base.files import hash_of
from wwtool.base.threads import pinned_threads
from wwtool.base.tools import python_package
from wwtool.data.audio import Audio
from wwtool.errors import InputError
from wwtool.features.embeddings.embedding import Embedding, Steps, Vectors
from wwtool.features.embeddings.encoders import ENCODERS
from wwtool.features.embeddings.encoders.encoder import Encoder, unusable
from wwtool.features.embeddings.model_folder import KEY, ModelFolder, open_model_folder
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

TRANSFORMERS = python_package("transformers", "a teacher that is a speech encoder", "pip install transformers")
_VERSION = 1  # raise when code changes what the vectors are
_STEPS = Steps(SAMPLE_RATE_HZ, SAMPLE_RATE_HZ * 8 // 100)  # windows of 1 s, one every 80 ms
_WINDOWS_AT_ONCE = 25
_FULL_SCALE = np.float32(1 << 15)


@dataclass(frozen=True)
class SpeechEncoder(Embedding):
    """A vector every 80 ms, of the second before it: the mean of the encoder's hidden states of the last 80 ms.

    Such an encoder attends to all that it is given, what comes later included. So every vector has a window of its own,
    which ends where the vector is known. Use ``open_speech_encoder``.
    """

    folder: Path
    layer: int
    width: int
    licence: str
    version: str
    source = "a folder of the user"
    steps = _STEPS
    tools = (TRANSFORMERS,)

    def load(self) -> Callable[[Audio], Vectors]:
        TRANSFORMERS.find()
        import torch

        folder = open_model_folder(self.folder)
        if _version(folder, self.layer) != self.version:
            raise InputError(f"{KEY}: the model in {self.folder} has changed while wwtool ran; run again")
        kind = _kind(folder)
        hidden = kind.load(folder, self.layer, self.steps.window_samples)
        last = max(1, self.steps.step_samples // kind.frame_samples(folder))

        def vectors_of(audio: Audio) -> Vectors:
            windows = np.lib.stride_tricks.sliding_window_view(audio, self.steps.window_samples)
            windows = windows[:: self.steps.step_samples]
            vectors = np.zeros((len(windows), self.width), np.float32)
            with pinned_threads(1), torch.inference_mode():
                for first in range(0, len(windows), _WINDOWS_AT_ONCE):
                    chunk = windows[first : first + _WINDOWS_AT_ONCE].astype(np.float32) / _FULL_SCALE
                    try:
                        vectors[first : first + len(chunk)] = hidden(chunk)[:, -last:].mean(dim=1).numpy()
                    except (RuntimeError, ValueError) as error:
                        raise unusable(folder, error) from error
            if not np.isfinite(vectors.astype(np.float16)).all():
                raise InputError(
                    f"{KEY}: the model in {self.folder} gives numbers that float16 cannot hold; give another"
                )
            return vectors

        return vectors_of


def open_speech_encoder(path: Path, layer: int | None) -> SpeechEncoder:
    """The encoder in a folder; ``layer``: whose hidden states to take, None: the last one's.

    Raises:
        InputError: the folder cannot be used, or has no such layer.
    """
    folder = open_model_folder(path)
    kind = _kind(folder)
    layers = kind.layers(folder)
    if layer is not None and layer > layers:
        raise InputError(f"train.teacher.layer: must be at most {layers} for the model in {path} (it is {layer})")
    kind.frame_samples(folder)
    chosen = layers if layer is None else layer
    return SpeechEncoder(path, chosen, kind.width(folder), folder.licence, _version(folder, chosen))


def _kind(folder: ModelFolder) -> Encoder:
    name = folder.settings.get("model_type")
    return ENCODERS.member(name if isinstance(name, str) else "", f"{KEY}: {folder.path / 'config.json'}")


def _version(folder: ModelFolder, layer: int) -> str:
    return hash_of(_VERSION, folder.fingerprint, layer)
