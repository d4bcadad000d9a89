"""The size of the arena that a manifest declares."""

from __future__ import annotations

from wwtool.tflm.arena import ALIGNMENT, ESPHOME_ESP32, ESPHOME_ESP32S3, ESPHOME_ESP32S3_NEWER, predict

RUNTIMES = (ESPHOME_ESP32, ESPHOME_ESP32S3, ESPHOME_ESP32S3_NEWER)


def arena_bytes(content: bytes, name: str) -> int:
    """Enough on every chip and with every version of the kernels that ESPHome has had, so that the first try succeeds.

    ESPHome's allocator may begin anywhere, so there is room to align. ESPHome itself shrinks what is too much.
    """
    return max(predict(content, runtime, name).needed for runtime in RUNTIMES) + ALIGNMENT
