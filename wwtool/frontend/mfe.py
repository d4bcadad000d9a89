"""The front end MFE of Edge Impulse: energies of mel bands in dB above a noise floor.

A model of theirs reads ``(dB - floor) / (12 - floor)`` between 0 and 1, so its int8 input follows from its scale. The
block (edgeimpulse/processing-blocks, mfe/dsp.py, versions 3 and 4) computes in floating point, and rounds to steps of
1/256; this front end is the mel front end's fixed point with the block's pre-emphasis and filters.
"""

from __future__ import annotations

import math
from typing import ClassVar

from wwtool.config.frontend import MfeConfig
from wwtool.errors import InputError
from wwtool.frontend.mel import LARGEST_OFFSET, SHARED_SOURCES, BandFrontEnd, Normalization
from wwtool.frontend.mel_tables import LARGEST_SCALE, LEVEL_BITS, SCALE_BITS, WEIGHT_ONE, MelTables
from wwtool.frontend.mfe_tables import mfe_tables

_HEADROOM_DB = 12
_QUIETEST_OCTAVES = 16  # of the levels' 0, in steps of a sample (ww_mel.c)
_FULL_SCALE_OCTAVES = 30  # of the square of a sample
_DB_AN_OCTAVE = 10 * math.log10(2)
_SCALE, _ZERO_POINT = 1 / 256, -128  # of the block's own steps


class MfeFrontEnd(BandFrontEnd):
    """Energies of mel bands above a noise floor. ``normalization`` None: for an input of scale 1/256, from -128 on."""

    name = "mfe"
    of_any_scale = True
    config_type: ClassVar[type[MfeConfig]] = MfeConfig
    config: MfeConfig

    def _tables(self) -> MelTables:
        return mfe_tables(self.config)

    def _default(self) -> Normalization:
        return _normalization(self.config, _SCALE)

    def for_input(self, scale: float, zero_point: int) -> MfeFrontEnd:
        if zero_point != _ZERO_POINT:
            raise InputError(
                f"an input of zero point {zero_point} does not fit features from 0 to 1, which begin at {_ZERO_POINT}; "
                "quantize the model again"
            )
        return MfeFrontEnd(self.config, _normalization(self.config, scale))

    def c_sources(self, kernel_set: str) -> tuple[str, ...]:
        return (*SHARED_SOURCES, "mel/ww_mel_filters.c", "mel/ww_mel_bands.c")


def _normalization(config: MfeConfig, scale: float) -> Normalization:
    """What makes int8 of levels, for all channels."""
    # A level of 0, in dB: the energy of a band is weighted by 255, and the block divides it by the transform's size.
    floor = _DB_AN_OCTAVE * (_QUIETEST_OCTAVES - _FULL_SCALE_OCTAVES - math.log2(WEIGHT_ONE * config.fft_length))
    steps_a_db = 1 / (_HEADROOM_DB - config.noise_floor_db) / scale if scale > 0 else math.inf
    steps = steps_a_db * _DB_AN_OCTAVE * (1 << SCALE_BITS) / (1 << LEVEL_BITS)
    middle = (config.noise_floor_db - _ZERO_POINT / steps_a_db - floor) / _DB_AN_OCTAVE * (1 << LEVEL_BITS)
    if not (1 <= steps <= LARGEST_SCALE and middle <= LARGEST_OFFSET):
        raise InputError(f"an input of scale {scale:.6g} does not fit features from 0 to 1; quantize the model again")
    return Normalization((round(middle),) * config.bands, (round(steps),) * config.bands)
