"""Synthesisers, phrases made from the wake word, and the folder they fill."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.data import casting, espeak, synth
from wwtool.data.audio import Audio, read_audio
from wwtool.data.synthesizers import registry
from wwtool.data.synthesizers.interface import Synthesizer, Utterance
from wwtool.data.synthesizers.registry import installed_synthesizers
from wwtool.data.texts import phrases
from wwtool.data.texts.lexicon import lexicon
from wwtool.data.texts.sounds import contains, sounds
from wwtool.doctor.findings import _voices
from wwtool.errors import InputError

PHRASES = ["hey computer", "computer", "jarvis", "snowboy", "okay nabu", "hey, O'Brien!"]


def test_the_same_request_gives_the_same_samples_whatever_came_before() -> None:
    def request() -> np.ndarray:
        return espeak.say("hey computer", "en-us+f3")

    first = request()
    assert 8000 < first.size < 32000 and np.abs(first.astype(int)).max() > 3000
    others = (
        lambda: espeak.say("hey computer", "en-us+f3", pitch=90, range_=99),
        lambda: espeak.say("a long sentence, slowly. And another?", "de+m3", words_per_minute=90),
        lambda: espeak.say("breathy", "en-gb-scotland+klatt2"),
        lambda: espeak.phonemes("bonjour", "fr"),
    )
    for other in others:
        other()
        np.testing.assert_array_equal(request(), first)


def test_parameters_are_heard() -> None:
    slow = espeak.say("hey computer", words_per_minute=100)
    fast = espeak.say("hey computer", words_per_minute=250)
    assert slow.size > 1.3 * fast.size
    assert not np.array_equal(espeak.say("hey computer", pitch=10), espeak.say("hey computer", pitch=90))


def test_voices() -> None:
    assert espeak.accents("en-us")[0] == "en-us"
    assert {"en-029", "en-gb-scotland", "en-gb-x-rp", "en-us-nyc"} <= set(espeak.accents("en-us"))
    assert espeak.accents("en-GB")[0] == "en-gb" and espeak.accents("tlh-none") == ()
    for voice in ("en-gb", "en-us+Alex", "de", "fr-fr+f2"):
        assert espeak.say("computer", voice).size > 4000
    with pytest.raises(InputError, match="no voice 'xx-none'"):
        espeak.say("computer", "xx-none")


@pytest.mark.parametrize("name", ["flite", "festival"])
def test_optional_engines(name: str) -> None:
    engine = installed_synthesizers().get(name)
    if engine is None:
        pytest.skip(f"{name} is not installed")
    assert engine.voices("de") == []
    voice = engine.voices("en-us")[-1]
    slow, fast = (engine.speak(Utterance("computer", name, voice, rate=rate)) for rate in (0.7, 1.4))
    assert slow.size > 1.3 * fast.size > 5000


@pytest.mark.parametrize(
    ("phrase", "complaint"),
    [
        ("", "is empty"),
        (" \t\n", "is empty"),
        ("...!?", "is empty"),
        ("🎉", "not spoken"),
        ("hey 🎉 computer", "not spoken"),
        ("hey <b>", "not spoken"),
        ("привет", "cannot say"),
        ("computer" * 8, "64 characters"),
        ("a", "too short"),
    ],
)
def test_phrases_that_cannot_be_spoken(phrase: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        phrases.normalize_phrase(phrase)
    with pytest.raises(InputError):
        phrases.near_misses(phrase, 10)


def test_phrases_are_normalized() -> None:
    assert phrases.normalize_phrase("  Hey,\tComputer! ") == "hey computer"
    assert phrases.normalize_phrase("O\u2019Brien") == "o'brien"
    assert phrases.normalize_phrase("privet", "ru") == "privet"
    with pytest.raises(InputError, match="no voice for the language"):
        phrases.normalize_phrase("hey", "qq")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=70))
def test_any_text_is_a_phrase_or_an_input_error(text: str) -> None:
    try:
        phrase = phrases.normalize_phrase(text)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert phrases.normalize_phrase(phrase) == phrase


@pytest.mark.parametrize("phrase", PHRASES)
def test_near_misses_are_near_and_miss(phrase: str) -> None:
    texts = phrases.near_misses(phrase, 300, seed=3)
    assert texts == phrases.near_misses(phrase, 300, seed=3) != phrases.near_misses(phrase, 300, seed=4)
    assert len(set(texts)) > 250
    target = sounds(phrases.normalize_phrase(phrase), "en-us")
    assert not any(contains(sounds(text, "en-us"), target) for text in texts)


def test_homophones_are_not_near_misses() -> None:
    assert sounds("hay computer", "en-us") == sounds("hey computer", "en-us")
    assert not {"hay computer", "hey computers"} & set(phrases.near_misses("hey computer", 1000))
    assert "hey commuter" in phrases.near_misses("hey computer", 1500)
    assert "computer hey" in phrases.near_misses("hey computer", 1500)


def test_nearest_words() -> None:
    distances, words = zip(*lexicon("en-us").nearest(sounds("computer", "en-us"), 10), strict=True)
    assert words[0] == "computer" and distances[0] == 0 and {"commuter", "compute"} <= set(words)
    assert list(distances) == sorted(distances)


def test_sentences() -> None:
    texts = phrases.sentences(400, seed=1, avoid="house")
    assert texts == phrases.sentences(400, seed=1, avoid="house")
    assert not any("house" in text for text in texts)
    assert any("house" in text for text in phrases.sentences(400, seed=1))
    assert len(set(texts)) > 350
    assert len(phrases.sentences(5, language="de", avoid="alfred")) == 5


def test_a_phrase_that_is_everywhere_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wwtool.data.texts.sentence_templates.english", lambda *_: "the thing is here.")
    with pytest.raises(InputError, match="almost every sentence"):
        phrases.sentences(3, avoid="thing")


def test_a_folder_is_made_resumed_and_repeatable(tmp_path: Path) -> None:
    def make(folder: Path) -> synth.SynthReport:
        return synth.synthesize("snowboy", folder, 12, 8, 0.002, seed=5, processes=1)

    report = make(tmp_path / "a")
    assert (report.made, report.kept) == (23, 0)
    assert report.clips == {"positive": 12, "hard_negative": 8, "negative": 3}
    with (tmp_path / "a/index.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 23 and all((tmp_path / "a" / row["path"]).is_file() for row in rows)
    contents = {row["path"]: (tmp_path / "a" / row["path"]).read_bytes() for row in rows}

    lost = [row["path"] for row in rows[::3]]
    for path in lost:
        (tmp_path / "a" / path).unlink()
    assert make(tmp_path / "a").made == len(lost)
    make(tmp_path / "b")
    for path, content in contents.items():
        assert (tmp_path / "a" / path).read_bytes() == content == (tmp_path / "b" / path).read_bytes()

    plan = [clip for clip in synth.plan_all("snowboy", 12, 8, 3, seed=5) if clip.label == "positive"]
    for clip, audio in zip(plan, synth.render([c.utterance for c in plan]), strict=True):
        np.testing.assert_array_equal(read_audio(tmp_path / "a" / clip.path), audio)


def test_processes_give_what_one_gives() -> None:
    plan = [u for u in synth.plan_phrase("jarvis", 320) if u.engine == "espeak"][:301]
    for one, many in zip(synth.render(plan, 1), synth.render(plan, 2), strict=True):
        np.testing.assert_array_equal(one, many)


class Whistle(Synthesizer):
    """Says everything in one tone."""

    name, title, recorded, install = "whistle", "Whistle", False, "pucker up"

    @classmethod
    def find(cls) -> Whistle:
        return cls()

    def voices(self, language: str) -> list[str]:
        return ["low"] if language == "bird" else []

    def speak(self, utterance: Utterance) -> Audio:
        return np.full(len(utterance.text), 7, np.int16)


def test_a_synthesizer_is_one_class_and_one_registration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.SYNTHESIZERS, Whistle.name, Whistle)
    casting.synthesizers.cache_clear()
    try:
        (utterance,) = casting.plain_cast(["tweet"], "bird", Random(0))
        assert (utterance.engine, utterance.voice) == ("whistle", "low")
        assert [len(audio) for audio in synth.render([utterance], 1)] == [5]
        assert "Whistle" in [finding.tool for finding in _voices()]
    finally:
        casting.synthesizers.cache_clear()


def test_nobody_compares_the_name_of_a_synthesizer() -> None:
    package = Path(synth.__file__).parents[1]
    compared = re.compile(rf"[=!]=\s*[\"']({'|'.join(registry.SYNTHESIZERS)})[\"']")
    assert not [path for path in package.rglob("*.py") if compared.search(path.read_text(encoding="utf-8"))]
