"""Negatives: audio without the phrase, by kind. A kind is one file, and a line in the registry below."""

from __future__ import annotations

from wwtool.base.registry import Registry
from wwtool.data.negatives.animals import ANIMALS
from wwtool.data.negatives.babble import BABBLE
from wwtool.data.negatives.impacts import IMPACTS
from wwtool.data.negatives.interjections import INTERJECTIONS
from wwtool.data.negatives.kind import Kind, Recorded
from wwtool.data.negatives.languages import OTHER_LANGUAGES, UNSEEN_LANGUAGES
from wwtool.data.negatives.music import MUSIC, UNSEEN_MUSIC
from wwtool.data.negatives.names_and_numbers import NAMES_AND_NUMBERS
from wwtool.data.negatives.people import PEOPLE
from wwtool.data.negatives.phrase_parts import PHRASE_PARTS
from wwtool.data.negatives.recorded_voices import RECORDED_VOICES
from wwtool.data.negatives.rhymes import RHYMES, RHYMES_IN_SENTENCES
from wwtool.data.negatives.silence import SILENCE
from wwtool.data.negatives.steady_noise import STEADY_NOISE
from wwtool.data.negatives.television import TELEVISION
from wwtool.data.negatives.tones import TONES
from wwtool.data.negatives.vocalisations import VOCALISATIONS
from wwtool.data.negatives.wake_words import OTHER_WAKE_WORDS

KINDS: Registry[Kind] = Registry(
    "negatives",
    {
        "rhymes": RHYMES,
        "rhymes_in_sentences": RHYMES_IN_SENTENCES,
        "phrase_parts": PHRASE_PARTS,
        "wake_words": OTHER_WAKE_WORDS,
        "other_languages": OTHER_LANGUAGES,
        "unseen_languages": UNSEEN_LANGUAGES,
        "recorded_voices": RECORDED_VOICES,
        "names_and_numbers": NAMES_AND_NUMBERS,
        "interjections": INTERJECTIONS,
        "vocalisations": VOCALISATIONS,
        "babble": BABBLE,
        "television": TELEVISION,
        "music": MUSIC,
        "unseen_music": UNSEEN_MUSIC,
        "tones": TONES,
        "impacts": IMPACTS,
        "steady_noise": STEADY_NOISE,
        "animals": ANIMALS,
        "silence": SILENCE,
        "people": PEOPLE,
    },
)
"""The kinds that a build makes by itself. Stores, pools and figures have these names."""

SOUND_KINDS = tuple(name for name, kind in KINDS.items() if kind.trained and not kind.spoken)
"""Those that may be heard behind speech."""

OTHER_KINDS: dict[str, Kind] = {
    "sentences": Recorded("sentences by synthetic voices"),
    "near_miss": Recorded("words that sound like the phrase", counts=False),
    "sentences_natural": Recorded("sentences by natural voices"),
    "words_natural": Recorded("single words by natural voices", counts=False),
    "near_natural": Recorded("words that sound like the phrase, by natural voices", counts=False),
    "speech": Recorded("recordings of speech"),
    "other_words": Recorded("recordings of other words"),
    "noise": Recorded("recordings of noise"),
}
"""The kinds that come with the phrase's own synthesis or with recordings."""


def title_of(name: str) -> str:
    """What a kind is, for people; its name if a version that is not this one made it."""
    kind = (OTHER_KINDS | KINDS).get(name)
    return kind.title if kind else name
