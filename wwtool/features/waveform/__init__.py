"""Transforms of audio: registries of them, and the chains that a config puts them in.

A clip of speech goes through ``apply_voice``, then through ``apply_filters``. Laid on a stretch of silence,
it is a scene, to which ``mix`` adds the rest.
"""

from __future__ import annotations

from collections.abc import Callable

from wwtool.base.registry import Registry
from wwtool.data.audio import Audio, to_int16
from wwtool.features.waveform.background import add_background
from wwtool.features.waveform.level import set_level
from wwtool.features.waveform.noise_floor import add_noise_floor
from wwtool.features.waveform.other_speech import add_other_speech
from wwtool.features.waveform.speed import change_speed
from wwtool.features.waveform.studio import Clip, Scene, Studio

VOICE: Registry[Callable[[Clip, Studio], Clip]] = Registry("augment.voice", {"speed": change_speed})
SCENE: Registry[Callable[[Scene, Studio], Scene]] = Registry(
    "augment.scene",
    {
        "other_speech": add_other_speech,
        "background": add_background,
        "level": set_level,
        "noise_floor": add_noise_floor,
    },
)


def apply_voice(clip: Clip, studio: Studio) -> Clip:
    """The clip through the transforms of speech by itself."""
    for name in studio.config.voice:
        clip = VOICE.member(name)(clip, studio)
    return clip


def mix(scene: Scene, studio: Studio) -> Audio:
    """The scene with everything that is added around and over the speech, as 16-bit samples."""
    for name in studio.config.scene:
        scene = SCENE.member(name)(scene, studio)
    return to_int16(scene.samples)
