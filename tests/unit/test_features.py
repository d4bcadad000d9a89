"""Transforms of audio and of spectrograms: what they keep, what a config switches, and that others can be added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wwtool.config import AugmentConfig
from wwtool.config.augment import SpectrogramConfig
from wwtool.data.audio import Audio, to_int16
from wwtool.data.store import write_store
from wwtool.data.utterance import excerpt
from wwtool.errors import InputError
from wwtool.events import ignore
from wwtool.features.pools import PoolJob, load_pool, make_pool
from wwtool.features.recipes import RECIPES, Recipe
from wwtool.features.spectrogram import TRANSFORMS, vary
from wwtool.features.spectrogram.warp import warp
from wwtool.features.tape import Tape
from wwtool.features.waveform import SCENE, VOICE, apply_voice, mix
from wwtool.features.waveform.filters import FILTERS, apply_filters
from wwtool.features.waveform.studio import Clip, Filter, Scene, Sources, Studio
from wwtool.frontend.geometry import SAMPLE_RATE_HZ
from wwtool.jobs.settings import read_config
from wwtool.training.sampler import to_real

NOTHING = Sources()
DISTORTION = SpectrogramConfig(order=SpectrogramConfig().order[1:])


def warping(time: float, channels: float) -> SpectrogramConfig:
    return SpectrogramConfig(time_warp=time, channel_warp=channels)


def test_distortion_keeps_the_floor_and_the_range() -> None:
    x = to_real(np.random.default_rng(0).integers(-128, 128, (64, 30, 40), np.int8))
    y = vary(x, np.random.default_rng(1), DISTORTION)
    assert torch.equal(y, vary(x, np.random.default_rng(1), DISTORTION))
    assert not torch.equal(y, x)
    assert y.min() >= 0.0
    assert y.max() <= 26.0
    assert torch.all(y[x == 0] == 0)


def test_warping_keeps_the_end_of_the_window_and_the_range() -> None:
    x = to_real(np.random.default_rng(0).integers(-128, 128, (64, 60, 40), np.int8))
    assert warp(x, np.random.default_rng(1), warping(0.0, 0.0)) is x
    y = warp(x, np.random.default_rng(1), warping(0.3, 0.0))
    assert torch.equal(y, warp(x, np.random.default_rng(1), warping(0.3, 0.0)))
    assert torch.allclose(y[:, -1], x[:, -1], atol=1e-3)
    moved = (y - x).abs().amax(dim=(1, 2)) > 0.1
    assert 0.4 < moved.float().mean() < 0.95, "some windows keep their rhythm, most do not"
    z = warp(x, np.random.default_rng(1), warping(0.0, 2.0))
    assert not torch.allclose(z, x, atol=1e-2)
    for warped in (y, z):
        assert warped.shape == x.shape
        assert warped.min() >= x.min() - 1e-4
        assert warped.max() <= x.max() + 1e-4


def test_warping_time_plays_a_click_earlier_or_later_and_never_twice() -> None:
    x = torch.zeros(200, 60, 40)
    x[:, 30] = 26.0
    at = warp(x, np.random.default_rng(2), warping(0.3, 0.0)).sum(dim=2).argmax(dim=1)
    assert at.min() < 27
    assert at.max() > 33
    assert (at == 30).float().mean() > 0.2


def studio(sources: Sources = NOTHING, **config: Any) -> Studio:
    return Studio(AugmentConfig.model_validate(config), np.random.default_rng(5), sources)


TONE = np.sin(np.arange(8000) * 0.2).astype(np.float32) * np.float32(0.25)


def test_a_transform_that_is_left_out_is_off() -> None:
    quiet = studio(voice=[], filters=[], scene=[])
    assert apply_voice(Clip(TONE), quiet) == Clip(TONE)
    plain = apply_filters(Clip(TONE), quiet)
    np.testing.assert_allclose(plain.samples, TONE / TONE.max(), atol=1e-4)
    assert plain.tail_samples == 0
    scene = Scene(TONE, 0.2, (2000, 6000), (0.0, 0.0), (0.0, 0.0))
    np.testing.assert_array_equal(mix(scene, quiet), np.rint(TONE * 32768).clip(-32768, 32767))
    assert quiet.random.random() == np.random.default_rng(5).random(), "nothing was drawn"


def test_speed_says_how_much_faster_a_clip_has_become() -> None:
    faster = apply_voice(Clip(TONE), studio(speed=[1.25, 1.25], speed_chance=1.0))
    assert faster.speed == pytest.approx(1.25)
    assert len(faster.samples) == pytest.approx(len(TONE) / 1.25, abs=2)


def test_a_room_leaves_the_speech_its_length_and_adds_a_tail() -> None:
    clip = apply_filters(Clip(TONE), studio(filters=["room"], room_chance=1.0, room_seconds=[0.2, 0.2]))
    assert (clip.speech_samples, clip.tail_samples) == (len(TONE), 3200)
    assert np.abs(clip.samples[len(TONE) :]).max() > 0.0


@pytest.mark.parametrize(("filters", "low", "high"), [("high_pass", 0.2, 0.9), ("band_limit", 0.9, 0.2)])
def test_filters_remove_low_and_high_frequencies(filters: str, low: float, high: float) -> None:
    """Of white noise; the gain below 100 Hz and above 6 kHz, against that at 1 to 2 kHz."""
    config: dict[str, Any] = {"high_pass_hz": [350, 350], "band_limit_hz": [3500, 3500]}
    config |= {"high_pass_chance": 1.0, "band_limit_chance": 1.0}
    noise = np.random.default_rng(1).standard_normal(64000, np.float32)
    out = apply_filters(Clip(noise), studio(filters=[filters], **config)).samples
    gain = np.abs(np.fft.rfft(out) / np.fft.rfft(noise))
    hz = np.linspace(0, 8000, len(gain))
    middle = np.median(gain[(hz > 1000) & (hz < 2000)])
    for part, most in ((hz < 100, low), (hz > 6000, high)):
        relative = np.median(gain[part]) / middle
        assert relative < most if most < 0.5 else relative > most


def test_other_speech_stays_away_from_the_word() -> None:
    x = np.zeros(40000, np.float32)
    around = studio(
        Sources(speech=[np.full(16000, 9000, np.int16)]), scene=["other_speech"], speech_before=1.0, speech_after=1.0
    )
    heard = np.flatnonzero(mix(Scene(x, word=(20000, 26000)), around))
    assert heard.min() < 20000 - 800
    assert heard.max() > 26000 + 800
    assert not ((heard >= 20000 - 800) & (heard < 26000 + 800)).any(), "50 ms before and after"
    assert not mix(Scene(x), around).any(), "where there is no word, nobody speaks around it"


def test_the_background_is_as_loud_as_the_signal_to_noise_ratio_says() -> None:
    scene = Scene(np.zeros(160_000, np.float32), speech_rms=0.1, snr_db=(20.0, 20.0))
    hum = Sources(noise=[np.asarray(np.sin(np.arange(16000) * 0.1) * 5000, np.int16)])
    rms = np.sqrt(np.mean((mix(scene, studio(hum, scene=["background"], recorded_noise=1.0)) / 32768.0) ** 2))
    assert rms == pytest.approx(0.01, rel=0.02)


@pytest.mark.parametrize(("peak", "loudest"), [(1.0, -58.0), (0.02, -60.0), (0.002, -80.0), (0.0, -96.0)])
def test_a_noise_floor_does_not_drown_a_quiet_clip(peak: float, loudest: float) -> None:
    """It stays 26 dB under the peak, and is as loud as ever where that leaves room for it."""
    scene = Scene(np.zeros(16_000, np.float32) + np.float32(peak))
    floors = []
    for seed in range(200):
        made = SCENE["noise_floor"](scene, Studio(AugmentConfig(), np.random.default_rng(seed)))
        floors.append(20 * np.log10(np.std(made.samples - scene.samples)))
    assert max(floors) == pytest.approx(loudest, abs=0.6)
    assert min(floors) == pytest.approx(-96.0, abs=0.6)


def test_most_clips_are_loud_and_some_are_quiet() -> None:
    """The louder of two even draws: half of them above -15.2 dB, a sixteenth below -39 dB."""
    scene, loudness = Scene(TONE, level_db=(-52.0, 0.0)), []
    for seed in range(1000):
        made = SCENE["level"](scene, Studio(AugmentConfig(), np.random.default_rng(seed)))
        loudness.append(20 * np.log10(np.abs(made.samples).max()))
    assert -52.0 <= min(loudness) <= max(loudness) <= 0.01
    assert np.median(loudness) == pytest.approx(-15.2, abs=1.8)
    assert np.mean(np.less(loudness, -39.0)) == pytest.approx(1 / 16, abs=0.02)


@pytest.mark.parametrize("kind", ["positive", "negative"])
@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_other_speech_is_as_often_clean_as_the_phrase(kind: str, share: float) -> None:
    """Or a model would take the lack of a background for the phrase."""
    tape = Scenes()
    drawn = studio(
        voice=[], filters=[], scene=["background"], snr_db=[20, 20], clean_snr_db=[60, 60], clean_share=share
    )
    clip = np.asarray(TONE * 20000, np.int16)
    RECIPES.member(kind).record([clip], 120 if kind == "positive" else 120 * 12 / 3600, drawn, tape)  # 12 s a stretch
    assert len(tape.scenes) >= 100
    assert np.mean([quietest(audio) < 200 for audio in tape.scenes]) == pytest.approx(share, abs=0.12)


@given(st.integers(0, 20000), st.integers(0, 20000), st.integers(0, 20000))
def test_a_piece_of_speech_is_as_long_as_asked_for(samples: int, start: int, length: int) -> None:
    clip = np.resize(np.asarray(TONE * 20000, np.int16), samples)
    start = min(start, max(0, samples - length))
    piece = excerpt(clip, start, length)
    if samples <= max(length, 160):
        assert piece is clip
    else:
        assert 0 < len(piece) <= length + 2 * 1280 + 160
        assert abs(int(piece[0])) + abs(int(piece[-1])) == 0, "it fades in and out"


def test_a_piece_of_speech_begins_and_ends_between_syllables() -> None:
    syllables = np.tile(np.concatenate([np.asarray(TONE[:1600] * 20000, np.int16), np.zeros(1600, np.int16)]), 8)
    for start in range(800, 9000, 700):
        piece = excerpt(syllables, start, 7000)
        loud, _ = runs(piece)
        np.testing.assert_allclose(loud, 0.1, atol=0.011)


@pytest.mark.parametrize("excerpts", [0.0, 1.0])
def test_other_speech_is_heard_in_pieces_as_long_as_a_word(excerpts: float) -> None:
    """Or only the phrase would stand between pauses, and every word that does would be taken for it."""
    tape = Scenes()
    clip = np.asarray(np.resize(TONE, 48000) * 20000, np.int16)
    RECIPES.member("negative").record([clip], 0.02, studio(voice=[], filters=[], scene=[], excerpts=excerpts), tape)
    loud, silent = runs(np.concatenate(tape.scenes))
    shortest, longest, pauses = (0.15, 1.3, (0.65, 1.95)) if excerpts else (2.9, 3.1, (0.0, 0.95))
    assert shortest < min(loud) <= max(loud) < longest
    assert pauses[0] <= min(silent) <= max(silent) < pauses[1]


def runs(audio: Audio) -> tuple[list[float], list[float]]:
    """How long sound lasts between silences, and silence between sounds, in seconds, to 10 ms."""
    loud = audio[: len(audio) // 160 * 160].reshape(-1, 160).any(axis=1)
    parts = np.split(loud, np.flatnonzero(np.diff(loud)) + 1)
    lengths: list[list[float]] = [[len(part) / 100 for part in parts if part[0] == wanted] for wanted in (True, False)]
    return lengths[0], lengths[1]


def quietest(audio: Audio) -> float:
    """The RMS of the quietest tenth of a second: between words, the background's."""
    blocks = audio[: len(audio) // 1600 * 1600].reshape(-1, 1600).astype(np.float64)
    return float(blocks.std(axis=1).min())


class Scenes(Tape):
    """A tape that keeps its audio and makes nothing of it."""

    def __init__(self) -> None:
        super().__init__()
        self.scenes: list[Audio] = []

    def add(self, audio: Audio, word: tuple[int, int] | None = None) -> None:
        self.scenes.append(audio)

    def lasts(self, hours: float) -> bool:
        return sum(map(len, self.scenes)) >= hours * 3600 * SAMPLE_RATE_HZ


def half(scene: Scene, studio: Studio) -> Scene:
    return replace(scene, samples=scene.samples * np.float32(0.5))


def clipped(scene: Scene, studio: Studio) -> Scene:
    return replace(scene, samples=scene.samples.clip(-0.1, 0.1))


def test_transforms_run_in_the_order_of_the_config(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two more are a function and a registration each."""
    monkeypatch.setitem(SCENE, "half", half)
    monkeypatch.setitem(SCENE, "clipped", clipped)
    loudest = {order: int(mix(Scene(TONE), studio(scene=order)).max()) for order in
               (("half", "clipped"), ("clipped", "half"), ("clipped", "half", "half"))}  # fmt: skip
    assert list(loudest.values()) == [3277, 1638, 819]


def test_a_filter_and_a_voice_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FILTERS, "mute", lambda studio: Filter(shape=lambda gain, hz: gain * 0.0))
    monkeypatch.setitem(VOICE, "backwards", lambda clip, studio: replace(clip, samples=clip.samples[::-1]))
    assert not apply_filters(Clip(TONE), studio(filters=["equaliser", "mute"])).samples.any()
    np.testing.assert_array_equal(apply_voice(Clip(TONE), studio(voice=["backwards"])).samples, TONE[::-1])


def test_a_transform_of_spectrograms_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRANSFORMS, "silence", lambda features, random, config: features * 0.0)
    x = torch.ones(2, 30, 40)
    assert vary(x, np.random.default_rng(0), SpectrogramConfig(order=())) is x
    assert not vary(x, np.random.default_rng(0), SpectrogramConfig(order=("warp", "silence"))).any()


def test_a_recipe_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def tones(clips: Sequence[Audio], amount: float, studio: Studio, tape: Tape) -> None:
        for _ in range(int(amount)):
            tape.add(clips[0], (1600, 4800))

    monkeypatch.setitem(RECIPES, "tones", Recipe(tones, "clips"))
    write_store(tmp_path / "clips", [to_int16(TONE)])
    path = make_pool(PoolJob("tones", "tones", str(tmp_path / "clips"), 3, 0, AugmentConfig()), tmp_path)
    pool = load_pool(path, "tones")
    assert pool.positive
    assert (pool.ends - pool.starts).tolist() == [20, 20, 20]


@pytest.mark.parametrize(
    ("key", "members"),
    [
        ("voice", "speed"),
        ("filters", "room, equaliser, microphone, high_pass, band_limit"),
        (
            "scene",
            "other_speech, background, automatic_gain, noise_suppression, level, mains_hum, noise_floor, clipping, "
            "dc_offset, quantisation, codec, packet_loss",
        ),
        ("spectrogram.order", "warp, gain_drift, channel_mask, frame_mask"),
    ],
)
def test_an_unknown_transform_is_named_with_its_key(tmp_path: Path, key: str, members: str) -> None:
    section, _, last = f"augment.{key}".rpartition(".")
    sections = section.split(".")
    values: dict[str, object] = {last: ["wobble"]}
    for name in reversed(sections):
        values = {name: values}
    with pytest.raises(InputError) as caught:
        read_config(None, values, ignore)
    assert str(caught.value) == f"config: augment.{key}: 'wobble' is not known; it must be one of {members}"


def test_what_training_alone_draws_leaves_the_pools_their_names() -> None:
    """Pools take minutes to make; transforms of spectrograms do not touch them."""
    job = PoolJob("n", "noise", None, 1.0, 1, AugmentConfig())
    other = replace(job, augment=AugmentConfig(spectrogram=SpectrogramConfig(time_warp=0.0)))
    assert job.key == other.key
    assert job.key != replace(job, augment=AugmentConfig(noise_floor_db=(-70.0, -60.0))).key
