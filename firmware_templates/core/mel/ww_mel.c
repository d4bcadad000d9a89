/*
 * The stages of a feature frame in plain C; see ww_mel.h.
 *
 * The spectrum is in block floating point: 16 bits for each number and one exponent for all, so that faint audio keeps
 * its precision. A point of two samples never exceeds 2^14 times the root of 2, and no pass makes it larger, so
 * nothing overflows. Right shifts of negative numbers are arithmetic on every compiler this is for.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_mel.h"

#include <string.h>

enum {
    PEAK_BITS = 14,     /* of a windowed sample */
    PRODUCT_BITS = 15,  /* fractional bits of a sample times the window */
    ROOM_BITS = 13,     /* points whose parts have at most these bits may double, and with one bit less again */
    QUIETEST_BITS = 16, /* energy of level 0: white noise of one step of a sample, in a band of a few bins */
    LOG_BITS = 16,
    LOG_SEGMENT_BITS = 10,
};

struct wide {
    int32_t re;
    int32_t im;
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

/* A number whose bits are those of the magnitude, or of one less. */
WW_MEL_INLINE uint32_t bits_of(int32_t value)
{
    return (uint32_t)(value ^ (value >> 31));
}

/* A sample as it is transformed, Q15; its magnitude is below 2^31. */
WW_MEL_INLINE int32_t weighted(const int16_t samples[WW_FRONTEND_WINDOW_SAMPLES], unsigned i)
{
#if WW_MEL_PREEMPHASIS
    return samples[i + 1] * (1 << PRODUCT_BITS) - samples[i] * WW_MEL_PREEMPHASIS;
#else
    return samples[i] * ww_mel_hann[i];
#endif
}

int ww_mel_window(const int16_t samples[WW_FRONTEND_WINDOW_SAMPLES], struct ww_complex points[WW_MEL_POINTS])
{
    uint32_t used = 0;
    for (unsigned i = 0; i < WW_MEL_WEIGHTED_SAMPLES; ++i) {
        used |= bits_of(weighted(samples, i));
    }
    int shift = bit_length(used) - PEAK_BITS; /* to the right */
    int right = shift > 0 ? shift : 0;
    int32_t factor = shift < 0 ? 1 << -shift : 1;
    int32_t rounding = (1 << right) >> 1;
    memset(points, 0, WW_MEL_POINTS * sizeof *points);
    for (unsigned i = 0; i < WW_MEL_WEIGHTED_SAMPLES; ++i) {
        int16_t value = (int16_t)((weighted(samples, i) * factor + rounding) >> right);
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

/* Stores a sum, shifted; returns the bits that it uses. */
WW_MEL_INLINE uint32_t store(struct ww_complex *point, int32_t re, int32_t im, unsigned shift)
{
    int32_t rounding = (1 << shift) >> 1;
    re = (re + rounding) >> shift;
    im = (im + rounding) >> shift;
    point->re = (int16_t)re;
    point->im = (int16_t)im;
    return bits_of(re) | bits_of(im);
}

/* Sums and differences of neighbours. */
static uint32_t combine_pairs(struct ww_complex points[WW_MEL_POINTS], unsigned shift)
{
    uint32_t used = 0;
    for (unsigned i = 0; i < WW_MEL_POINTS; i += 2) {
        struct ww_complex a = points[i];
        struct ww_complex b = points[i + 1];
        used |= store(&points[i], a.re + b.re, a.im + b.im, shift);
        used |= store(&points[i + 1], a.re - b.re, a.im - b.im, shift);
    }
    return used;
}

/* A point turned back by `turn` entries of the table. */
WW_MEL_INLINE struct wide turned(struct ww_complex point, int32_t sine, int32_t cosine)
{
    struct wide result = {(point.re * cosine + point.im * sine + (1 << 14)) >> 15,
                          (point.im * cosine - point.re * sine + (1 << 14)) >> 15};
    return result;
}

/* Four points a quarter apart, of which the last three have been turned. */
WW_MEL_INLINE uint32_t combine_four(struct ww_complex *a, unsigned quarter, struct wide b, struct wide c, struct wide d,
                                    unsigned shift)
{
    struct wide sum = {a->re + b.re, a->im + b.im};
    struct wide difference = {a->re - b.re, a->im - b.im};
    struct wide other_sum = {c.re + d.re, c.im + d.im};
    struct wide other_difference = {c.re - d.re, c.im - d.im};
    uint32_t used = store(a, sum.re + other_sum.re, sum.im + other_sum.im, shift);
    used |= store(a + quarter, difference.re + other_difference.im, difference.im - other_difference.re, shift);
    used |= store(a + 2 * quarter, sum.re - other_sum.re, sum.im - other_sum.im, shift);
    used |= store(a + 3 * quarter, difference.re - other_difference.im, difference.im + other_difference.re, shift);
    return used;
}

WW_MEL_INLINE struct wide widened(struct ww_complex point)
{
    struct wide result = {point.re, point.im};
    return result;
}

/* Two halvings of the transform in one pass. */
static uint32_t combine_fours(struct ww_complex points[WW_MEL_POINTS], unsigned quarter, unsigned shift)
{
    uint32_t used = 0;
    unsigned turn = WW_MEL_POINTS / 2 / quarter;
    for (struct ww_complex *a = points; a < points + WW_MEL_POINTS; a += 4 * quarter) {
        used |= combine_four(a, quarter, widened(a[quarter]), widened(a[2 * quarter]), widened(a[3 * quarter]), shift);
    }
    for (unsigned k = 1; k < quarter; ++k) {
        const int16_t *first = ww_mel_sine + 2 * k * turn;
        const int16_t *second = ww_mel_sine + k * turn;
        const int16_t *third = ww_mel_sine + 3 * k * turn;
        int32_t sine_1 = first[0], cosine_1 = first[WW_MEL_QUARTER_TURN];
        int32_t sine_2 = second[0], cosine_2 = second[WW_MEL_QUARTER_TURN];
        int32_t sine_3 = third[0], cosine_3 = third[WW_MEL_QUARTER_TURN];
        for (struct ww_complex *a = points + k; a < points + WW_MEL_POINTS; a += 4 * quarter) {
            struct wide b = turned(a[quarter], sine_1, cosine_1);
            struct wide c = turned(a[2 * quarter], sine_2, cosine_2);
            struct wide d = turned(a[3 * quarter], sine_3, cosine_3);
            used |= combine_four(a, quarter, b, c, d, shift);
        }
    }
    return used;
}

int ww_mel_transform(struct ww_complex points[WW_MEL_POINTS])
{
    unsigned quarter = 1;
    unsigned halvings = 0;
    uint32_t used = UINT32_MAX; /* the window leaves no room */
    reverse_bits(points);
    if (WW_MEL_PAIRS) {
        halvings = 1;
        used = combine_pairs(points, halvings);
        quarter = 2;
    }
    for (; quarter < WW_MEL_POINTS; quarter *= 4) {
        unsigned shift = used >> ROOM_BITS != 0 ? 2 : used >> (ROOM_BITS - 1) != 0 ? 1 : 0;
        used = combine_fours(points, quarter, shift);
        halvings += shift;
    }
    return (int)halvings;
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

uint16_t ww_mel_level(uint64_t energy, int exponent)
{
    if (energy == 0) {
        return 0;
    }
    int32_t octaves = logarithm(energy) - (2 * exponent + QUIETEST_BITS) * (1 << LOG_BITS);
    int32_t level = (octaves + (1 << (LOG_BITS - WW_MEL_LEVEL_BITS - 1))) >> (LOG_BITS - WW_MEL_LEVEL_BITS);
    return (uint16_t)(level < 0 ? 0 : level);
}
