"""Kinds of negatives: what they hold, that both sides differ, and what a config says of them."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any, ClassVar

import numpy as np
import pytest

from wwtool.config import parse_config
from wwtool.config.negatives import DEFAULT_KINDS
from wwtool.data import casting
from wwtool.data.audio import Audio
from wwtool.data.negatives import KINDS, OTHER_KINDS
from wwtool.data.negatives.kind import Order, Sounds, Spoken
from wwtool.data.sides import held_out
from wwtool.data.synthesizers.espeak import Espeak
from wwtool.data.synthesizers.interface import NaturalSynthesizer, Synthesizer, Utterance
from wwtool.data.texts.lexicon import lexicon
from wwtool.data.texts.phrases import differs_from
from wwtool.data.texts.rhymes import other_beginnings, rhymes, rhyming_words
from wwtool.data.texts.sounds import contains, sounds
from wwtool.errors import InputError
from wwtool.events import ignore
from wwtool.frontend.geometry import SAMPLE_RATE_HZ
from wwtool.jobs.settings import read_config
from wwtool.pipeline.negatives import hours_of_kinds

UNHEARD = {
    "recorded_voices",
    "people",
}  # without a natural voice, training needs the one; tests install none of the other
SPOKEN = {name: kind for name, kind in KINDS.items() if isinstance(kind, Spoken) and name not in UNHEARD}
SOUNDS = {name: kind for name, kind in KINDS.items() if isinstance(kind, Sounds)}
HOURS = 0.003
LONGEST_CLIP_H = 20 / 3600


def order(evaluation: bool = False, phrase: str = "hey computer", **given: Any) -> Order:
    return Order(**{"hours": HOURS, "seed": 1, "evaluation": evaluation, "phrase": phrase, **given})


def test_the_config_and_the_registry_have_the_same_kinds() -> None:
    assert list(DEFAULT_KINDS) == list(KINDS)
    assert not set(KINDS) & set(OTHER_KINDS)
    for name, kind in KINDS.items():
        amounts = DEFAULT_KINDS[name]
        assert kind.trained == (amounts.hours > 0) == (amounts.weight > 0)
        assert kind.counts == (amounts.share > 0), "what nobody says by the hour has no share of a household"
        assert amounts.dev_hours > 0
    assert sum(kind.share for kind in DEFAULT_KINDS.values()) < 1.0


@pytest.mark.parametrize("name", SPOKEN)
@pytest.mark.parametrize("language", ["en-us", "de"])
def test_speech_never_sounds_like_the_phrase_and_each_side_has_its_voices(name: str, language: str) -> None:
    kind = SPOKEN[name]
    plans = {side: kind.plan(order(side, "jarvis", language=language), "seed") for side in (False, True)}
    target = sounds("jarvis", language)
    for side, plan in plans.items():
        assert len(plan) == max(4, round(HOURS * 3600 / kind.seconds))
        assert {held_out(utterance) for utterance in plan} == {side}
        for utterance in plan:
            assert "jarvis" not in utterance.text
            assert not contains(sounds(utterance.text, language), target)
    assert plans[False] == kind.plan(order(False, "jarvis", language=language), "seed")


@pytest.mark.parametrize("name", sorted(set(KINDS) - UNHEARD))
def test_clips_are_as_many_as_ordered_and_the_same_every_time(name: str) -> None:
    speech = [np.random.default_rng(0).integers(-3000, 3000, 3 * SAMPLE_RATE_HZ).astype(np.int16)]
    clips = list(KINDS[name].clips(order(speech=speech)))
    again = list(KINDS[name].clips(order(speech=speech)))
    assert all(clip.dtype == np.int16 and clip.any() for clip in clips)
    assert [clip.tobytes() for clip in clips] == [clip.tobytes() for clip in again]
    hours = sum(map(len, clips)) / SAMPLE_RATE_HZ / 3600
    assert 0.4 * HOURS < hours < 2.0 * HOURS + LONGEST_CLIP_H
    other = list(KINDS[name].clips(order(True, speech=speech)))
    assert not {clip.tobytes() for clip in clips} & {clip.tobytes() for clip in other}


@pytest.mark.parametrize("name", SOUNDS)
def test_sounds_differ_from_clip_to_clip_and_are_not_clipped(name: str) -> None:
    clips = list(KINDS[name].clips(order(hours=0.015)))
    assert len({clip.tobytes() for clip in clips}) == len(clips)
    assert max(int(np.abs(clip.astype(int)).max()) for clip in clips) <= 32767
    assert min(np.mean(np.abs(clip) == 32767) for clip in clips) < 1e-4


def test_languages_leave_out_the_phrase_s_own() -> None:
    def languages_of(kind: str, of: Order) -> set[str]:
        return {utterance.voice.partition("+")[0] for utterance in SPOKEN[kind].plan(of, "seed")}

    languages = languages_of("other_languages", order(language="de", hours=0.1))
    assert not {name for name in languages if name.startswith("de")}
    assert {name.partition("-")[0] for name in languages} > {"en", "fr", "ru", "cmn"}
    unseen = languages_of("unseen_languages", order(True, hours=0.1))
    assert len(unseen) == 3
    assert not unseen & languages


class Natural(NaturalSynthesizer):
    """Speaks English with ten voices."""

    name = title = install = "natural"
    speakers: ClassVar[dict[str, str]] = {f"n{i}": "en-us" for i in range(10)}
    licences: ClassVar[dict[str, str]] = {}
    speed, fingerprint = 100.0, "f"

    @classmethod
    def find(cls) -> Natural:
        return cls()

    def speak(self, utterance: Utterance) -> Audio:
        return np.full(8000, 1000, np.int16)


class Parrot(Synthesizer):
    """Has a voice that is made of recordings."""

    name = title = install = "parrot"

    @classmethod
    def find(cls) -> Parrot:
        return cls()

    def voices(self, language: str) -> list[str]:
        return ["polly"] if language == "en-us" else []

    def speak(self, utterance: Utterance) -> Audio:
        return np.full(8000, 1000, np.int16)


def installed(monkeypatch: pytest.MonkeyPatch, *classes: type[Synthesizer]) -> None:
    members: tuple[type[Synthesizer], ...] = (Espeak, *classes)
    there = {member.name: member.find() for member in members}
    monkeypatch.setattr(casting, "synthesizers", lambda commands=(): there)


def engines(kind: Spoken, of: Order) -> dict[str, int]:
    return dict(Counter(utterance.engine for utterance in kind.plan(of, "seed")))


def test_natural_voices_say_as_many_clips_as_ordered(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, Natural)
    assert engines(SPOKEN["wake_words"], order(natural=7)) == {"espeak": 7, "natural": 7}
    both = [
        {u.voice for u in SPOKEN["wake_words"].plan(order(side, natural=60), "seed") if u.engine == "natural"}
        for side in (False, True)
    ]
    assert both[0] and both[1] and not both[0] & both[1]
    assert "natural" in engines(SPOKEN["other_languages"], order(language="de", hours=0.03, natural=2))
    installed(monkeypatch)
    assert engines(SPOKEN["wake_words"], order(natural=7)) == {"espeak": 7}


def test_recorded_voices_are_for_evaluation_where_natural_ones_train(monkeypatch: pytest.MonkeyPatch) -> None:
    kind, ordered = KINDS["recorded_voices"], order(True, hours=0.02)
    assert isinstance(kind, Spoken)
    texts = ["hello"] * 300
    installed(monkeypatch, Parrot)
    assert engines(kind, ordered) == {}
    assert "parrot" in {u.engine for u in casting.plain_cast(texts, "en-us", Random(1))}
    installed(monkeypatch, Parrot, Natural)
    assert engines(kind, ordered) == {"parrot": 33}
    assert {u.engine for u in casting.plain_cast(texts, "en-us", Random(1))} == {"espeak"}


def test_rhymes() -> None:
    book = lexicon("en-us")
    assert "scooter" in rhyming_words("computer", "en-us", book)
    assert "computer" not in rhyming_words("computer", "en-us", book)
    assert {"marvis", "tomputer"} <= {*other_beginnings("jarvis", "en-us"), *other_beginnings("computer", "en-us")}
    assert "gomputer" not in other_beginnings("computer", "en-us"), "some accents say it so"
    assert other_beginnings("ordinateur", "fr-fr")
    assert not other_beginnings("привет", "ru")
    texts = list(rhymes("hey computer", "en-us", book, Random(0)))
    assert "say computer" in texts
    assert "hey scooter" in texts
    differs = differs_from("hey computer", "en-us")
    assert sum(map(differs, texts)) > 0.9 * len(texts)


def test_a_config_changes_one_key_of_one_kind() -> None:
    config = parse_config({"negatives": {"tones": {"hours": 0.7}}}, "c")
    assert config.negatives["tones"] == DEFAULT_KINDS["tones"].model_copy(update={"hours": 0.7})
    assert {**config.negatives, "tones": None} == {**DEFAULT_KINDS, "tones": None}
    assert hours_of_kinds(config, dev=False)["tones"] == 0.7
    fewer = parse_config({"synth": {"sentence_hours": 0.32}, "negatives": {"tones": {"hours": 0.0}}}, "c")
    assert "tones" not in hours_of_kinds(fewer, dev=False)
    assert hours_of_kinds(fewer, dev=False)["rhymes"] == pytest.approx(DEFAULT_KINDS["rhymes"].hours / 10)


@pytest.mark.parametrize(
    ("negatives", "said"),
    [
        ({"wobble": {"hours": 1}}, "negatives: 'wobble' is not known; it must be one of rhymes, "),
        ({"unseen_languages": {"hours": 1}}, "negatives.unseen_languages.hours: must be 0, because"),
        ({"tones": {"hour": 1}}, "negatives.tones.hour"),
        ({"tones": 3}, "negatives.tones"),
        ([], "negatives"),
    ],
)
def test_wrong_kinds_are_named(negatives: Any, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read_config(None, {"negatives": negatives}, ignore)
    assert said in str(caught.value)
