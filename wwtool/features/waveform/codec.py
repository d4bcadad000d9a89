"""Lossy codecs, as of MP3, AAC and Opus: an MDCT with rounded coefficients, more coarsely at lower rates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.fft import dct

from wwtool.data.utterance import FloatAudio
from wwtool.features.waveform.studio import Scene, Studio
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

_SIZE = 320  # coefficients of a frame: 20 ms
_WINDOW = np.sin(np.pi * (np.arange(2 * _SIZE) + 0.5) / (2 * _SIZE)).astype(np.float32)
_BANDS = 20
_EDGES = np.unique(np.round(np.geomspace(4, _SIZE + 4, _BANDS + 1)).astype(int)) - 4
_WIDTHS = np.diff(_EDGES)
_STEP = (0.6, 2.6)  # of the rounding, in units of a band's level
_QUIETEST = 1e-5

Coefficients = npt.NDArray[np.float32]


def code(scene: Scene, studio: Studio) -> Scene:
    """Sends the scene through a codec by chance."""
    if not studio.chance(studio.config.codec_chance):
        return scene
    x, peak = scene.samples, np.float32(np.abs(scene.samples).max() + _QUIETEST)
    cut_off = round(studio.random.uniform(*studio.config.codec_hz) / (SAMPLE_RATE_HZ / 2) * _SIZE)
    coefficients = mdct(x / peak)
    coefficients[:, cut_off:] = 0.0
    levels = np.sqrt(np.add.reduceat(np.square(coefficients), _EDGES[:-1], axis=1) / _WIDTHS).astype(np.float32)
    steps = np.repeat(levels * np.float32(studio.random.uniform(*_STEP)), _WIDTHS, axis=1) + np.float32(_QUIETEST)
    return replace(scene, samples=inverse_mdct(np.rint(coefficients / steps) * steps, len(x)) * peak)


def mdct(x: FloatAudio) -> Coefficients:
    """Coefficients (frames, 320) of overlapping frames of 40 ms (Princen, Johnson, Bradley 1987)."""
    padded = np.pad(x, (_SIZE, _SIZE + -len(x) % _SIZE))
    frames = np.lib.stride_tricks.sliding_window_view(padded, 2 * _SIZE)[::_SIZE] * _WINDOW
    a, b, c, d = np.split(frames, 4, axis=1)
    folded = np.concatenate([-c[:, ::-1] - d, a - b[:, ::-1]], axis=1)
    return np.asarray(dct(folded, type=4, norm="ortho", axis=1), np.float32)


def inverse_mdct(coefficients: Coefficients, count: int) -> FloatAudio:
    """The sound of ``count`` samples; what ``mdct`` gives becomes the same sound again."""
    first, second = np.split(dct(coefficients, type=4, norm="ortho", axis=1), 2, axis=1)
    frames = np.concatenate([second, -second[:, ::-1], -first[:, ::-1], -first], axis=1) * _WINDOW
    y = np.zeros((len(frames) + 1) * _SIZE, np.float32)
    y[:-_SIZE] += frames[:, :_SIZE].ravel()
    y[_SIZE:] += frames[:, _SIZE:].ravel()
    return y[_SIZE : _SIZE + count]
