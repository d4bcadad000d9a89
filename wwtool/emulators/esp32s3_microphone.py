"""The samples that an emulated ESP32-S3 hears: a recording, played by the board's clock."""

from __future__ import annotations

from pathlib import Path

from wwtool.frontend.geometry import SAMPLE_RATE_HZ

_SAMPLE_BYTES = 2


class Microphone:
    """A recording, played from the moment that the firmware first listens; then silence. Without one: no samples.

    While the firmware does not listen, the recording stands still.
    """

    def __init__(self, audio: Path | None) -> None:
        content = audio.read_bytes() if audio is not None else b""
        self._content = content[: len(content) // _SAMPLE_BYTES * _SAMPLE_BYTES]
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
        """Samples that have arrived and that the firmware has not read."""
        if self._since is None or not self._exists:
            return 0
        passed = (micros - self._since) & 0xFFFFFFFF
        return passed * SAMPLE_RATE_HZ // 1_000_000 - self._heard

    def take(self, most: int, micros: int) -> bytes:
        """Up to ``most`` samples, int16."""
        count = max(0, min(most, self.due(micros)))
        begin = self._played * _SAMPLE_BYTES
        self._heard += count
        self._played += count
        if self._since is not None and self._heard >= SAMPLE_RATE_HZ:  # so that the clock may wrap
            self._since = (self._since + 1_000_000) & 0xFFFFFFFF
            self._heard -= SAMPLE_RATE_HZ
        return self._content[begin : begin + count * _SAMPLE_BYTES].ljust(count * _SAMPLE_BYTES, b"\0")
