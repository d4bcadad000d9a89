/*
 * Micro front end; see ww_frontend.h. A frame goes through window, FFT, mel bands, noise reduction, gain control and
 * logarithm, each a function below, in that order.
 *
 * The arithmetic, wrap-around included, is that of TensorFlow Lite Micro's audio front end.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_frontend.h"

#include <string.h>

#include "ww_frontend_tables.h"

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

/* Fills spectrum with the windowed samples, scaled up to use all 16 bits; returns the shift that did it. */
static unsigned apply_window(struct ww_frontend *frontend)
{
    struct ww_complex *point = frontend->spectrum;
    int32_t peak = 0;
    for (unsigned i = 0; i < WW_FRONTEND_WINDOW_SAMPLES; ++i) {
        int16_t value = (int16_t)(frontend->window[i] * ww_window_table[i] >> WINDOW_BITS);
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
    for (point = frontend->spectrum; point < frontend->spectrum + WW_FRONTEND_WINDOW_SAMPLES / 2; ++point) {
        point->re = (int16_t)((uint32_t)point->re << shift);
        point->im = (int16_t)((uint32_t)point->im << shift);
    }
    memset(point, 0, (WW_FFT_POINTS - WW_FRONTEND_WINDOW_SAMPLES / 2) * sizeof *point);
    return shift;
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

/* Amplitude of each channel from bins 5 to 240, with the shift of apply_window undone. */
static void mel_channels(const struct ww_complex *spectrum, unsigned shift, uint32_t signal[WW_FRONTEND_CHANNELS])
{
    unsigned bin = WW_MEL_FIRST_BIN;
    uint64_t falling = 0; /* the share of the previous band for the lower channel of this one */
    for (unsigned band = 0; band < WW_MEL_BANDS; ++band) {
        /* In halves of 16 bits: a band has at most 16 bins, so 32-bit sums of 12-bit weights cannot overflow. */
        uint32_t total_low = 0, total_high = 0, weighted_low = 0, weighted_high = 0;
        for (; bin < ww_mel_ends[band]; ++bin) {
            int32_t re = spectrum[bin].re;
            int32_t im = spectrum[bin].im;
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

static void compute_features(struct ww_frontend *frontend, uint16_t features[WW_FRONTEND_CHANNELS])
{
    uint32_t signal[WW_FRONTEND_CHANNELS];
    unsigned shift = apply_window(frontend);
    ww_fft_real(frontend->spectrum);
    mel_channels(frontend->spectrum, shift, signal);
    for (unsigned i = 0; i < WW_FRONTEND_CHANNELS; ++i) {
        uint32_t smoothing = i % 2 == 0 ? NOISE_SMOOTHING_EVEN : NOISE_SMOOTHING_ODD;
        uint32_t *noise_estimate = &frontend->noise_estimate[i];
        uint32_t clean = reduce_noise(signal[i], noise_estimate, smoothing);
        features[i] = logarithm(control_gain(clean, *noise_estimate) << FFT_CORRECTION_BITS);
    }
}

void ww_frontend_init(struct ww_frontend *frontend, uint16_t step_samples)
{
    memset(frontend, 0, sizeof *frontend);
    frontend->step_samples = step_samples;
}

size_t ww_frontend_process(struct ww_frontend *frontend, const int16_t *samples, size_t count,
                           uint16_t features[WW_FRONTEND_CHANNELS], bool *frame_ready)
{
    size_t missing = (size_t)WW_FRONTEND_WINDOW_SAMPLES - frontend->filled;
    size_t taken = count < missing ? count : missing;
    if (taken != 0) {
        memcpy(frontend->window + frontend->filled, samples, taken * sizeof *samples);
        frontend->filled = (uint16_t)(frontend->filled + taken);
    }
    *frame_ready = frontend->filled == WW_FRONTEND_WINDOW_SAMPLES;
    if (*frame_ready) {
        compute_features(frontend, features);
        frontend->filled = (uint16_t)(WW_FRONTEND_WINDOW_SAMPLES - frontend->step_samples);
        memmove(frontend->window, frontend->window + frontend->step_samples,
                frontend->filled * sizeof *frontend->window);
    }
    return taken;
}

int8_t ww_frontend_quantize(uint16_t feature)
{
    uint32_t scaled = ((uint32_t)feature * 256 + 333) / 666;
    return (int8_t)(scaled < 255 ? (int32_t)scaled - 128 : 127);
}
