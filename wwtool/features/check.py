"""Whether a config names transforms that there are."""

from __future__ import annotations

from wwtool.config import AugmentConfig
from wwtool.features.spectrogram import TRANSFORMS
from wwtool.features.waveform import SCENE, VOICE
from wwtool.features.waveform.filters import FILTERS


def check_transforms(config: AugmentConfig) -> None:
    """Does nothing, unless a transform is not known.

    Raises:
        InputError: the message names the key and all transforms that may stand there.
    """
    lists = ((VOICE, config.voice), (FILTERS, config.filters), (SCENE, config.scene))
    for registry, names in (*lists, (TRANSFORMS, config.spectrogram.order)):
        for name in names:
            registry.member(name)
