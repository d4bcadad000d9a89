/*
 * Levels of bands whose triangles share their slopes: where one band falls, the next rises, up to 255 together. See
 * ww_mel.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_mel_energy.h"

void ww_mel_levels(const struct ww_complex points[WW_MEL_POINTS], int exponent, uint16_t levels[WW_MEL_BANDS])
{
    unsigned bin = WW_MEL_FIRST_BIN;
    uint64_t rising = 0; /* of the band whose slope has risen before this one */
    for (unsigned slope = 0; slope <= WW_MEL_BANDS; ++slope) {
        /* In halves of 16 bits: a slope has at most 256 bins, so 32-bit sums of 8-bit weights cannot overflow. */
        uint32_t total_low = 0, total_high = 0, risen_low = 0, risen_high = 0;
        for (; bin < ww_mel_ends[slope]; ++bin) {
            uint32_t energy = ww_mel_energy(points, bin);
            uint32_t weight = ww_mel_weights[bin - WW_MEL_FIRST_BIN];
            total_low += energy & UINT16_MAX;
            total_high += energy >> 16;
            risen_low += weight * (energy & UINT16_MAX);
            risen_high += weight * (energy >> 16);
        }
        uint64_t total = ((uint64_t)total_high << 16) + total_low;
        uint64_t risen = ((uint64_t)risen_high << 16) + risen_low;
        if (slope > 0) {
            levels[slope - 1] = ww_mel_level(rising + total * UINT8_MAX - risen, exponent);
        }
        rising = risen;
    }
}
