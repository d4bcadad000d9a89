"""Sounds that make models answer."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.data import espeak

_WORDS = ("hey computer", "okay nabu", "alexa", "hey jarvis", "hey mycroft", "good morning")
_VOICES = ("en-us", "en-gb", "en-us+f3", "en-gb+m3")


@cache
def speech_noise_and_silence() -> npt.NDArray[Any]:
    """Words in four voices, noise of forty levels, and silence: 16 kHz, int16."""
    clips = [espeak.say(word, voice, words_per_minute=140) for word in _WORDS for voice in _VOICES]
    generator = np.random.default_rng(0)
    level = np.repeat(generator.integers(1, 12_000, 40), 4_000)
    noise = (generator.normal(0, 1, len(level)) * level).clip(-32768, 32767).astype(np.int16)
    pause = np.zeros(12_000, np.int16)
    return np.concatenate([*(part for clip in clips for part in (clip, pause)), noise, pause]).astype(np.int16)
