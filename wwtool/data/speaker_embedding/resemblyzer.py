"""The speaker encoder of Resemblyzer: its weights, run by a network and a front end of our own.

The package's own code needs librosa and webrtcvad; its weights need neither. The network is that of Wan et al. 2018,
"Generalized end-to-end loss for speaker verification": three LSTM layers of 256 over a mel spectrogram of 40 channels.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from wwtool.base.files import sha256_of
from wwtool.base.records import read_torch_tensors
from wwtool.data.audio import Audio
from wwtool.data.slaney_mel import mel_filters
from wwtool.data.speaker_embedding.interface import Embeddings, SpeakerEncoder
from wwtool.data.utterance import FloatAudio, rms, to_float, utterance_bounds
from wwtool.errors import InputError, ToolError
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

_SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"  # pretrained.pt of version 0.1.4
_WINDOW, _HOP, _VALUES = 400, SAMPLE_RATE_HZ // 100, 256
_CHANNELS = 40
_PART_STEP = 80
_PART_FRAMES = 2 * _PART_STEP  # the network was trained on 1.6 s
_LEVEL_DB = -30.0  # root mean square of the speech that it was trained on
_LONGEST_SAMPLES = 15 * SAMPLE_RATE_HZ  # enough to know a voice
_BATCH = 64


class Resemblyzer(SpeakerEncoder):
    """The weights ``pretrained.pt`` of the package Resemblyzer 0.1.4."""

    name, title, licence = "resemblyzer", "Resemblyzer", "Apache-2.0"
    install = "pip install --no-deps Resemblyzer==0.1.4"
    same_voice = 0.27

    def __init__(self, weights: Path) -> None:
        self._network = _Network()
        try:
            if sha256_of(weights) != _SHA256:
                raise ValueError("its SHA-256 is another one")
            state = read_torch_tensors(weights, "model_state")
            self._network.load_state_dict({name: state[name] for name in self._network.state_dict()})
        except (OSError, InputError, RuntimeError, ValueError, KeyError) as error:
            raise ToolError(
                f"{weights} is not the speaker encoder of Resemblyzer 0.1.4; remove the package and run: {self.install}"
            ) from error
        self._network.eval()

    @classmethod
    def is_installed(cls) -> bool:
        return _weights() is not None

    @classmethod
    def find(cls) -> Resemblyzer | None:
        weights = _weights()
        return None if weights is None else cls(weights)

    def embed(self, clips: Iterable[Audio]) -> Embeddings:
        parts, owners, count = [], [], 0
        for count, clip in enumerate(clips, 1):
            for part in _parts(clip):
                parts.append(part)
                owners.append(count - 1)
        vectors = np.zeros((count, _VALUES), np.float32)
        for start in range(0, len(parts), _BATCH):
            batch = torch.from_numpy(np.stack(parts[start : start + _BATCH]))
            with torch.inference_mode():
                np.add.at(vectors, owners[start : start + _BATCH], self._network(batch).numpy())
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9
        return vectors


def _weights() -> Path | None:
    """The weights in the package, which is not imported."""
    spec = find_spec("resemblyzer")
    folders = spec.submodule_search_locations if spec else None
    path = Path(next(iter(folders))) / "pretrained.pt" if folders else None
    return path if path is not None and path.is_file() else None


class _Network(nn.Module):
    """Mel frames (batch, frames, 40) to unit vectors (batch, 256)."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(_CHANNELS, _VALUES, 3, batch_first=True)
        self.linear = nn.Linear(_VALUES, _VALUES)

    def forward(self, mel: Tensor) -> Tensor:
        hidden = self.lstm(mel)[1][0][-1]
        return nn.functional.normalize(torch.relu(self.linear(hidden)), dim=1)


def _parts(clip: Audio) -> list[npt.NDArray[np.float32]]:
    """Mel spectrograms (160, 40) of overlapping pieces of a clip's speech; a short clip is repeated to fill one."""
    start, end = utterance_bounds(clip)
    speech = to_float(clip[start:end][:_LONGEST_SAMPLES])
    needed = (_PART_FRAMES - 1) * _HOP
    if len(speech) < needed:
        speech = np.resize(speech, needed) if len(speech) else np.zeros(needed, np.float32)
    mel = _mel(speech * np.float32(10 ** (_LEVEL_DB / 20) / rms(speech)))
    return [mel[i : i + _PART_FRAMES] for i in range(0, len(mel) - _PART_FRAMES + 1, _PART_STEP)]


def _mel(x: FloatAudio) -> npt.NDArray[np.float32]:
    """The mel power spectrogram (frames, 40), not its logarithm."""
    padded = np.pad(x, _WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    periodic = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    power = np.square(np.abs(np.fft.rfft(frames * periodic, axis=1)))
    return np.asarray(power @ mel_filters(_WINDOW, _CHANNELS), np.float32)
