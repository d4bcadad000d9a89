"""Noise suppression, as browsers and laptops do it to whatever they record: spectral gating and its artefacts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.fft import irfft, rfft

from wwtool.features.waveform.studio import Scene, Studio

_SIZE, _HOP = 512, 256  # 32 ms
_WINDOW = np.sqrt(np.hanning(_SIZE + 1)[:-1]).astype(np.float32)  # squared, two of them add up to 1
_NOISE_SHARE = 0.2  # of the quietest frames, which are taken for noise
_OVER = (1.0, 2.5)  # how much more than the noise is removed
_SMOOTHING = (0.0, 0.7)  # of the gain over time; little of it leaves musical tones


def suppress_noise(scene: Scene, studio: Studio) -> Scene:
    """Lowers what is no louder than the steady noise, frequency by frequency, by chance."""
    if not studio.chance(studio.config.suppression_chance) or len(scene.samples) < 4 * _SIZE:
        return scene
    from scipy.signal import lfilter  # it takes a second, which not every worker process needs

    random, x = studio.random, scene.samples
    over, keep = random.uniform(*_OVER), random.uniform(*_SMOOTHING)
    floor = np.float32(1.0 / studio.gain(*studio.config.suppression_db))
    padded = np.pad(x, (_HOP, _HOP + -len(x) % _HOP))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _SIZE)[::_HOP] * _WINDOW
    spectra = rfft(frames, axis=1)
    power = np.square(np.abs(spectra))
    quiet = np.argsort(power.sum(axis=1))[: max(2, int(_NOISE_SHARE * len(power)))]
    gain = np.maximum(1.0 - np.float32(over) * power[quiet].mean(axis=0) / (power + np.float32(1e-12)), floor)
    gain = lfilter([1.0 - keep], [1.0, -keep], gain, axis=0)
    frames = irfft(spectra * gain, axis=1).astype(np.float32) * _WINDOW
    y = np.zeros((len(frames) + 1) * _HOP, np.float32)
    y[:-_HOP] += frames[:, :_HOP].ravel()
    y[_HOP:] += frames[:, _HOP:].ravel()
    return replace(scene, samples=y[_HOP : _HOP + len(x)])
