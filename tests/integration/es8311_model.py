"""A strict ES8311 for tests of its driver: reserved bits, order, and the clocks that it needs. Not a test.

Registers and bits: ES8311 datasheet; sound/soc/codecs/es8311.h of Linux has the same.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

RESET, CLOCK_1, CLOCK_2, ADC_OVERSAMPLING, DAC_OVERSAMPLING, CLOCK_5, BCLK, LRCK_HIGH, LRCK_LOW = range(9)
SERIAL_IN, SERIAL_OUT, POWER_B, POWER_C, POWER_ANALOGUE, POWER_ADC = range(0x09, 0x0F)
GAIN, ADC_SCALE, ADC_VOLUME, NOISE = 0x14, 0x16, 0x17, 0x44
RUNS, MASTER = 1 << 7, 1 << 6
FROM_BCLK, MCLK_ON, BCLK_ON, ADC_ON, ADC_ANALOGUE_ON = 1 << 7, 1 << 5, 1 << 4, 1 << 3, 1 << 1
# The bits that a register has; a driver may write no others, and no other registers.
BITS = {
    RESET: 0xDF, CLOCK_1: 0xFF, CLOCK_2: 0xF8, ADC_OVERSAMPLING: 0x7F, DAC_OVERSAMPLING: 0x7F, CLOCK_5: 0xFF,
    BCLK: 0x7F, LRCK_HIGH: 0x3F, LRCK_LOW: 0xFF, SERIAL_IN: 0xFF, SERIAL_OUT: 0x7F, POWER_B: 0xFF, POWER_C: 0xFF,
    POWER_ANALOGUE: 0xFF, POWER_ADC: 0x7F, 0x10: 0xFF, 0x11: 0xFF, 0x12: 0x03, GAIN: 0x7F, 0x15: 0xFF,
    ADC_SCALE: 0x3F, ADC_VOLUME: 0xFF, 0x1B: 0xFF, 0x1C: 0x7F, NOISE: 0xFF,
}  # fmt: skip
CLOCKS = (CLOCK_2, ADC_OVERSAMPLING, CLOCK_5)


class Es8311:
    """The codec. ``mclk`` and ``bclk`` tell the frequencies of its pins, 0 where nothing comes.

    Attributes:
        registers: what has been written.
    """

    def __init__(self, mclk: Callable[[], Fraction], bclk: Callable[[], Fraction]) -> None:
        self.registers: dict[int, int] = {}
        self._mclk, self._bclk = mclk, bclk
        self._awake = False

    def write(self, register: int, value: int) -> None:
        """Takes what the driver writes."""
        if not self._awake:  # the first write after power-up may be lost
            assert register == NOISE, "the first write is one that may be lost"
            self._awake = True
            return
        assert register in BITS, f"{register:#04x} is no register"
        assert not value & ~BITS[register], f"{value:#04x} has reserved bits of {register:#04x}"
        assert self.registers or register == NOISE, "noise immunity of the bus comes before all else"
        if register in (BCLK, LRCK_HIGH, LRCK_LOW, SERIAL_IN, SERIAL_OUT):
            assert self._runs, "ports are set up while the state machine runs"
        if register == RESET and value & RUNS:
            assert not value & 0x1F, "it runs, and its blocks are held in reset"
            for clock in CLOCKS:
                assert clock in self.registers, f"it runs before {clock:#04x} says its clocks"
        self.registers[register] = value
        if register == CLOCK_1 and self._runs:
            assert self.source_hz > 0, "the clock that it is told to take does not come"
        if register == POWER_ANALOGUE and not value & 0xFC:
            assert self.get(GAIN) & 0x10, "an input is chosen before the analogue part gets power"

    def get(self, register: int) -> int:
        return self.registers.get(register, 0)

    @property
    def _runs(self) -> bool:
        return bool(self.get(RESET) & RUNS)

    @property
    def source_hz(self) -> Fraction:
        """Of the clock that the codec takes."""
        clocks = self.get(CLOCK_1)
        if clocks & FROM_BCLK:
            return self._bclk() if clocks & BCLK_ON else Fraction(0)
        return self._mclk() if clocks & MCLK_ON else Fraction(0)

    @property
    def internal_hz(self) -> Fraction:
        """Of its master clock, after divider and multiplier."""
        return self.source_hz * (1 << (self.get(CLOCK_2) >> 3 & 3)) / ((self.get(CLOCK_2) >> 5) + 1)

    def check_listening(self, sample_hz: int) -> None:
        """It gives samples of 24 bits, Philips, at that rate."""
        assert self._runs and not self.get(RESET) & MASTER, "it runs, and follows the board's clocks"
        assert self.internal_hz == 256 * sample_hz
        assert ((self.get(LRCK_HIGH) & 0xF) << 8 | self.get(LRCK_LOW)) + 1 == 256
        wanted = BCLK_ON | ADC_ON | ADC_ANALOGUE_ON
        assert self.get(CLOCK_1) & wanted == wanted, "clocks of the ADC"
        assert self.get(CLOCK_5) >> 4 == 0, "the ADC gets the whole of it"
        assert self.get(SERIAL_OUT) & 0x5F == 0, "24 bits, Philips, not mute"
        assert not self.get(POWER_ANALOGUE) & 0xF4, "power of bias and references"
        assert not self.get(POWER_ADC) & 0x60, "power of amplifier and modulator"
        assert not self.get(GAIN) & 0x40 and self.get(GAIN) & 0xF <= 10, "the analogue input, up to 30 dB"
        assert self.get(ADC_VOLUME) == 0xBF, "0 dB"
