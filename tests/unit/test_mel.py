"""The mel front end: the C gives the bytes of the NumPy twin, and both are near the formulas in real numbers."""

from __future__ import annotations

import ctypes
import json
import math
import runpy
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from core_library import load_front_end, write_front_end
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from test_frontend import SIGNALS, noise, to_pcm

from wwtool.compiler.targets import Target
from wwtool.config.frontend import MelSettings, MfccSettings, MfeConfig
from wwtool.engines.machines import EMULATED, emulated
from wwtool.errors import InputError
from wwtool.frontend.mel import BandFrontEnd, MelFrontEnd, MfccFrontEnd
from wwtool.frontend.mel_tables import mel_of, mel_tables
from wwtool.frontend.mfe import MfeFrontEnd
from wwtool.frontend.registry import front_end_from

FIRMWARE_TESTS = Path(__file__).parents[1] / "firmware"
FRONT_ENDS: dict[str, BandFrontEnd] = {
    "40 bands": MelFrontEnd(),
    "20 bands of 16 ms": MelFrontEnd(MelSettings(bands=20, window_ms=16, step_ms=8, lowest_hz=250.0)),
    "8 bands of 10 ms": MelFrontEnd(MelSettings(bands=8, window_ms=10, step_ms=10, lowest_hz=300.0, highest_hz=8000.0)),
    "80 bands of 64 ms": MelFrontEnd(MelSettings(bands=80, window_ms=64, step_ms=20, lowest_hz=60.0)),
    "13 coefficients": MfccFrontEnd(),
    "slopes": MelFrontEnd(MelSettings(bands=16, window_ms=20, deltas=True)),
    "slopes of coefficients": MfccFrontEnd(MfccSettings(deltas=True, coefficients=10)).normalized(
        [50_000.0, *range(9), *[0.0] * 10], [4000.0 - 100 * i for i in range(20)]
    ),
    "normalized": MelFrontEnd().normalized(list(range(6000, 14000, 200)), [100.0 * i for i in range(40)]),
    "MFE": MfeFrontEnd(),
    "MFE whose bands share bins": MfeFrontEnd(MfeConfig(bands=20, frame_ms=8, step_ms=20, fft_length=128)),
    "MFE of version 3": MfeFrontEnd(
        MfeConfig(bands=24, frame_ms=50, step_ms=20, fft_length=1024, noise_floor_db=-70, version=3)
    ).for_input(0.003, -128),
    "normalized coefficients": MfccFrontEnd(MfccSettings(bands=32, window_ms=25, coefficients=20)).normalized(
        [-5000.0, *range(19)], [3000.0, *range(300, 2200, 100)]
    ),
}


class CMel:
    """A front end in C."""

    def __init__(self, front_end: BandFrontEnd) -> None:
        window, self.channels = front_end.geometry.window_samples, front_end.geometry.channels
        self.library = library_of(json.dumps(front_end.as_dict()))
        self.library.ww_frontend_process.restype = ctypes.c_size_t
        self.library.ww_frontend_quantize.restype = ctypes.c_int8
        self.state = ctypes.create_string_buffer(8 + 2 * window + 4 * front_end.tables.points + 16 * self.channels)
        self.library.ww_frontend_init(self.state, ctypes.c_uint16(front_end.geometry.step_samples))

    def process(self, pcm: np.ndarray) -> np.ndarray:
        pcm, frames, start = np.ascontiguousarray(pcm, np.int16), [], 0
        frame, ready = (ctypes.c_uint16 * self.channels)(), ctypes.c_bool()
        while start < pcm.size:
            rest = ctypes.c_void_p(pcm.ctypes.data + 2 * start), ctypes.c_size_t(pcm.size - start)
            start += self.library.ww_frontend_process(self.state, *rest, frame, ctypes.byref(ready))
            if ready.value:
                frames.append([self.library.ww_frontend_quantize(ctypes.c_uint16(value)) for value in frame])
        return np.array(frames, np.int8).reshape(-1, self.channels)


@cache
def library_of(described: str) -> ctypes.CDLL:
    return load_front_end(front_end_from(json.loads(described)))


@pytest.mark.parametrize("kind", FRONT_ENDS)
def test_c_equals_numpy(kind: str) -> None:
    front_end = FRONT_ENDS[kind]
    for name, pcm in SIGNALS.items():
        expected = front_end.quantized([pcm])
        assert expected.shape == (front_end.geometry.frames_of(pcm.size), front_end.geometry.channels)
        np.testing.assert_array_equal(CMel(front_end).process(pcm), expected, name)


LEVELS = (-32768, 32767, -32767, 0, 1, -1, 255, -4096)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(list(FRONT_ENDS)), st.integers(0, 2**32 - 1), st.lists(st.sampled_from(LEVELS), min_size=1),
    st.integers(0, 12),
)  # fmt: skip
def test_c_equals_numpy_at_the_extremes(kind: str, seed: int, levels: list[int], spread: int) -> None:
    random = np.random.default_rng(seed)
    pcm = np.repeat(random.choice(levels, 4000 >> (spread % 5)), 1 << (spread % 5)).astype(np.int16)
    if spread > 8:
        pcm[::7] = random.integers(-32768, 32768, pcm[::7].size)
    np.testing.assert_array_equal(CMel(FRONT_ENDS[kind]).process(pcm), FRONT_ENDS[kind].quantized([pcm]))


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(list(FRONT_ENDS)), st.floats(0, 5), st.lists(st.integers(0, 1500), min_size=1, max_size=9))
def test_pieces_of_any_size(kind: str, log_level: float, sizes: list[int]) -> None:
    front_end = FRONT_ENDS[kind]
    pcm = to_pcm(np.random.default_rng(len(sizes)).normal(0, 10**log_level, 4000))
    pieces = np.split(pcm, [cut for cut in np.cumsum(sizes) if cut <= pcm.size])
    expected, c = front_end.quantized([pcm]), CMel(front_end)
    np.testing.assert_array_equal(front_end.quantized(pieces), expected)
    np.testing.assert_array_equal(np.concatenate([c.process(piece) for piece in pieces]), expected)


@pytest.mark.parametrize("core", EMULATED)
@pytest.mark.parametrize("kind", ["40 bands", "slopes of coefficients", "MFE whose bands share bins"])
def test_cores_equal_numpy(core: Target, kind: str, tmp_path: Path) -> None:
    if not emulated(core).available:
        pytest.skip(f"no compiler or emulator for {core}")
    front_end, pcm = FRONT_ENDS[kind], np.concatenate([noise(3000, 0.2), noise(5, 0.2), noise(200000, 0.2)])
    sources, headers = write_front_end(front_end, tmp_path)
    flags = "-O2", f"-DWW_FRONTEND_STEP={front_end.geometry.step_samples}", *(f"-I{path}" for path in headers)
    emulated(core).compile([FIRMWARE_TESTS / "mel" / "features.c", *sources], tmp_path / "program", flags)
    got = np.frombuffer(emulated(core).run(tmp_path / "program", pcm.tobytes()), np.int8)
    np.testing.assert_array_equal(got.reshape(-1, front_end.geometry.channels), front_end.quantized([pcm]))


def test_committed_golden_features_are_the_front_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(FIRMWARE_TESTS)
    for path, text in runpy.run_path(str(FIRMWARE_TESTS / "make_mel_golden.py"))["files"]().items():
        assert path.read_text(encoding="utf-8") == text, path


def in_real_numbers(front_end: MelFrontEnd, pcm: np.ndarray) -> np.ndarray:
    """Levels by the formulas, in octaves."""
    config, tables = front_end.config, front_end.tables
    window, size = front_end.geometry.window_samples, 2 * tables.points
    windows = np.lib.stride_tricks.sliding_window_view(pcm.astype(float), window)[:: front_end.geometry.step_samples]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(window) + 0.5) / window)
    power = np.abs(np.fft.rfft(windows * hann, size)) ** 2
    edges = np.linspace(mel_of(config.lowest_hz), mel_of(config.highest_hz), config.bands + 2)
    pitch = np.array([mel_of(i * 16000 / size) for i in range(size // 2 + 1)])
    rise = (pitch[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - pitch[:, None]) / (edges[2:] - edges[1:-1])
    energy = power @ np.clip(np.minimum(rise, fall), 0, None)
    return np.asarray(np.log2(np.maximum(255 * energy / (1 << 16), 1e-9)))


@pytest.mark.parametrize("kind", ["40 bands", "20 bands of 16 ms", "80 bands of 64 ms"])
@pytest.mark.parametrize("level", [3, 200, 8000])
def test_levels_are_those_of_the_formulas(kind: str, level: float) -> None:
    front_end = FRONT_ENDS[kind]
    pcm = noise(level)
    assert isinstance(front_end, MelFrontEnd)
    expected = in_real_numbers(front_end, pcm)
    got = front_end.features(pcm) / 512
    clear = expected > 1
    assert clear.mean() > 0.5
    assert np.abs(got - expected)[clear].max() < 0.35
    assert np.abs(got - expected)[clear].mean() < 0.02


def test_faint_audio_beside_loud_keeps_its_level() -> None:
    """A tone 50 dB below another, far away in pitch, is as loud as alone."""
    t = np.arange(16000) / 16000
    faint, loud = 60 * np.sin(2 * np.pi * 5000 * t), 19000 * np.sin(2 * np.pi * 400 * t)
    front_end = FRONT_ENDS["40 bands"]
    alone, both = front_end.features(to_pcm(faint)), front_end.features(to_pcm(faint + loud))
    band = int(alone.mean(axis=0).argmax())
    assert np.abs(both[:, band] - alone[:, band]).mean() < 512 // 4


def test_silence_and_full_scale_fit_int8() -> None:
    front_end = FRONT_ENDS["40 bands"]
    assert (front_end.quantized([np.zeros(1000, np.int16)]) == -128).all()
    tone = to_pcm(32767 * np.sin(2 * np.pi * 1000 * np.arange(2000) / 16000))
    assert 100 < front_end.quantized([tone]).max() < 127


@pytest.mark.parametrize("kind", FRONT_ENDS)
def test_reset_forgets(kind: str) -> None:
    stream = FRONT_ENDS[kind].stream()
    stream.process(noise(5000)[:5001])
    stream.reset()
    np.testing.assert_array_equal(stream.process(noise(30)), FRONT_ENDS[kind].features(noise(30)))


def test_coefficients_are_the_cosine_transform_of_the_bands() -> None:
    pcm, config = noise(3000), MfccSettings(bands=40, coefficients=13)
    bands = MelFrontEnd(MelSettings(bands=40)).features(pcm).astype(float)
    k, band = np.arange(13)[:, None], np.arange(40)[None]
    rows = np.where(k == 0, 1.0, math.sqrt(2)) / math.sqrt(40) * np.cos(np.pi * k * (band + 0.5) / 40)
    np.testing.assert_allclose(MfccFrontEnd(config).features(pcm), bands @ rows.T, atol=60)  # of 512 an octave


def test_slopes_are_least_squares_over_five_frames() -> None:
    pcm = noise(3000, 0.3)
    front_end = MelFrontEnd(MelSettings(bands=16, deltas=True))
    values, slopes = np.split(front_end.features(pcm), 2, axis=1)
    np.testing.assert_array_equal(values, MelFrontEnd(MelSettings(bands=16)).features(pcm))
    assert not slopes[0].any()
    for frame in range(4, len(values)):
        expected = np.polyfit(np.arange(5), values[frame - 4 : frame + 1], 1)[0]
        np.testing.assert_allclose(slopes[frame] / 10, expected, atol=1e-6)
    assert not front_end.features(np.zeros(16000, np.int16)).any()


def test_statistics_make_mean_0_and_one_deviation() -> None:
    pcm = np.concatenate([noise(level) for level in (30, 1500, 8000)])
    for front_end in (MelFrontEnd(), MfccFrontEnd()):
        values = front_end.features(pcm)
        features = front_end.normalized(values.mean(axis=0), values.std(axis=0)).quantized([pcm])
        assert np.abs(features.mean(axis=0)).max() < 2
        assert np.abs(features.std(axis=0) - 32).max() < 2


@pytest.mark.parametrize("kind", FRONT_ENDS)
def test_front_ends_go_through_json(kind: str) -> None:
    front_end = FRONT_ENDS[kind]
    again = front_end_from(json.loads(json.dumps(front_end.as_dict())))
    assert again == front_end and type(again) is type(front_end)
    assert again.geometry == front_end.geometry


@pytest.mark.parametrize(
    "change",
    [
        {"bands": 41}, {"offsets": [0] * 39}, {"scales": [0] * 40}, {"scales": [1.0] * 40}, {"offsets": None},
        {"bands": "40"}, {"window_ms": 4000}, {"scales": [1 << 16] * 40}, {"more": 1}, {"bands": 100, "window_ms": 10},
    ],
)  # fmt: skip
def test_descriptions_that_are_none_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        front_end_from({**MelFrontEnd().as_dict(), **change})


def test_settings_that_cannot_be_are_refused() -> None:
    for kind, values in (
        (MelSettings, {"step_ms": 40}), (MelSettings, {"highest_hz": 1000.0, "lowest_hz": 900.0}),
        (MfccSettings, {"bands": 12}), (MelSettings, {"bands": 7}), (MelSettings, {"coefficients": 13}),
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            kind.model_validate(values)
    with pytest.raises(InputError, match=r"frontend\.bands: band 1 of 100 lies between two bins"):
        mel_tables(MelSettings(bands=100, window_ms=10))
    with pytest.raises(InputError, match="3 channels, and it has 40; train again"):
        MelFrontEnd().normalized([1.0] * 3, [1.0] * 3)
    with pytest.raises(TypeError):
        MelFrontEnd().features(np.zeros(1000, np.float32))
