/*
 * The stages of a feature frame in plain C, made small; see ww_frame.h. ww_fft.c has the transform. The fast versions in
 * frame/ give the same bits.
 *
 * The arithmetic, wrap-around included, is that of TensorFlow Lite Micro's audio front end.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_frame.h"

#include <stdbool.h>
#include <string.h>

#include "ww_frontend_tables.h"

/* Bits needed to write value: 0 for 0, 32 for 2^31. */
static unsigned bit_length(uint32_t value)
{
    unsigned length = 0;
    for (unsigned step = 16; step != 0; step >>= 1) {
        if (value >> step != 0) {
            value >>= step;
            length += step;
        }
    }
    return length + (value != 0 ? 1U : 0U);
}

unsigned ww_frame_window(const int16_t samples[WW_FRONTEND_WINDOW_SAMPLES], struct ww_complex points[WW_FFT_POINTS])
{
    struct ww_complex *point = points;
    int32_t peak = 0;
    for (unsigned i = 0; i < WW_FRONTEND_WINDOW_SAMPLES; ++i) {
        int16_t value = (int16_t)(samples[i] * ww_window_table[i] >> WINDOW_BITS);
        int16_t magnitude = value < 0 ? (int16_t)-value : value; /* -32768 stays negative and does not count */
        peak = magnitude > peak ? magnitude : peak;
        if (i % 2 == 0) {
            point->re = value;
        } else {
            point->im = value;
            ++point;
        }
    }

    unsigned shift = 15 - bit_length((uint32_t)peak);
    for (point = points; point < points + WW_FRONTEND_WINDOW_SAMPLES / 2; ++point) {
        point->re = (int16_t)((uint32_t)point->re << shift);
        point->im = (int16_t)((uint32_t)point->im << shift);
    }
    memset(point, 0, (WW_FFT_POINTS - WW_FRONTEND_WINDOW_SAMPLES / 2) * sizeof *point);
    return shift;
}

void ww_frame_transform(struct ww_complex points[WW_FFT_POINTS], unsigned shift)
{
    (void)shift; /* ww_frame_window has applied it */
    ww_fft_real(points);
}

/* The rounded square root of values below 2^60. Like the original, it rounds the greatest 32-bit values down. */
static uint32_t square_root(uint64_t value)
{
    uint32_t high = (uint32_t)(value >> 32);
    uint32_t low = (uint32_t)value;
    bool is_short = high == 0;
    unsigned digits = 32;
    if (is_short) {
        high = low;
        digits = 16;
    }
    uint32_t root = 0;
    uint32_t remainder = 0; /* at most 2 root */
    while (digits-- != 0) {
        remainder = remainder << 2 | high >> 30;
        high = high << 2 | low >> 30;
        low <<= 2;
        uint32_t trial = root << 2 | 1;
        root <<= 1;
        if (remainder >= trial) {
            remainder -= trial;
            root |= 1;
        }
    }
    bool round_up = remainder > root && !(is_short && root == UINT16_MAX);
    return round_up ? root + 1 : root;
}

void ww_frame_channels(const struct ww_complex points[WW_FFT_POINTS], unsigned shift,
                       uint32_t signal[WW_FRONTEND_CHANNELS])
{
    unsigned bin = WW_MEL_FIRST_BIN;
    uint64_t falling = 0; /* the share of the previous band for the lower channel of this one */
    for (unsigned band = 0; band < WW_MEL_BANDS; ++band) {
        /* In halves of 16 bits: a band has at most 16 bins, so 32-bit sums of 12-bit weights cannot overflow. */
        uint32_t total_low = 0, total_high = 0, weighted_low = 0, weighted_high = 0;
        for (; bin < ww_mel_ends[band]; ++bin) {
            int32_t re = points[bin].re;
            int32_t im = points[bin].im;
            uint32_t energy = (uint32_t)(re * re) + (uint32_t)(im * im);
            uint32_t weight = ww_mel_weights[bin - WW_MEL_FIRST_BIN];
            total_low += energy & UINT16_MAX;
            total_high += energy >> 16;
            weighted_low += weight * (energy & UINT16_MAX);
            weighted_high += weight * (energy >> 16);
        }
        uint64_t total = ((uint64_t)total_high << 16) + total_low;
        uint64_t weighted = ((uint64_t)weighted_high << 16) + weighted_low;
        if (band > 0) {
            signal[band - 1] = square_root(falling + weighted) >> shift;
        }
        falling = (total << WW_MEL_BITS) - weighted;
    }
}

/* Tracks the noise of a channel and subtracts it, but keeps at least 5 % of the signal. */
static uint32_t reduce_noise(uint32_t signal, uint32_t *noise_estimate, uint32_t smoothing)
{
    uint32_t scaled = signal << NOISE_SCALE_BITS;
    uint64_t mixed = (uint64_t)scaled * smoothing + (uint64_t)*noise_estimate * ((1U << NOISE_BITS) - smoothing);
    uint32_t estimate = (uint32_t)(mixed >> NOISE_BITS);
    *noise_estimate = estimate;

    uint32_t rest = estimate < scaled ? (scaled - estimate) >> NOISE_SCALE_BITS : 0;
    uint32_t floor = (uint32_t)((uint64_t)signal * NOISE_SIGNAL_FLOOR >> NOISE_BITS);
    return rest > floor ? rest : floor;
}

/* Gain for a noise estimate: a parabola in each octave. */
static int16_t gain_at(uint32_t noise)
{
    if (noise <= 2) {
        return ww_gain_table[noise];
    }
    unsigned bits = bit_length(noise);
    const int16_t *octave = ww_gain_table + 2 + 3 * (bits - 2);
    uint32_t aligned = bits <= GAIN_FRACTION_BITS ? noise << (GAIN_FRACTION_BITS + 1 - bits)
                                                  : noise >> (bits - GAIN_FRACTION_BITS - 1);
    int32_t fraction = (int32_t)(aligned & ((1U << GAIN_FRACTION_BITS) - 1));
    int32_t rise = ((octave[2] * fraction >> 5) + octave[1] * 32) * fraction;
    return (int16_t)(octave[0] + ((rise + (1 << 14)) >> 15));
}

/* Per-channel amplitude normalisation (PCAN): gain, then a function like a square root that is flat near zero. */
static uint32_t control_gain(uint32_t signal, uint32_t noise_estimate)
{
    uint32_t gain = (uint32_t)gain_at(noise_estimate);
    uint32_t ratio = (uint32_t)((uint64_t)signal * gain >> GAIN_SNR_SHIFT);
    if (ratio < 2U << GAIN_SNR_BITS) {
        return ratio * ratio >> (2 + 2 * GAIN_SNR_BITS - GAIN_OUTPUT_BITS);
    }
    return (ratio >> (GAIN_SNR_BITS - GAIN_OUTPUT_BITS)) - (1U << GAIN_OUTPUT_BITS);
}

/* 64 times the natural logarithm; 0 for 0 and 1. */
static uint16_t logarithm(uint32_t value)
{
    if (value <= 1) {
        return 0;
    }
    unsigned octave = bit_length(value) - 1;
    uint32_t fraction = value - ((uint32_t)1 << octave);
    fraction = octave < LOG_BITS ? fraction << (LOG_BITS - octave) : fraction >> (octave - LOG_BITS);

    uint32_t segment = fraction >> LOG_SEGMENT_BITS;
    int32_t position = (int32_t)(fraction & ((1U << LOG_SEGMENT_BITS) - 1));
    int32_t bend = ww_log_table[segment];
    bend += (ww_log_table[segment + 1] - bend) * position >> LOG_BITS;

    uint32_t log2 = ((uint32_t)octave << LOG_BITS) + fraction + (uint32_t)bend;
    uint32_t half = 1U << (LOG_BITS - 1);
    uint32_t natural = (uint32_t)(((uint64_t)LOG_E_2 * log2 + half) >> LOG_BITS);
    return (uint16_t)(((natural << LOG_SCALE_SHIFT) + half) >> LOG_BITS);
}

void ww_frame_levels(const uint32_t signal[WW_FRONTEND_CHANNELS], uint32_t noise_estimate[WW_FRONTEND_CHANNELS],
                     uint16_t features[WW_FRONTEND_CHANNELS])
{
    for (unsigned i = 0; i < WW_FRONTEND_CHANNELS; ++i) {
        uint32_t smoothing = i % 2 == 0 ? NOISE_SMOOTHING_EVEN : NOISE_SMOOTHING_ODD;
        uint32_t clean = reduce_noise(signal[i], &noise_estimate[i], smoothing);
        features[i] = logarithm(control_gain(clean, noise_estimate[i]) << FFT_CORRECTION_BITS);
    }
}
