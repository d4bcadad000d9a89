"""The numbers of a front end that others have to agree with: rates, window, step, channels. Imports nothing."""

from __future__ import annotations

from dataclasses import dataclass

SAMPLE_RATE_HZ = 16000  # of all audio inside wwtool, and what every board's microphone delivers


@dataclass(frozen=True)
class Geometry:
    """How a front end cuts audio into frames.

    A frame is a vector of ``channels`` features. It describes a window of ``window_samples``, and the next window
    starts ``step_samples`` later.

    >>> MICRO.hop_ms, MICRO.frames_per_second, MICRO.frames_per_hour
    (10.0, 100, 360000)
    """

    window_samples: int
    step_samples: int
    channels: int
    sample_rate_hz: int = SAMPLE_RATE_HZ

    @property
    def hop_ms(self) -> float:
        """Time from one frame to the next."""
        return 1000.0 * self.step_samples / self.sample_rate_hz

    @property
    def frames_per_second(self) -> int:
        return self.sample_rate_hz // self.step_samples

    @property
    def frames_per_hour(self) -> int:
        return 3600 * self.sample_rate_hz // self.step_samples

    def seconds_of(self, frames: int) -> float:
        """How long the audio of some frames is, at least one."""
        return (self.window_samples + (frames - 1) * self.step_samples) / self.sample_rate_hz

    def frames_of(self, samples: int) -> int:
        """How many frames a clip gives: the first when a window is full, then one every step.

        >>> [MICRO.frames_of(samples) for samples in (479, 480, 639, 640, 1600)]
        [0, 1, 1, 2, 8]
        """
        return max(0, 1 + (samples - self.window_samples) // self.step_samples)


# ESPHome's micro_wake_word: 30 ms windows every 10 ms. core/ww_frontend.h states the same numbers in C.
MICRO = Geometry(window_samples=480, step_samples=160, channels=40)
