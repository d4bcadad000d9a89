/*
 * Levels of bands with weights of their own: several bands may hold the whole of one bin. See ww_mel.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_mel_energy.h"

void ww_mel_levels(const struct ww_complex points[WW_MEL_POINTS], int exponent, uint16_t levels[WW_MEL_BANDS])
{
    unsigned next = 0;
    for (unsigned band = 0; band < WW_MEL_BANDS; ++band) {
        /* In halves of 16 bits: the weights of a triangle over 512 bins add up to 256 * 255, so 32 bits hold the sums. */
        uint32_t low = 0, high = 0;
        for (unsigned bin = ww_mel_firsts[band]; next < ww_mel_ends[band]; ++bin, ++next) {
            uint32_t energy = ww_mel_energy(points, bin);
            low += ww_mel_weights[next] * (energy & UINT16_MAX);
            high += ww_mel_weights[next] * (energy >> 16);
        }
        levels[band] = ww_mel_level(((uint64_t)high << 16) + low, exponent);
    }
}
