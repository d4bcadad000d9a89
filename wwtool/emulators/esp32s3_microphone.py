"""The samples that an emulated ESP32-S3 hears: a recording, played by the board's clock."""

from __future__ import annotations

from pathlib import Path

from wwtool.frontend.geometry import SAMPLE_RATE_HZ

_SAMPLE_BYTES = 2


class Microphone:
    """A recording, played from the moment that the firmware first listens; then silence. Without one: no samples.

    Samples come when a block of ``block_samples`` is full. While the firmware does not listen, the recording stands
    still.
    """

    def __init__(self, audio: Path | None, block_samples: int = 1) -> None:
        content = audio.read_bytes() if audio is not None else b""
        self._content = content[: len(content) // _SAMPLE_BYTES * _SAMPLE_BYTES]
        self._block_samples = block_samples
        self._exists = audio is not None
        self._since: int | None = None  # microseconds on the board's clock; None: the firmware does not listen
        self._heard = 0  # samples since then
        self._played = 0  # samples of the recording

    def enable(self, on: bool, micros: int) -> None:
        """The firmware starts or stops listening."""
        self._since = micros if on else None
        self._heard = 0

    @property
    def listens(self) -> bool:
        """Whether the firmware gets samples at all."""
        return self._exists and self._since is not None

    def due(self, micros: int) -> int:
        """Samples of full blocks that the firmware has not read."""
        if self._since is None or not self._exists:
            return 0
        return self._full_blocks(micros - self._since) * self._block_samples - self._heard

    def _full_blocks(self, passed_us: int) -> int:
        return (passed_us & 0xFFFFFFFF) * SAMPLE_RATE_HZ // (1_000_000 * self._block_samples)

    def left_us(self, micros: int) -> int:
        """The time until there are samples to read."""
        if self._since is None or self.due(micros) > 0:
            return 0
        passed_us = (micros - self._since) & 0xFFFFFFFF
        end = (self._full_blocks(passed_us) + 1) * self._block_samples
        return -(-end * 1_000_000 // SAMPLE_RATE_HZ) - passed_us

    def take(self, most: int, micros: int) -> bytes:
        """Up to ``most`` samples, int16."""
        count = max(0, min(most, self.due(micros)))
        begin = self._played * _SAMPLE_BYTES
        self._heard += count
        self._played += count
        round_samples = SAMPLE_RATE_HZ * self._block_samples
        if self._since is not None and self._heard >= round_samples:  # so that the clock may wrap
            self._since = (self._since + 1_000_000 * self._block_samples) & 0xFFFFFFFF
            self._heard -= round_samples
        return self._content[begin : begin + count * _SAMPLE_BYTES].ljust(count * _SAMPLE_BYTES, b"\0")
