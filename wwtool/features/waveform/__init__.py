"""Transforms of audio: registries of them, and the chains that a config puts them in.

A clip of speech goes through ``apply_voice``, then through ``apply_filters``. Laid on a stretch of silence,
it is a scene, to which ``mix`` adds the rest.
"""

from __future__ import annotations

from collections.abc import Callable

from wwtool.base.registry import Registry
from wwtool.data.audio import Audio, to_int16
from wwtool.features.waveform.automatic_gain import automatic_gain
from wwtool.features.waveform.background import add_background
from wwtool.features.waveform.clipping import clip
from wwtool.features.waveform.codec import code
from wwtool.features.waveform.dc_offset import add_dc_offset
from wwtool.features.waveform.level import set_level
from wwtool.features.waveform.mains_hum import add_mains_hum
from wwtool.features.waveform.noise_floor import add_noise_floor
from wwtool.features.waveform.noise_suppression import suppress_noise
from wwtool.features.waveform.other_speech import add_other_speech
from wwtool.features.waveform.packet_loss import lose_packets
from wwtool.features.waveform.quantisation import quantise
from wwtool.features.waveform.speed import change_speed
from wwtool.features.waveform.studio import Clip, Scene, Studio

VOICE: Registry[Callable[[Clip, Studio], Clip]] = Registry("augment.voice", {"speed": change_speed})
SCENE: Registry[Callable[[Scene, Studio], Scene]] = Registry(
    "augment.scene",
    {
        "other_speech": add_other_speech,
        "background": add_background,
        "automatic_gain": automatic_gain,
        "noise_suppression": suppress_noise,
        "level": set_level,
        "mains_hum": add_mains_hum,
        "noise_floor": add_noise_floor,
        "clipping": clip,
        "dc_offset": add_dc_offset,
        "quantisation": quantise,
        "codec": code,
        "packet_loss": lose_packets,
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
