"""The front end MFE: Edge Impulse's features, by their formulas. test_mel.py holds its C to its NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from test_frontend import noise, to_pcm

from wwtool.config.frontend import MfeConfig
from wwtool.errors import InputError
from wwtool.frontend.mfe import MfeFrontEnd

SETTINGS: dict[str, dict[str, Any]] = {
    "as it comes": {},
    "longer": {"bands": 32, "frame_ms": 32, "step_ms": 16, "fft_length": 512, "lowest_hz": 300.0},
    "bands share bins": {"bands": 20, "frame_ms": 8, "step_ms": 20, "fft_length": 128, "noise_floor_db": -72},
    "version 3": {"bands": 24, "frame_ms": 40, "step_ms": 20, "fft_length": 1024, "version": 3},
}


def by_the_formulas(config: MfeConfig, pcm: np.ndarray) -> np.ndarray:
    """Features between 0 and 1, (frames, bands), in floating point; the first sample is before the first frame."""
    signal = pcm / 32768
    signal = signal[1:] - 0.98 * signal[:-1]
    length, step = config.frame_ms * 16, config.step_ms * 16
    frames = np.lib.stride_tricks.sliding_window_view(signal, length)[::step]
    power = np.abs(np.fft.rfft(frames, config.fft_length)) ** 2 / config.fft_length
    low, high = (1127 * np.log(1 + hz / 700) for hz in (config.lowest_hz, config.highest_hz))
    mels = np.linspace(low, high, config.bands + 2)
    hertz = 700 * (np.exp(mels / 1127) - 1)
    hertz[-1] -= 0.001
    size = config.fft_length if config.version == 4 else config.fft_length // 2 + 1
    edges = np.floor((size + 1) * hertz / 16000).astype(int)
    bank = np.zeros((config.bands, power.shape[1]))
    for band, (left, middle, right) in enumerate(zip(edges, edges[1:], edges[2:], strict=False)):
        for x in range(left, right + 1):
            if left < x <= middle:
                bank[band, x] = (x - left) / (middle - left)
            elif middle <= x < right:
                bank[band, x] = (right - x) / (right - middle)
    loudness = 10 * np.log10(np.maximum(power @ bank.T, 1e-30))
    return np.asarray(np.clip((loudness - config.noise_floor_db) / (12 - config.noise_floor_db), 0, 1))


@pytest.mark.parametrize("kind", SETTINGS)
@pytest.mark.parametrize("level", [30, 1000, 6000])
def test_features_are_those_of_the_formulas(kind: str, level: float) -> None:
    config, pcm = MfeConfig(**SETTINGS[kind]), noise(level)
    expected = np.clip(np.round(256 * by_the_formulas(config, pcm)) - 128, -128, 127)
    got = MfeFrontEnd(config).quantized([pcm])[: len(expected)]
    off = np.abs(got - expected[: len(got)])
    assert len(got) > 30
    assert np.mean(off <= 1) > 0.95 and np.mean(off) < 0.3


def test_features_follow_the_scale_of_the_input() -> None:
    pcm, config = noise(1000), MfeConfig()
    expected = np.clip(np.round(by_the_formulas(config, pcm) / 0.0025) - 128, -128, 127)
    off = np.abs(MfeFrontEnd(config).for_input(0.0025, -128).quantized([pcm])[: len(expected)] - expected)
    assert np.mean(off <= 1) > 0.95


@pytest.mark.parametrize(("scale", "zero_point"), [(1 / 256, 0), (0.0, -128), (1e-9, -128), (1.0, -128), (1e3, -128)])
def test_inputs_that_do_not_fit_are_refused(scale: float, zero_point: int) -> None:
    with pytest.raises(InputError, match="does not fit features from 0 to 1"):
        MfeFrontEnd().for_input(scale, zero_point)


def test_silence_is_the_least_and_full_scale_the_greatest() -> None:
    front_end = MfeFrontEnd()
    assert (front_end.quantized([np.zeros(1000, np.int16)]) == -128).all()
    tone = to_pcm(32767 * np.sin(2 * np.pi * 3000 * np.arange(2000) / 16000))
    assert front_end.quantized([tone]).max() == 127


def test_settings_that_cannot_be_are_refused() -> None:
    for values in ({"fft_length": 300}, {"version": 2}, {"noise_floor_db": 0}, {"lowest_hz": 900, "highest_hz": 1000}):
        with pytest.raises(ValidationError):
            MfeConfig.model_validate(values)
    with pytest.raises(InputError, match=r"frontend\.bands: band 1 of 40 lies between two bins of the spectrum"):
        MfeFrontEnd(MfeConfig(version=3))  # the block refuses these, too
