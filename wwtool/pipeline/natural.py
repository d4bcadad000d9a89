"""The stores of natural voices, beside those of the other synthetic voices: phrase, near misses, words, sentences.

Voices for evaluation say what is in ``dev``, the others what is in ``train``. Without a natural voice that speaks the
language there are no such stores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from wwtool.config import SynthConfig
from wwtool.data.audio import Audio
from wwtool.data.casting import natural_cast, natural_synthesizers
from wwtool.data.synth import SECONDS_PER_SENTENCE, plan_near_misses, plan_phrase, plan_sentences, plan_words, render
from wwtool.data.synthesizers.interface import Utterance
from wwtool.data.texts.word_list import read_words
from wwtool.data.voices import Speakers

Keep = Callable[[str, Iterable[Audio], Speakers], None]
Count = Callable[[Iterable[Audio], int, str], Iterable[Audio]]

STORES = ("positive_natural", "near_natural", "words_natural", "sentences_natural")
_SEED, _FAST_SEED = 70_000, 80_000  # other texts and deliveries than those of the other voices
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
    near, single, ordinary = (partial(plan, words=words) for plan in (plan_near_misses, plan_words, plan_sentences))

    def say(name: str, plan: Callable[..., list[Utterance]], count: int, prefer_fast: bool = False) -> None:
        if not count:
            return
        dev, first = name.startswith("dev/"), _FAST_SEED if prefer_fast else _SEED
        cast = natural_cast(held_out=dev, prefer_fast=prefer_fast, commands=config.commands)
        seed, ways = config.seed + first + dev, config.pronunciations
        utterances = plan(phrase, count, seed, config.language, cast=cast, pronunciations=ways)
        speakers = Speakers("synthetic", len({utterance.speaker for utterance in utterances}))
        if utterances:
            keep(name, counted(render(utterances, commands=config.commands), len(utterances), name), speakers)

    say("train/positive_natural", plan_phrase, config.natural_positives)
    say("train/near_natural", near, config.natural_near_misses)
    say("train/words_natural", single, config.natural_words, prefer_fast=True)
    say("train/sentences_natural", ordinary, _sentences(config.natural_sentence_hours), prefer_fast=True)
    if dev_positives:
        say("dev/positive_natural", plan_phrase, min(_DEV_POSITIVES, config.natural_positives))
    say("dev/near_natural", near, min(_DEV_NEAR_MISSES, config.natural_near_misses))
    dev_hours = min(_DEV_SENTENCE_HOURS, config.natural_sentence_hours)
    say("dev/sentences_natural", ordinary, _sentences(dev_hours), prefer_fast=True)


def _sentences(hours: float) -> int:
    return round(hours * 3600 / SECONDS_PER_SENTENCE)
