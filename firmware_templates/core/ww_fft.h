/*
 * FFT of 512 real samples in 16-bit fixed point, in place.
 *
 * Rounds exactly like kissfft built for 16 bits: four radix-4 passes over 256 complex points, then one pass that
 * separates the two interleaved real halves.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_FFT_H
#define WW_FFT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { WW_FFT_POINTS = 256 };

struct ww_complex {
    int16_t re;
    int16_t im;
};

/*
 * In: samples 0 and 1 in points[0], 2 and 3 in points[1], ... Out: bin k of the 512-point spectrum, divided by 512, in
 * points[k] for k from 1 to 255. Bins 0 and 256 are not computed: points[0] holds no valid value.
 */
void ww_fft_real(struct ww_complex points[WW_FFT_POINTS]);

#ifdef __cplusplus
}
#endif
#endif /* WW_FFT_H */
