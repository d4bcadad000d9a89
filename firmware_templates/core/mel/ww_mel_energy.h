/*
 * The energy of a bin of the spectrum. Private to the mel front end.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_MEL_ENERGY_H
#define WW_MEL_ENERGY_H

#include <stdint.h>

#include "ww_mel.h"

/* The energy of a bin, of the real signal whose even and odd samples were transformed as one complex signal. */
WW_MEL_INLINE uint32_t ww_mel_energy(const struct ww_complex points[WW_MEL_POINTS], unsigned bin)
{
    struct ww_complex a = points[bin];
    struct ww_complex b = points[(WW_MEL_POINTS - bin) % WW_MEL_POINTS];
    int32_t sine = ww_mel_sine[bin];
    int32_t cosine = ww_mel_sine[bin + WW_MEL_QUARTER_TURN];
    int32_t odd_re = a.re - b.re;
    int32_t odd_im = a.im + b.im;
    int32_t re = a.re + b.re + ((odd_im * cosine - odd_re * sine + (1 << 14)) >> 15);
    int32_t im = a.im - b.im - ((odd_re * cosine + odd_im * sine + (1 << 14)) >> 15);
    re = (re + 1) >> 1;
    im = (im + 1) >> 1;
    return (uint32_t)(re * re) + (uint32_t)(im * im);
}

#endif /* WW_MEL_ENERGY_H */
