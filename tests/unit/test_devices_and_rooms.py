"""Rooms, microphones and what devices do to a recording: levels, lengths, determinism, and what each is for."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.config import AugmentConfig
from wwtool.data import rooms
from wwtool.data.rooms import can_simulate, simulated_rooms
from wwtool.features.waveform import SCENE, apply_voice
from wwtool.features.waveform.codec import inverse_mdct, mdct
from wwtool.features.waveform.filters import apply_filters
from wwtool.features.waveform.microphone import DEVICES
from wwtool.features.waveform.quantisation import eight_bits, mu_law
from wwtool.features.waveform.studio import Clip, Scene, Sources, Studio
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

NOISE = np.random.default_rng(1).standard_normal(2 * SAMPLE_RATE_HZ, np.float32) * np.float32(0.1)
AT = np.arange(len(NOISE))
SPEECH = (np.sin(AT * 0.15) * (np.sin(AT * 0.0006) > 0.5) * 0.3).astype(np.float32)
_CHANCES = "hum gain_control suppression clipping offset quantisation codec packet_loss microphone room"
ALWAYS: dict[str, Any] = {f"{name}_chance": 1.0 for name in _CHANCES.split()}
DEVICE = (
    "automatic_gain",
    "noise_suppression",
    "mains_hum",
    "clipping",
    "dc_offset",
    "quantisation",
    "codec",
    "packet_loss",
)
needs_rooms = pytest.mark.skipif(not can_simulate(), reason="pyroomacoustics is not installed")


def studio(seed: int = 5, sources: Sources | None = None, **config: Any) -> Studio:
    return Studio(AugmentConfig.model_validate(config), np.random.default_rng(seed), sources or Sources())


def changed(name: str, x: npt.NDArray[np.float32], seed: int = 5, **config: Any) -> npt.NDArray[np.float32]:
    return SCENE[name](Scene(x), studio(seed, **{**ALWAYS, **config})).samples


def level(x: npt.NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64))))


@pytest.mark.parametrize("name", DEVICE)
def test_a_device_changes_what_it_hears_and_keeps_its_length_and_level(name: str) -> None:
    x = SPEECH + NOISE * np.float32(0.02)
    y = changed(name, x)
    assert y.dtype == np.float32
    assert y.shape == x.shape
    assert np.isfinite(y).all()
    assert not np.array_equal(y, x)
    np.testing.assert_array_equal(y, changed(name, x))
    assert not np.array_equal(y, changed(name, x, seed=6)), "another seed, another device"
    assert 0.3 < level(y) / level(x) < 4.0


@pytest.mark.parametrize("name", DEVICE)
def test_a_device_is_off_without_its_chance(name: str) -> None:
    never: dict[str, Any] = dict.fromkeys(ALWAYS, 0.0)
    off = studio(**never)
    scene = Scene(SPEECH)
    assert SCENE[name](scene, off) is scene


@pytest.mark.parametrize("name", DEVICE)
@settings(max_examples=15, deadline=None)
@given(length=st.integers(1, 3000), amplitude=st.sampled_from([0.0, 1e-6, 0.5, 4.0]), seed=st.integers(0, 99))
def test_any_clip_has_a_length_and_finite_samples(name: str, length: int, amplitude: float, seed: int) -> None:
    x = NOISE[:length] * np.float32(amplitude)
    y = changed(name, x, seed)
    assert y.shape == x.shape
    assert np.isfinite(y).all()


def test_automatic_gain_raises_the_quiet_and_not_the_loud() -> None:
    x = np.concatenate([NOISE[:16000], NOISE[:16000] * np.float32(0.05)])
    y = changed("automatic_gain", x, gain_control_db=[20, 20], gain_control_release_s=[0.05, 0.05])
    assert level(y[4000:12000]) == pytest.approx(level(x[4000:12000]), rel=0.3)
    assert 3.0 < level(y[-4000:]) / level(x[-4000:]) < 10.1


def test_noise_suppression_lowers_noise_more_than_speech() -> None:
    loud = np.abs(SPEECH) > 0
    x = SPEECH + NOISE * np.float32(0.05)
    y = changed("noise_suppression", x, suppression_db=[20, 20])
    assert level(y[loud]) == pytest.approx(level(x[loud]), rel=0.1)
    quiet = np.flatnonzero(~loud)[2000:6000]
    assert level(y[quiet]) < 0.5 * level(x[quiet])


def test_clipping_flattens_peaks() -> None:
    y = changed("clipping", SPEECH, clipping_db=[12, 12])
    assert np.abs(y).max() == pytest.approx(np.abs(SPEECH).max(), rel=1e-3)
    assert np.mean(np.abs(y) > 0.9 * np.abs(y).max()) > 1.5 * np.mean(np.abs(SPEECH) > 0.9 * np.abs(SPEECH).max())


def test_offset_and_hum_have_the_level_of_the_config() -> None:
    silence = np.zeros(SAMPLE_RATE_HZ, np.float32)
    assert np.abs(changed("dc_offset", silence, offset_db=[-40, -40])) == pytest.approx(0.01, rel=1e-3)
    hum = changed("mains_hum", silence, hum_db=[-40, -40])
    assert level(hum) == pytest.approx(0.01, rel=1e-3)
    spectrum = np.abs(np.fft.rfft(hum))
    assert int(spectrum.argmax()) % 50 == 0 or int(spectrum.argmax()) % 60 == 0
    assert spectrum[1000:].max() < 0.01 * spectrum.max()


def test_eight_bits_have_few_values_and_mu_law_is_finer_where_it_is_quiet() -> None:
    ramp = np.linspace(-1.2, 1.2, 20001).astype(np.float32)
    for quantised in (eight_bits(ramp), mu_law(ramp)):
        assert len(np.unique(quantised)) <= 256
        assert np.abs(quantised).max() == pytest.approx(1.0, abs=1e-5)
        assert (np.diff(quantised) >= 0).all()
    faint = ramp[np.abs(ramp) < 0.02]
    assert np.abs(mu_law(faint) - faint).max() < 0.3 * np.abs(eight_bits(faint) - faint).max()


def test_the_codec_s_transform_gives_the_sound_back() -> None:
    np.testing.assert_allclose(inverse_mdct(mdct(NOISE), len(NOISE)), NOISE, atol=1e-6)
    spectrum = np.abs(np.fft.rfft(changed("codec", NOISE, codec_hz=[4000, 4000])))
    half = len(spectrum) // 2
    assert spectrum[half + 500 :].mean() < 0.05 * spectrum[:half].mean()
    error = changed("codec", SPEECH, codec_hz=[8000, 8000]) - SPEECH
    assert 0.005 < level(error) / level(SPEECH) < 0.5


def test_lost_packets_are_whole() -> None:
    ones = np.ones(SAMPLE_RATE_HZ, np.float32)
    y = changed("packet_loss", ones, packet_loss=[0.3, 0.3]).reshape(-1, 320)
    assert (y == y[:, :1]).all()
    assert 0.1 < np.mean(y[:, 0] < 1.0) < 0.7


def test_speed_does_not_fold_high_frequencies_down() -> None:
    """A tone of 7 kHz at 1.3 times the speed would be 9.1 kHz, which is no sound at this rate."""
    tone = np.sin(2 * np.pi * 7000 / SAMPLE_RATE_HZ * AT).astype(np.float32)
    y = apply_voice(Clip(tone), studio(speed=[1.3, 1.3], speed_chance=1.0)).samples
    assert level(y[500:-500]) < 0.01


@pytest.mark.parametrize("number", range(len(DEVICES)))
def test_microphones_keep_the_middle_and_lose_what_is_beyond_their_corners(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wwtool.features.waveform.microphone.DEVICES", (DEVICES[number],))
    heard = apply_filters(Clip(NOISE), studio(filters=["microphone"], **ALWAYS)).samples
    gain = np.abs(np.fft.rfft(heard)) / np.abs(np.fft.rfft(NOISE))
    hz = np.linspace(0, SAMPLE_RATE_HZ / 2, len(gain))
    middle = np.median(gain[(hz > 800) & (hz < 2000)])
    assert np.median(gain[hz < 8]) < 0.7 * middle
    spread = np.percentile(gain[(hz > 500) & (hz < 3000)], [5, 95])
    assert spread[1] < 8 * spread[0], "nobody's microphone is a comb"


@needs_rooms
def test_rooms_are_pairs_that_begin_with_the_direct_sound() -> None:
    responses = list(simulated_rooms(12, seed=3))
    assert len(responses) == 24
    assert [r.tobytes() for r in responses] == [r.tobytes() for r in simulated_rooms(12, seed=3)]
    assert [r.tobytes() for r in responses] != [r.tobytes() for r in simulated_rooms(12, seed=4)]
    for response in responses:
        assert response.dtype == np.int16
        assert np.abs(response.astype(int)).max() >= 32766
        assert len(response) < SAMPLE_RATE_HZ
        energy = np.square(response.astype(float))
        assert energy[: len(energy) // 2].sum() > 20 * energy[len(energy) // 2 :].sum(), "it decays"
    assert max(int(np.abs(r.astype(int)).argmax()) for r in responses[::2]) < 0.01 * SAMPLE_RATE_HZ


@needs_rooms
def test_in_a_simulated_room_the_noise_comes_through_the_room_too() -> None:
    pair = [np.array([32767] + [0] * 99, np.int16), np.array([0] * 50 + [32767], np.int16)]
    click = np.zeros(4000, np.int16)
    click[100] = 20000
    sources = Sources(simulated_rooms=pair, noise=[click])
    of_a_room = studio(sources=sources, filters=["room"], room_chance=1.0, simulated_rooms=1.0, recorded_noise=1.0)
    clip = apply_filters(Clip(SPEECH), of_a_room)
    assert clip.from_noise is not None
    np.testing.assert_allclose(clip.samples[: len(SPEECH)], SPEECH / SPEECH.max(), atol=1e-3)
    x = np.zeros(4000, np.float32)
    scene = Scene(x, 0.1, snr_db=(0.0, 0.0), from_noise=clip.from_noise)
    plain, far = (SCENE["background"](s, studio(sources=sources, recorded_noise=1.0)).samples
                  for s in (Scene(x, 0.1, snr_db=(0.0, 0.0)), scene))  # fmt: skip
    assert (int(far.argmax()) - int(plain.argmax())) == 50
    assert level(far) == pytest.approx(level(plain), rel=0.02)


def test_without_the_package_rooms_are_decaying_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyroomacoustics", None)
    monkeypatch.setattr(rooms, "find_spec", lambda name: None)
    assert not can_simulate()
    clip = apply_filters(Clip(SPEECH), studio(filters=["room"], room_chance=1.0, room_seconds=[0.2, 0.2]))
    assert clip.tail_samples == 3200
    assert clip.from_noise is None


def test_computed_sounds_are_backgrounds() -> None:
    tone = (np.sin(np.arange(8000) * 0.5) * 9000).astype(np.int16)
    heard = studio(sources=Sources(sounds=[[tone]]), computed_sounds=1.0)
    y = SCENE["background"](Scene(np.zeros(16000, np.float32), 0.1, snr_db=(0.0, 0.0)), heard).samples
    assert level(y) == pytest.approx(0.1, rel=0.02)
    assert int(np.abs(np.fft.rfft(y)).argmax()) == pytest.approx(0.5 / (2 * np.pi) * 16000, abs=2)
