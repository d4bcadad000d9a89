"""The colour of the microphones that people have, as a few figures for each sort of device."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wwtool.features.waveform.studio import Filter, Studio

Gain = npt.NDArray[np.float64]
Range = tuple[float, float]


@dataclass(frozen=True)
class Device:
    """Ranges from which a microphone of that sort is drawn.

    ``low_hz``, ``high_hz``: -3 dB corners; ``low_order``, ``high_order``: order of the slopes beyond them.
    ``resonance_hz``, ``resonance_db``, ``resonance_q``: peaks or dips, ``resonances`` of them. ``tilt_db``: of the
    highest frequency against the lowest.
    """

    low_hz: Range
    high_hz: Range
    low_order: tuple[int, int] = (1, 2)
    high_order: tuple[int, int] = (2, 4)
    resonances: int = 0
    resonance_hz: Range = (1000.0, 7000.0)
    resonance_db: Range = (-6.0, 6.0)
    resonance_q: Range = (0.7, 4.0)
    tilt_db: Range = (-2.0, 2.0)


DEVICES = (
    # A bare MEMS part. InvenSense DS-INMP441: -3 dB at 60 Hz and at 15 kHz, flat between.
    Device(low_hz=(40.0, 90.0), high_hz=(7800.0, 8000.0)),
    # The same behind a hole in a case: a Helmholtz resonance of hole and cavity, lower the longer the channel.
    Device(
        low_hz=(50.0, 150.0), high_hz=(6000.0, 8000.0), resonances=1, resonance_hz=(2500.0, 7800.0),
        resonance_db=(3.0, 14.0), resonance_q=(1.5, 6.0),
    ),
    # An electret capsule with an amplifier module: coupling capacitors cut the bass.
    Device(low_hz=(20.0, 250.0), high_hz=(7000.0, 8000.0), low_order=(1, 1), tilt_db=(-3.0, 4.0)),
    # A laptop: the driver cuts the rumble of the fan; lid and keyboard reflect.
    Device(
        low_hz=(90.0, 250.0), high_hz=(6000.0, 8000.0), low_order=(2, 4), resonances=3, resonance_db=(-8.0, 8.0),
        tilt_db=(-4.0, 6.0),
    ),
    # A phone on a table or at the mouth. 3GPP TS 26.131, wideband: 100 Hz to 7 kHz, with a rise for clarity.
    Device(
        low_hz=(80.0, 200.0), high_hz=(6500.0, 8000.0), low_order=(2, 4), resonances=1,
        resonance_hz=(2000.0, 4500.0), resonance_db=(0.0, 7.0), tilt_db=(-2.0, 5.0),
    ),
    # A webcam: a small hole, a cheap capsule, far from the mouth.
    Device(
        low_hz=(100.0, 350.0), high_hz=(5000.0, 7800.0), low_order=(1, 3), resonances=2, resonance_db=(-9.0, 9.0),
        tilt_db=(-6.0, 6.0),
    ),
    # A headset: the mouth is near, so that breath and bass are strong.
    Device(
        low_hz=(60.0, 180.0), high_hz=(6000.0, 8000.0), resonances=1, resonance_hz=(120.0, 400.0),
        resonance_db=(0.0, 8.0), resonance_q=(0.5, 1.2), tilt_db=(-6.0, 3.0),
    ),
    # A telephone or a narrow-band Bluetooth headset. ITU-T G.712: 300 Hz to 3.4 kHz.
    Device(low_hz=(250.0, 400.0), high_hz=(3300.0, 3800.0), low_order=(2, 4), high_order=(5, 8), resonances=1),
)  # fmt: skip


def microphone(studio: Studio) -> Filter | None:
    """Hears the clip through a microphone of some sort, or leaves it as it is."""
    if not studio.chance(studio.config.microphone_chance):
        return None
    device, random = DEVICES[int(studio.random.integers(len(DEVICES)))], studio.random
    low, high = random.uniform(*device.low_hz), random.uniform(*device.high_hz)
    orders = [2 * int(random.integers(first, last + 1)) for first, last in (device.low_order, device.high_order)]
    peaks = [
        (
            random.uniform(*device.resonance_hz),
            random.uniform(*device.resonance_db),
            random.uniform(*device.resonance_q),
        )
        for _ in range(device.resonances)
    ]
    tilt_db = random.uniform(*device.tilt_db)

    def shape(gain: Gain, hz: Gain) -> Gain:
        slopes = (1.0 + (low / (hz + 1.0)) ** orders[0]) * (1.0 + (hz / high) ** orders[1])
        decibels = tilt_db * hz / hz[-1]
        for at, peak_db, q in peaks:
            octaves = q * (hz / at - at / (hz + 1.0))
            decibels = decibels + peak_db / (1.0 + octaves**2)
        return np.asarray(gain / np.sqrt(slopes) * 10.0 ** (decibels / 20.0))

    return Filter(shape=shape)
