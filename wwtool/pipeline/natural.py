"""The stores of natural voices, beside those of the other synthetic voices: phrase, near misses and sentences.

Voices for evaluation say what is in ``dev``, the others what is in ``train``. Without a natural voice that speaks the
language there are no such stores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

from wwtool.config import SynthConfig
from wwtool.data.audio import Audio
from wwtool.data.casting import natural_cast, natural_synthesizers
from wwtool.data.espeak import phonemes
from wwtool.data.synth import SECONDS_PER_SENTENCE, plan_near_misses, plan_phrase, plan_sentences, render
from wwtool.data.synthesizers.interface import Utterance
from wwtool.data.texts.phrases import normalize_phrase
from wwtool.data.texts.pronunciations import written
from wwtool.data.texts.ways import another_way
from wwtool.data.texts.word_list import read_words
from wwtool.data.voices import Speakers

Keep = Callable[[str, Iterable[Audio], Speakers], None]
Count = Callable[[Iterable[Audio], int, str], Iterable[Audio]]

STORES = ("positive_natural", "near_natural", "sentences_natural")
_OTHER_WAYS = 0.3
_SEED = 70_000  # other texts and deliveries than those of the other voices
_DEV_POSITIVES, _DEV_NEAR_MISSES, _DEV_SENTENCE_HOURS = 100, 75, 0.05


def natural_inputs(config: SynthConfig) -> list[str]:
    """What the natural stores depend on besides the config: the synthesizers, by their fingerprints."""
    return [synthesizer.fingerprint for synthesizer in natural_synthesizers(config.language, config.commands)]


def make_natural(phrase: str, config: SynthConfig, dev_positives: bool, keep: Keep, counted: Count) -> None:
    """Synthesises the stores.

    Args:
        phrase: the wake word.
        config: how much, and in which language.
        dev_positives: whether the phrase is also said for evaluation.
        keep: writes a store of that name.
        counted: passes clips on and tells how many of all there are.
    """
    words = read_words(config.words) if config.words else None
    near, ordinary = (partial(plan, words=words) for plan in (_plan_near, plan_sentences))

    def say(name: str, plan: Callable[..., list[Utterance]], count: int, prefer_fast: bool = False) -> None:
        dev = name.startswith("dev/")
        cast = natural_cast(held_out=dev, prefer_fast=prefer_fast, commands=config.commands)
        if not count:
            return
        seed, ways = config.seed + _SEED + dev, config.pronunciations
        utterances = plan(phrase, count, seed, config.language, cast=cast, pronunciations=ways)
        speakers = Speakers("synthetic", len({utterance.speaker for utterance in utterances}))
        if utterances:
            keep(name, counted(render(utterances, commands=config.commands), len(utterances), name), speakers)

    say("train/positive_natural", _plan_phrase, config.natural_positives)
    say("train/near_natural", near, config.natural_near_misses)
    say("train/sentences_natural", ordinary, _sentences(config.natural_sentence_hours), prefer_fast=True)
    if dev_positives:
        say("dev/positive_natural", _plan_phrase, min(_DEV_POSITIVES, config.natural_positives))
    say("dev/near_natural", near, min(_DEV_NEAR_MISSES, config.natural_near_misses))
    dev_hours = min(_DEV_SENTENCE_HOURS, config.natural_sentence_hours)
    say("dev/sentences_natural", ordinary, _sentences(dev_hours), prefer_fast=True)


def _plan_phrase(phrase: str, count: int, seed: int, language: str, **settings: Any) -> list[Utterance]:
    """The phrase, now and then with another ending, other stresses or full vowels."""
    random = Random(f"ways {seed} {phrase} {language}")
    plan = plan_phrase(phrase, count, seed, language, **settings)
    return [_varied(said, random) if normalize_phrase(said.text, language) == phrase else said for said in plan]


def _plan_near(phrase: str, count: int, seed: int, language: str, **settings: Any) -> list[Utterance]:
    """Near misses, as often with other stresses as the phrase: how it is said must not tell what is said."""
    random = Random(f"near ways {seed} {phrase} {language}")
    return [_varied(said, random) for said in plan_near_misses(phrase, count, seed, language, **settings)]


def _varied(said: Utterance, random: Random) -> Utterance:
    if said.phonemes or random.random() >= _OTHER_WAYS:
        return said
    return replace(said, phonemes=written(another_way(phonemes(said.text, said.accent), random)))


def _sentences(hours: float) -> int:
    return round(hours * 3600 / SECONDS_PER_SENTENCE)
