/*
 * The stages of a feature frame: window, transform, mel channels, and the levels that become features. Private to the
 * front end.
 *
 * ww_frame.c and ww_fft.c have them in plain C. frame/ has a version for each set of fast kernels, in one file; a
 * firmware links one version. All give the same features and noise estimates, bit for bit; what `points` holds between
 * two stages is a version's own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_FRAME_H
#define WW_FRAME_H

#include <stdint.h>

#include "ww_frontend.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WINDOW_BITS = 12,
    FFT_CORRECTION_BITS = 3, /* log2 of the FFT size less half of WW_MEL_BITS */

    NOISE_BITS = 14,
    NOISE_SCALE_BITS = 10,      /* fractional bits of a noise estimate */
    NOISE_SMOOTHING_EVEN = 409, /* 0.025, Q14 */
    NOISE_SMOOTHING_ODD = 983,  /* 0.06 */
    NOISE_SIGNAL_FLOOR = 819,   /* 0.05 */

    GAIN_SNR_BITS = 12,
    GAIN_SNR_SHIFT = 21 - FFT_CORRECTION_BITS - GAIN_SNR_BITS,
    GAIN_OUTPUT_BITS = 6,
    GAIN_FRACTION_BITS = 10,

    LOG_BITS = 16,
    LOG_SEGMENT_BITS = 9, /* an octave in 128 segments */
    LOG_E_2 = 45426,      /* ln 2, Q16 */
    LOG_SCALE_SHIFT = 6,
};

/* Fills points with the windowed samples; returns the left shift, 0 to 15, after which they use all 16 bits. */
unsigned ww_frame_window(const int16_t samples[WW_FRONTEND_WINDOW_SAMPLES], struct ww_complex points[WW_FFT_POINTS]);

/* The spectrum of the windowed samples, shifted. */
void ww_frame_transform(struct ww_complex points[WW_FFT_POINTS], unsigned shift);

/* Amplitude of each channel from bins 5 to 240, with the shift undone. Each is at most 2^24. */
void ww_frame_channels(const struct ww_complex points[WW_FFT_POINTS], unsigned shift,
                       uint32_t signal[WW_FRONTEND_CHANNELS]);

/* Noise reduction, gain control and logarithm of each channel. */
void ww_frame_levels(const uint32_t signal[WW_FRONTEND_CHANNELS], uint32_t noise_estimate[WW_FRONTEND_CHANNELS],
                     uint16_t features[WW_FRONTEND_CHANNELS]);

#ifdef __cplusplus
}
#endif
#endif /* WW_FRAME_H */
