"""Natural voices: who is cast, how a voice is reshaped, what is kept, and the stores that they fill."""

# ruff: noqa: RUF001 - phonetic letters look like others

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool import events
from wwtool.config import SynthConfig
from wwtool.data import casting, clip_cache, synth
from wwtool.data.audio import Audio, write_audio
from wwtool.data.installed_voices import VoiceDescription, describe_files, write_description
from wwtool.data.shaping import VOICINGS, Shape, reshape
from wwtool.data.synthesizers import onnx_session, registry
from wwtool.data.synthesizers.interface import NaturalSynthesizer, Utterance
from wwtool.data.synthesizers.kokoro import Kokoro
from wwtool.data.synthesizers.kokoro_alphabet import spelled
from wwtool.data.texts.foreign import ACCENTS
from wwtool.data.texts.pronunciations import spoken_parts
from wwtool.pipeline.natural import make_natural
from wwtool.pipeline.stages import Stages
from wwtool.pipeline.voices_used import tell_voices, voices_used, without_natural_voices

RATE = 16000
ENGLISH = tuple(f"e{number}" for number in range(10))


class Choirboys(NaturalSynthesizer):
    """Ten English voices and three Japanese visitors, who sing."""

    name, title, install, licence = "choirboys", "Choirboys", "hire them", "CC0-1.0"
    speed = 50.0
    blends = speaks_abroad = True
    spoken: tuple[Utterance, ...] = ()

    @classmethod
    def find(cls) -> Choirboys:
        return cls()

    @property
    def speakers(self) -> dict[str, str]:
        return {**dict.fromkeys(ENGLISH, "en-us"), **dict.fromkeys(("j1", "j2", "j3"), "")}

    @property
    def licences(self) -> dict[str, str]:
        return {"choirboys": self.licence}

    @property
    def fingerprint(self) -> str:
        return "1"

    def speak(self, utterance: Utterance) -> Audio:
        self.spoken = (*self.spoken, utterance)
        return tone(200 + 10 * len(utterance.voice), len(utterance.text) / 15 / utterance.rate)


@pytest.fixture
def choirboys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Choirboys]:
    monkeypatch.setenv("WWTOOL_HOME", str(tmp_path / "home"))
    choir = Choirboys()
    monkeypatch.setattr(casting, "synthesizers", lambda _=(): {choir.name: choir})
    monkeypatch.setattr(synth, "synthesizers", lambda _=(): {choir.name: choir})
    casting.held_out_voices.cache_clear()
    yield choir
    casting.held_out_voices.cache_clear()


def tone(hertz: float, seconds: float = 0.8) -> Audio:
    """A voice-like tone: a pulse train through two resonances, which stand for formants."""
    time = np.arange(int(RATE * seconds)) / RATE
    harmonics = np.arange(1, int(7000 / hertz)) * hertz
    level = 1 / (1 + ((harmonics - 700) / 150) ** 2) + 0.5 / (1 + ((harmonics - 2400) / 200) ** 2)
    x = (level[:, None] * np.sin(2 * np.pi * harmonics[:, None] * time)).sum(axis=0)
    return np.asarray(x / np.abs(x).max() * 12000, np.int16)


def pitch_of(audio: Audio) -> float:
    middle = audio[len(audio) // 4 :][:2048].astype(float) * np.hanning(2048)
    correlation = np.correlate(middle, middle, "full")[2047:]
    return float(RATE / (40 + correlation[40:100].argmax()))


def centroid_of(audio: Audio) -> float:
    level = np.abs(np.fft.rfft(audio.astype(float))) ** 2
    return float((level * np.fft.rfftfreq(len(audio), 1 / RATE)).sum() / level.sum())


def test_pitch_and_tract_move_apart() -> None:
    voice = tone(200)
    higher, shorter = reshape(voice, Shape(pitch=1.3)), reshape(voice, Shape(tract=0.8))
    assert pitch_of(higher) == pytest.approx(260, rel=0.03) and pitch_of(shorter) == pytest.approx(200, rel=0.03)
    assert centroid_of(shorter) > 1.15 * centroid_of(voice)
    assert centroid_of(higher) == pytest.approx(centroid_of(voice), rel=0.2)
    assert len(higher) == pytest.approx(len(voice) / 1.3, rel=0.01) and len(shorter) == len(voice)


def test_a_rising_contour_ends_higher_and_tremor_trembles() -> None:
    rising = reshape(tone(200), Shape(contour=(1.0, 1.0, 1.2)))
    assert pitch_of(rising[-3000:]) > 1.08 * pitch_of(rising[:3072])
    trembling = reshape(tone(200), Shape(tremor=0.03))
    assert 0.95 < len(trembling) / len(tone(200)) < 1.05
    assert not np.array_equal(trembling[:8000], tone(200)[:8000])


def test_a_whisper_has_no_pitch_and_a_shout_more_above() -> None:
    voice = tone(200)
    whisper, shout = (reshape(voice, Shape(voicing=name)) for name in ("whisper", "shout"))
    frames = whisper[4096:8192].astype(float) * np.hanning(4096)
    correlation = np.correlate(frames, frames, "full")[4095:]
    assert correlation[40:320].max() < 0.5 * correlation[0]
    assert centroid_of(shout) > 1.2 * centroid_of(voice)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0.7, 1.2), st.floats(0.8, 1.6), st.floats(0, 0.04), st.sampled_from(sorted(VOICINGS)),
    st.integers(0, 3000),
)  # fmt: skip
def test_any_shape_is_audible_repeatable_and_not_clipped(
    tract: float, pitch: float, tremor: float, voicing: str, samples: int
) -> None:
    voice, shape = tone(180)[: samples * 4], Shape(tract, pitch, tremor, voicing=voicing)
    once = reshape(voice, shape)
    np.testing.assert_array_equal(once, reshape(voice, shape))
    assert once.dtype == np.int16 and np.abs(once.astype(int)).max(initial=0) <= 0.91 * 32768
    assert len(once) == pytest.approx(len(voice) / pitch, abs=0.05 * len(voice) + 4)
    if samples > 300:
        assert np.abs(once.astype(int)).max() > 2000


def test_no_voice_is_heard_on_both_sides(choirboys: Choirboys) -> None:
    texts = ["hey computer"] * 800
    sides = [casting.natural_cast(held_out=side)(texts, "en-us", Random(1)) for side in (False, True)]
    train, dev = ({voice for utterance in side for voice in utterance.voices} for side in sides)
    assert not train & dev and {*ENGLISH, "j1", "j2", "j3"} == train | dev
    assert len(dev & set(ENGLISH)) == 2
    assert len({utterance.speaker for utterance in sides[0]}) > 500
    foreign = [utterance for utterance in sides[0] if utterance.voice not in ENGLISH]
    assert 120 < len(foreign) < 240 and all(said.phonemes and said.accent in ACCENTS for said in foreign)
    assert not any(said.phonemes for said in sides[0] if said.voice in ENGLISH)
    long = casting.natural_cast(held_out=False)(["turn on the light in the kitchen"] * 100, "en-us", Random(1))
    assert all(said.voice in ENGLISH and not said.phonemes for said in long)
    again = casting.natural_cast(held_out=False)(texts, "en-us", Random(1))
    assert sides[0] == again
    assert casting.natural_cast(held_out=False)(texts, "de", Random(1)) == []


def test_shares_of_a_blend_are_those_of_a_person(choirboys: Choirboys) -> None:
    cast = casting.natural_cast(held_out=False)(["hey computer"] * 500, "en-us", Random(2))
    assert all(-0.31 < sum(share for _, share in utterance.mix) <= 1.0 for utterance in cast)
    assert {len(utterance.mix) for utterance in cast} == {0, 1, 2}
    assert {utterance.shape.voicing for utterance in cast} == set(VOICINGS)
    children = [utterance for utterance in cast if utterance.shape.tract < 0.9]
    assert 30 < len(children) < 100 and all(utterance.shape.pitch >= 1.15 for utterance in children)


def test_what_was_said_is_not_said_again(choirboys: Choirboys, tmp_path: Path) -> None:
    plan = synth.plan_phrase("hey computer", 12, cast=casting.natural_cast(held_out=False))
    first = list(synth.render(plan, 1))
    count = len(choirboys.spoken)
    assert count == len(set(plan)) and clip_cache.cache_folder() == tmp_path / "home/clips"
    for one, other in zip(first, synth.render(plan, 1), strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(choirboys.spoken) == count
    damaged = next((tmp_path / "home/clips").glob("*/*.flac"))
    damaged.write_bytes(b"fLaC and nothing else")
    list(synth.render(plan, 1))
    assert len(choirboys.spoken) == count + 1


def test_the_clips_that_nobody_used_go_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WWTOOL_HOME", str(tmp_path))
    keys = [f"{number:02d}aa" for number in range(10)]
    for age, key in enumerate(keys):
        clip_cache.save(key, tone(200 + age))
        os.utime(tmp_path / "clips" / key[:2] / f"{key}.flac", (1e9 - age, 1e9 - age))
    assert clip_cache.load(keys[9]) is not None  # used just now
    size = sum(path.stat().st_size for path in tmp_path.rglob("*.flac"))
    clip_cache.shrink(size)
    assert len(list(tmp_path.rglob("*.flac"))) == 10
    clip_cache.shrink(size // 2)
    left = {path.stem for path in tmp_path.rglob("*.flac")}
    assert keys[9] in left and keys[0] in left and keys[8] not in left and 3 <= len(left) <= 5


def test_stores_of_natural_voices(choirboys: Choirboys) -> None:
    stores: dict[str, tuple[int, int | None]] = {}
    keys = ("natural_positives", "natural_near_misses", "natural_words", "natural_sentence_hours")
    config = SynthConfig(**dict(zip(keys, (9, 5, 4, 0.002), strict=True)))
    make_natural(
        "jarvis", config, True,
        lambda name, clips, speakers: stores.update({name: (len(list(clips)), speakers.count)}),
        lambda clips, total, name: clips,
    )  # fmt: skip
    assert {name: clips for name, (clips, _) in stores.items()} == {
        "train/positive_natural": 9, "train/near_natural": 5, "train/words_natural": 4, "train/sentences_natural": 3,
        "dev/positive_natural": 9, "dev/near_natural": 5, "dev/sentences_natural": 3,
    }  # fmt: skip
    off = SynthConfig(**dict.fromkeys(keys, 0))
    make_natural("jarvis", off, True, lambda *_: pytest.fail("nothing is asked for"), lambda clips, *_: clips)


def test_voices_and_licences_are_told_and_what_is_missing(
    choirboys: Choirboys, monkeypatch: pytest.MonkeyPatch
) -> None:
    (use,) = voices_used(SynthConfig())
    assert (use.name, use.licence, use.natural, use.voices) == ("choirboys", "CC0-1.0", True, 10)
    assert without_natural_voices(SynthConfig()) is None
    assert "raise it" in (without_natural_voices(SynthConfig(natural_positives=0)) or "")
    missing = without_natural_voices(SynthConfig(language="de")) or ""
    assert "no natural voice for de" in missing and "will miss most" in missing
    assert "wwtool voices get de_DE-" in missing
    monkeypatch.setattr(onnx_session, "is_installed", lambda: False)
    assert (without_natural_voices(SynthConfig(language="de")) or "").endswith(", and pip install onnxruntime")
    assert "wwtool voices add PATH" in (without_natural_voices(SynthConfig(language="eu")) or "")
    told: list[events.Event] = []
    stages = Stages(Path(), told.append)
    tell_voices(stages, SynthConfig())
    assert told == [events.Note("voices: choirboys (CC0-1.0)")]


@pytest.mark.parametrize(
    ("text", "accent", "letters"),
    [
        ("hey computer", "en-us", "hˈA kəmpjˈuTəɹ"),
        ("hey computer", "en-gb", "hˈA kəmpjˈuːtə"),
        ("jarvis", "en-us", "ʤˈɑɹvɪs"),
        ("snowboy", "en-gb", "snˈQbY"),
        ("little fire bird", "en-us", "lˈɪTᵊl fˈIəɹ bˈɜɹd"),
        ("cat", "en-gb", "kˈat"),
        ("ciao", "it", "ʧˈao"),
        ("buenos dias", "es", "bwˈenos ðjˈas"),
    ],
)
def test_phones_are_written_in_kokoros_alphabet(text: str, accent: str, letters: str) -> None:
    words = [part for part in spoken_parts(text, accent) if not isinstance(part, str)]
    alphabet = {chr(code) for code in range(0x20, 0x300)} | set("ᵊʤʧθ")
    assert " ".join(spelled(word, accent, alphabet) for word in words) == letters


def test_punctuation_stands_where_it_stood() -> None:
    assert spoken_parts("hey, you!", "en-us") == [("h", "ˈeɪ"), ",", ("j", "uː"), "!"]
    assert spoken_parts("hey you?", "en-us", "h_ˈɛ j_ɑ") == [("h", "ˈɛ"), ("j", "ɑ"), "?"]


def test_kokoro_needs_a_voice_and_a_runtime(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WWTOOL_HOME", str(tmp_path))
    assert Kokoro.find() is None
    folder = tmp_path / "voices/kokoro"
    write_audio(folder / "kokoro.wav", tone(200))
    description = VoiceDescription(
        name="kokoro", engine="kokoro", title="no model", languages=("en-us",), speakers=1, licence="none",
        source="here", files=describe_files(folder, ["kokoro.wav"]),
    )  # fmt: skip
    write_description(folder, description)
    monkeypatch.setattr(onnx_session, "is_installed", lambda: False)
    assert Kokoro.find() is None
    monkeypatch.setattr(onnx_session, "is_installed", lambda: True)
    kokoro = Kokoro.find()
    assert kokoro is not None and kokoro.licences == {"kokoro": "none"} and kokoro.voices("en-us") == []


@pytest.fixture
def kokoro(monkeypatch: pytest.MonkeyPatch) -> Kokoro:
    monkeypatch.setenv("WWTOOL_HOME", os.environ.get("WWTOOL_TEST_HOME", "/nowhere"))
    found = registry.installed_synthesizers().get("kokoro")
    if not isinstance(found, Kokoro):
        pytest.skip("Kokoro is not installed")
    return found


def test_kokoro_speaks(kokoro: Kokoro) -> None:
    assert len(kokoro.voices("en-us")) == len(kokoro.voices("en-gb")) == 28 and kokoro.voices("de") == []
    assert "jf_alpha" in kokoro.visitors("en-us") and kokoro.visitors("ja") == []
    normal = Utterance("hey computer", "kokoro", "af_heart", accent="en-us")
    slow, fast = (kokoro.speak(Utterance("hey computer", "kokoro", "am_adam", rate=rate)) for rate in (0.7, 1.4))
    clip = kokoro.speak(normal)
    np.testing.assert_array_equal(clip, kokoro.speak(normal))
    blend = kokoro.speak(Utterance("hey computer", "kokoro", "af_heart", mix=(("bm_lewis", 0.5),), prosody="am_adam"))
    for audio in (clip, slow, fast, blend):
        loud = np.flatnonzero(np.abs(audio.astype(int)) > 500)
        assert 3000 < np.abs(audio.astype(int)).max() < 32767
        assert 0.4 < (loud[-1] - loud[0]) / RATE < 2.2 and loud[-1] < len(audio) - 200, "cut off"
    assert len(slow) > 1.3 * len(fast) and not np.array_equal(blend[:5000], clip[:5000])
