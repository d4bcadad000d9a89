/*
 * The stages of a feature frame in plain C; see ww_mel.h.
 *
 * The spectrum is in block floating point: 16 bits for each number and one exponent for all, so that faint audio keeps
 * its precision. A point of two samples never exceeds 2^14 times the root of 2, and no stage makes it larger, so
 * nothing overflows. Right shifts of negative numbers are arithmetic on every compiler this is for.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_mel.h"

#include <stdbool.h>
#include <string.h>

enum {
    PEAK_BITS = 14,    /* of a windowed sample */
    PRODUCT_BITS = 15, /* fractional bits of a sample times the window */
    ROOM = 8191,       /* points whose parts are at most this large may double */
    QUARTER_TURN = WW_MEL_FFT_SIZE / 4,
    QUIETEST_BITS = 16, /* energy of level 0: white noise of one step of a sample, in a band of a few bins */
    LOG_BITS = 16,
    LOG_SEGMENT_BITS = 10,
};

/* Bits needed to write value: 0 for 0, 32 for 2^31. */
static int bit_length(uint32_t value)
{
    int length = 0;
    for (int step = 16; step != 0; step >>= 1) {
        if (value >> step != 0) {
            value >>= step;
            length += step;
        }
    }
    return length + (value != 0 ? 1 : 0);
}

static int32_t product_at(const int16_t samples[WW_FRONTEND_WINDOW_SAMPLES], unsigned i)
{
    return samples[i] * ww_mel_hann[i];
}

static int32_t magnitude(int32_t value)
{
    return value < 0 ? -value : value;
}

int ww_mel_window(const int16_t samples[WW_FRONTEND_WINDOW_SAMPLES], struct ww_complex points[WW_MEL_POINTS])
{
    int32_t peak = 0;
    for (unsigned i = 0; i < WW_FRONTEND_WINDOW_SAMPLES; ++i) {
        int32_t size = magnitude(product_at(samples, i));
        peak = size > peak ? size : peak;
    }
    int shift = bit_length((uint32_t)peak) - PEAK_BITS; /* to the right */
    memset(points, 0, WW_MEL_POINTS * sizeof *points);
    for (unsigned i = 0; i < WW_FRONTEND_WINDOW_SAMPLES; ++i) {
        int32_t product = product_at(samples, i);
        int16_t value = (int16_t)(shift > 0 ? (product + (1 << (shift - 1))) >> shift : product * (1 << -shift));
        if (i % 2 == 0) {
            points[i / 2].re = value;
        } else {
            points[i / 2].im = value;
        }
    }
    return PRODUCT_BITS - shift;
}

static void reverse_bits(struct ww_complex points[WW_MEL_POINTS])
{
    unsigned reversed = 0;
    for (unsigned i = 0; i + 1 < WW_MEL_POINTS; ++i) {
        if (i < reversed) {
            struct ww_complex point = points[i];
            points[i] = points[reversed];
            points[reversed] = point;
        }
        unsigned bit = WW_MEL_POINTS / 2;
        for (; (reversed & bit) != 0; bit /= 2) {
            reversed ^= bit;
        }
        reversed |= bit;
    }
}

static bool has_room(const struct ww_complex points[WW_MEL_POINTS])
{
    for (unsigned i = 0; i < WW_MEL_POINTS; ++i) {
        if (magnitude(points[i].re) > ROOM || magnitude(points[i].im) > ROOM) {
            return false;
        }
    }
    return true;
}

/* Sums and differences of points that lie `half` apart; `turn` is the angle between neighbours, in table entries. */
static void combine(struct ww_complex points[WW_MEL_POINTS], unsigned half, unsigned turn, unsigned shift)
{
    int32_t rounding = (int32_t)shift;
    for (unsigned k = 0; k < half; ++k) {
        int32_t sine = ww_mel_sine[k * turn];
        int32_t cosine = ww_mel_sine[k * turn + QUARTER_TURN];
        for (struct ww_complex *a = points + k; a < points + WW_MEL_POINTS; a += 2 * half) {
            struct ww_complex *b = a + half;
            int32_t re = (b->re * cosine + b->im * sine + (1 << 14)) >> 15;
            int32_t im = (b->im * cosine - b->re * sine + (1 << 14)) >> 15;
            b->re = (int16_t)((a->re - re + rounding) >> shift);
            b->im = (int16_t)((a->im - im + rounding) >> shift);
            a->re = (int16_t)((a->re + re + rounding) >> shift);
            a->im = (int16_t)((a->im + im + rounding) >> shift);
        }
    }
}

int ww_mel_transform(struct ww_complex points[WW_MEL_POINTS])
{
    int halvings = 0;
    reverse_bits(points);
    for (unsigned half = 1; half < WW_MEL_POINTS; half *= 2) {
        unsigned shift = has_room(points) ? 0 : 1;
        combine(points, half, WW_MEL_POINTS / half, shift);
        halvings += (int)shift;
    }
    return halvings;
}

/* The energy of a bin, of the real signal whose even and odd samples were transformed as one complex signal. */
static uint32_t energy_of(const struct ww_complex points[WW_MEL_POINTS], unsigned bin)
{
    struct ww_complex a = points[bin];
    struct ww_complex b = points[WW_MEL_POINTS - bin];
    int32_t sine = ww_mel_sine[bin];
    int32_t cosine = ww_mel_sine[bin + QUARTER_TURN];
    int32_t odd_re = a.re - b.re;
    int32_t odd_im = a.im + b.im;
    int32_t re = a.re + b.re + ((odd_im * cosine - odd_re * sine + (1 << 14)) >> 15);
    int32_t im = a.im - b.im - ((odd_re * cosine + odd_im * sine + (1 << 14)) >> 15);
    re = (re + 1) >> 1;
    im = (im + 1) >> 1;
    return (uint32_t)(re * re) + (uint32_t)(im * im);
}

/* Logarithm to base 2, Q16, of 1 or more. */
static int32_t logarithm(uint64_t value)
{
    uint32_t high = (uint32_t)(value >> 32);
    int octave = (high != 0 ? 32 + bit_length(high) : bit_length((uint32_t)value)) - 1;
    uint32_t aligned = (uint32_t)(octave < LOG_BITS ? value << (LOG_BITS - octave) : value >> (octave - LOG_BITS));
    uint32_t fraction = aligned & UINT16_MAX;
    uint32_t segment = fraction >> LOG_SEGMENT_BITS;
    int32_t position = (int32_t)(fraction & ((1U << LOG_SEGMENT_BITS) - 1));
    int32_t bend = ww_mel_log[segment];
    bend += ((ww_mel_log[segment + 1] - bend) * position) >> LOG_SEGMENT_BITS;
    return octave * (1 << LOG_BITS) + (int32_t)fraction + bend;
}

static uint16_t level_of(uint64_t energy, int exponent)
{
    if (energy == 0) {
        return 0;
    }
    int32_t octaves = logarithm(energy) - (2 * exponent + QUIETEST_BITS) * (1 << LOG_BITS);
    int32_t level = (octaves + (1 << (LOG_BITS - WW_MEL_LEVEL_BITS - 1))) >> (LOG_BITS - WW_MEL_LEVEL_BITS);
    return (uint16_t)(level < 0 ? 0 : level);
}

void ww_mel_levels(const struct ww_complex points[WW_MEL_POINTS], int exponent, uint16_t levels[WW_MEL_BANDS])
{
    unsigned bin = WW_MEL_FIRST_BIN;
    uint64_t rising = 0; /* of the band whose slope has risen before this one */
    for (unsigned slope = 0; slope <= WW_MEL_BANDS; ++slope) {
        /* In halves of 16 bits: a slope has at most 256 bins, so 32-bit sums of 8-bit weights cannot overflow. */
        uint32_t total_low = 0, total_high = 0, risen_low = 0, risen_high = 0;
        for (; bin < ww_mel_ends[slope]; ++bin) {
            uint32_t energy = energy_of(points, bin);
            uint32_t weight = ww_mel_weights[bin - WW_MEL_FIRST_BIN];
            total_low += energy & UINT16_MAX;
            total_high += energy >> 16;
            risen_low += weight * (energy & UINT16_MAX);
            risen_high += weight * (energy >> 16);
        }
        uint64_t total = ((uint64_t)total_high << 16) + total_low;
        uint64_t risen = ((uint64_t)risen_high << 16) + risen_low;
        if (slope > 0) {
            levels[slope - 1] = level_of(rising + total * UINT8_MAX - risen, exponent);
        }
        rising = risen;
    }
}
