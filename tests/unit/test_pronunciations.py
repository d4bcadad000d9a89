"""Ways to say the phrase: IPA and spellings that a user gives, and the other endings and stresses of natural voices."""

# ruff: noqa: RUF001 - phonetic letters look like others
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.config import load_config
from wwtool.data import synth
from wwtool.data.synthesizers.espeak import Espeak
from wwtool.data.synthesizers.interface import Utterance
from wwtool.data.texts.sounds import contains, sounds
from wwtool.data.texts.ways import bracketed, heard_ways, phone_names, read_way
from wwtool.errors import InputError
from wwtool.jobs.settings import plan_training
from wwtool.jobs.train import TrainRequest


@pytest.mark.parametrize(
    ("given_way", "language", "phones"),
    [
        ("/kəmˈpjuːɾɚ/", "en-us", "k_ə_m_p_j_ˈuː_ɾ_ɚ"),
        ("/kəmˈpjutər/", "en-us", "k_ə_m_p_j_ˈuː_t_ə_ɹ"),
        ("/ˈd͡ʒɑr.vɪs/", "en-us", "dʒ_ˈɑː_ɹ_v_ɪ_s"),
        ("/heɪ 'dʒɑːrvɪs/", "en-us", "h_eɪ dʒ_ˈɑː_ɹ_v_ɪ_s"),
        ("/kɔmˈpjuːtɐ/", "de", "k_ɔ_m_p_j_ˈuː_t_ə"),
    ],
)
def test_ipa_as_people_write_it_is_read(given_way: str, language: str, phones: str) -> None:
    way = read_way(given_way, "computer", language)
    assert way.phones == phones and way.spelling == "computer"


def test_a_spelling_stands_for_its_sound() -> None:
    way = read_way(" Jar Viss! ", "jarvis", "en-us")
    assert (way.spelling, way.phones) == ("jar viss", "") and way.heard("en-us") == sounds("jar viss", "en-us")


@pytest.mark.parametrize(
    ("given_way", "language", "complaint"),
    [
        ("/kəmˈpʘuːtɚ/", "en-us", "'ʘ', which no voice of en-us says; it has .*ð.*ᵻ"),
        ("/ʕala/", "de", "'ʕ', which no voice of de says"),
        ("/a/", "en-us", "too short"),
        ("/\x1b[2Jla/", "en-us", r"/\\x1b"),
        ("привет", "en-us", "cannot say"),
        ("/" + "la" * 60 + "/", "en-us", "122 characters"),
        ("/kala/", "sw", "does not know the phones of sw"),
    ],
)
def test_what_no_voice_can_say_is_refused(given_way: str, language: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        read_way(given_way, "computer", language)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="əɑɹˈjtkʘɬ/.ː ", max_size=12))
def test_any_ipa_is_read_or_refused_in_a_sentence(text: str) -> None:
    try:
        way = read_way(f"/{text}/", "computer", "en-us")
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert {phone.lstrip("ˈˌ") for word in way.phones.split() for phone in word.split("_")} <= set(
            phone_names("en-us")
        )


def test_espeak_says_phones_as_it_says_the_word() -> None:
    way = read_way("/kəmˈpjuːɾɚ/", "computer", "en-us")
    assert bracketed(way.phones, "en-us") == "[[k|@|m|p|j|'u:|t#|3]]"
    plain = Utterance("computer?", "espeak", "en-us+f2")
    given_phones = Utterance("computer?", "espeak", "en-gb-scotland+f2", accent="en-us", phonemes=way.phones)
    np.testing.assert_array_equal(Espeak().speak(plain), Espeak().speak(given_phones))


def test_each_way_is_heard_as_often_and_nothing_else_sounds_like_one() -> None:
    ways = ("/jɑːɹvɪs/", "garvis")
    plan = synth.plan_phrase("jarvis", 300, pronunciations=ways)
    texts = [utterance.text.strip(".,!?") for utterance in plan]
    assert (texts.count("jarvis"), texts.count("garvis")) == (200, 100)
    assert sum(utterance.phonemes == "j_ɑːɹ_v_ɪ_s" for utterance in plan) == 100
    assert plan == synth.plan_phrase("jarvis", 300, pronunciations=ways) and plan[:100] != plan[100:200]
    near = synth.plan_near_misses("jarvis", 400, pronunciations=("harvest",))
    (heard,) = heard_ways("jarvis", "en-us", ("harvest",))
    assert not any(contains(sounds(utterance.text, "en-us"), heard) for utterance in near)
    assert any(contains(sounds(u.text, "en-us"), heard) for u in synth.plan_near_misses("jarvis", 400))


def test_pronunciations_come_from_config_and_request() -> None:
    request = TrainRequest(platform="host", phrase="jarvis", out=Path("/nowhere"), pronounce=("/jɑːɹvɪs/",))
    assert plan_training(request, lambda _: None).config.synth.pronunciations == ("/jɑːɹvɪs/",)
    with pytest.raises(InputError, match="no voice of en-us says"):
        plan_training(request.model_copy(update={"pronounce": ("/ʘʘʘ/",)}), lambda _: None)
    assert load_config(None).synth.pronunciations == ()
