/*
 * The stages of a feature frame of the mel front end, and their tables. Private to it.
 *
 * wwtool/frontend/mel_arithmetic.py has the same stages for training; tests hold the two to the same bits.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_MEL_H
#define WW_MEL_H

#include <stdint.h>

#include "ww_frontend.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WW_MEL_FFT_SIZE = 2 * WW_MEL_POINTS,
    WW_MEL_QUARTER_TURN = WW_MEL_FFT_SIZE / 4,
    WW_MEL_PAIRS = WW_MEL_POINTS % 3 == 2, /* an odd power of two */
    WW_MEL_LEVEL_BITS = 9,                 /* fractional bits of a level */
    WW_MEL_DCT_BITS = 12,
    WW_MEL_SCALE_BITS = 16,
    WW_MEL_LOG_SEGMENTS = 64,
};

/* With -Os, these would become calls. */
#ifdef __GNUC__
#define WW_MEL_INLINE static inline __attribute__((always_inline))
#else
#define WW_MEL_INLINE static inline
#endif

/* Written by the build; wwtool/frontend has the formulas. */
extern const int16_t ww_mel_hann[WW_MEL_WEIGHTED_SAMPLES]; /* Q15; none where samples are pre-emphasised */
extern const int16_t ww_mel_sine[WW_MEL_FFT_SIZE];         /* of a whole turn, Q15 */
extern const uint8_t ww_mel_weights[WW_MEL_WEIGHTS];       /* of 255 */
extern const uint16_t ww_mel_ends[WW_MEL_ENDS];            /* see ww_mel_slopes.c and ww_mel_filters.c */
extern const uint16_t ww_mel_firsts[WW_MEL_BANDS];         /* first bin of each band, of filters */
extern const uint16_t ww_mel_log[WW_MEL_LOG_SEGMENTS + 1]; /* log2(1 + i / 64) - i / 64, Q16 */
extern const int32_t ww_mel_offsets[WW_FRONTEND_CHANNELS]; /* the value that becomes 0 */
extern const uint16_t ww_mel_scales[WW_FRONTEND_CHANNELS]; /* steps of int8 for a value of 1, Q16 */

/* Fills points with the windowed samples, two to a point; returns the power of two by which they are too large. */
int ww_mel_window(const int16_t samples[WW_FRONTEND_WINDOW_SAMPLES], struct ww_complex points[WW_MEL_POINTS]);

/* The transform of the points in place; returns the power of two by which it is too small. */
int ww_mel_transform(struct ww_complex points[WW_MEL_POINTS]);

/* The logarithm to base 2 of a band's energy, Q9, never below 0; the spectrum is 2^exponent too large. */
uint16_t ww_mel_level(uint64_t energy, int exponent);

/* The levels of all bands. */
void ww_mel_levels(const struct ww_complex points[WW_MEL_POINTS], int exponent, uint16_t levels[WW_MEL_BANDS]);

/* What becomes the features: the levels themselves (ww_mel_bands.c) or their cosine transform (ww_mel_cepstrum.c). */
void ww_mel_values(const uint16_t levels[WW_MEL_BANDS], int32_t values[WW_MEL_VALUES]);

#ifdef __cplusplus
}
#endif
#endif /* WW_MEL_H */
