"""Manifest v2, which tells ESPHome how to detect with a model."""

from __future__ import annotations

import json
from typing import Any

from wwtool.errors import InputError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.frontend.geometry import MICRO
from wwtool.packages.package_format import Content

AUTHOR = "wwtool"
STEP_MS = 1000 * MICRO.step_samples // MICRO.sample_rate_hz
MINIMUM_VERSION = "2024.7.0"  # the first with streaming models
_STEPS = 255  # the component compares int(cutoff * 255) with outputs of 0 to 255
_SCALE = 10_000  # four decimals tell the steps apart


def manifest_of(content: Content, arena_bytes: int) -> dict[str, Any]:
    """The manifest of a model whose tensors need ``arena_bytes``."""
    return {
        "type": "micro",
        "wake_word": content.phrase,
        "author": AUTHOR,
        "model": f"{content.name}.tflite",
        "trained_languages": [content.language.split("-")[0]],
        "version": 2,
        "micro": {
            "probability_cutoff": cutoff_of(content.detector),
            "feature_step_size": STEP_MS,
            "sliding_window_size": content.detector.average_window,
            "tensor_arena_size": arena_bytes,
            "minimum_esphome_version": MINIMUM_VERSION,
        },
    }


def manifest_text(manifest: dict[str, Any]) -> str:
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def cutoff_of(detector: DetectorConfig) -> float:
    """The probability with which ESPHome's rule is the detector's.

    ESPHome detects when the sum of the window is above ``int(cutoff * 255)`` times its size, the detector when it
    reaches ``on_threshold`` times its size. The two differ where the average is exactly the threshold: ESPHome then
    stays silent. A sum above 255 times the window cannot be, so the highest threshold becomes 254.

    Raises:
        InputError: the detector counts votes, which ESPHome does not.

    >>> cutoff_of(DetectorConfig(on_threshold=247))
    0.9687
    """
    if detector.votes_needed > 1 or detector.votes_window > 1:
        raise InputError("ESPHome does not count votes; set detector.votes_needed and detector.votes_window to 1")
    steps = min(detector.on_threshold, _STEPS - 1)
    return -(-steps * _SCALE // _STEPS) / _SCALE
