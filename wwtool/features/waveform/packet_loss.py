"""Packets that are lost on the way: gaps of 20 ms, silent or filled with what came before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wwtool.features.waveform.studio import Scene, Studio
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

_PACKET = SAMPLE_RATE_HZ // 50
_CONCEALED = 0.6
_FADING = np.float32(0.5)  # of each repetition
_STAYS_LOST = 0.3  # chance that the next packet is lost, too


def lose_packets(scene: Scene, studio: Studio) -> Scene:
    """Loses some packets by chance."""
    packets = len(scene.samples) // _PACKET
    if not studio.chance(studio.config.packet_loss_chance) or packets < 2:
        return scene
    random, x = studio.random, scene.samples.copy()
    lost = random.random(packets) < random.uniform(*studio.config.packet_loss)
    conceals, stays = studio.chance(_CONCEALED), random.random(packets) < _STAYS_LOST
    for i in range(1, packets):
        lost[i] |= lost[i - 1] and stays[i]
        if lost[i]:
            before = x[(i - 1) * _PACKET : i * _PACKET] * _FADING
            x[i * _PACKET : (i + 1) * _PACKET] = before if conceals else 0.0
    return replace(scene, samples=x)
