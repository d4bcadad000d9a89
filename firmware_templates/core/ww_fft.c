/*
 * FFT of 512 real samples in 16-bit fixed point; see ww_fft.h.
 *
 * Every cast to int16_t stands where kissfft stores to 16 bits: sums wrap there, so they wrap here. Right shifts of
 * negative numbers are arithmetic on every compiler this is for.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_fft.h"

#include <stdbool.h>

#include "ww_frontend_tables.h"

enum {
    QUARTER_TURN = 128, /* in entries of ww_cosine_table */
    RECIPROCAL_2 = 32767 / 2,
    RECIPROCAL_4 = 32767 / 4,
};

/* With -Os, the complex helpers would become calls, and a frame would take half as long again on a Cortex-M0+. */
#ifdef __GNUC__
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

INLINE int16_t round_q15(int32_t product)
{
    return (int16_t)((product + (1 << 14)) >> 15);
}

INLINE struct ww_complex scale(struct ww_complex value, int32_t factor)
{
    struct ww_complex result = {round_q15(value.re * factor), round_q15(value.im * factor)};
    return result;
}

INLINE struct ww_complex add(struct ww_complex a, struct ww_complex b)
{
    struct ww_complex result = {(int16_t)(a.re + b.re), (int16_t)(a.im + b.im)};
    return result;
}

INLINE struct ww_complex subtract(struct ww_complex a, struct ww_complex b)
{
    struct ww_complex result = {(int16_t)(a.re - b.re), (int16_t)(a.im - b.im)};
    return result;
}

/* At most 32768 * (23170 + 23170) + 2^14: fits 32 bits, as cos + sin never exceed the square root of 2. */
INLINE struct ww_complex multiply(struct ww_complex a, struct ww_complex b)
{
    struct ww_complex result = {round_q15(a.re * b.re - a.im * b.im), round_q15(a.re * b.im + a.im * b.re)};
    return result;
}

/* exp(-2 pi j index / 512) */
INLINE struct ww_complex twiddle(unsigned index)
{
    struct ww_complex result = {ww_cosine_table[index], ww_cosine_table[index + QUARTER_TURN]};
    return result;
}

/* Moves points[i] to the index with the four base-4 digits of i in reverse order. */
static void reverse_digits(struct ww_complex points[WW_FFT_POINTS])
{
    for (unsigned i = 1; i < WW_FFT_POINTS - 1; ++i) {
        unsigned j = (i & 3) << 6 | (i & 12) << 2 | (i >> 2 & 12) | i >> 6;
        if (j > i) {
            struct ww_complex swapped = points[i];
            points[i] = points[j];
            points[j] = swapped;
        }
    }
}

/* All butterflies of a pass that share a twiddle: offset, offset + 4 span, ... */
static void butterflies(struct ww_complex points[WW_FFT_POINTS], unsigned offset, unsigned span)
{
    unsigned step = QUARTER_TURN / span * offset;
    struct ww_complex w1 = twiddle(step);
    struct ww_complex w2 = twiddle(2 * step);
    struct ww_complex w3 = twiddle(3 * step);
    /* A value divided by 4 times the twiddle 32767 rounds to itself. */
    bool rotate = offset != 0;

    for (struct ww_complex *p = points + offset; p < points + WW_FFT_POINTS; p += 4 * span) {
        struct ww_complex a = scale(p[0], RECIPROCAL_4);
        struct ww_complex b = scale(p[span], RECIPROCAL_4);
        struct ww_complex c = scale(p[2 * span], RECIPROCAL_4);
        struct ww_complex d = scale(p[3 * span], RECIPROCAL_4);
        if (rotate) {
            b = multiply(b, w1);
            c = multiply(c, w2);
            d = multiply(d, w3);
        }
        struct ww_complex even = add(a, c);
        struct ww_complex even_difference = subtract(a, c);
        struct ww_complex odd = add(b, d);
        struct ww_complex odd_difference = subtract(b, d);
        struct ww_complex turned = {odd_difference.im, (int16_t)-odd_difference.re}; /* times -j */
        p[0] = add(even, odd);
        p[span] = add(even_difference, turned);
        p[2 * span] = subtract(even, odd);
        p[3 * span] = subtract(even_difference, turned);
    }
}

/* Turns the FFT of even samples + j odd samples into that of the samples, two bins at a time. */
static void separate(struct ww_complex points[WW_FFT_POINTS])
{
    for (unsigned k = 1; k <= WW_FFT_POINTS / 2; ++k) {
        struct ww_complex mirrored = points[WW_FFT_POINTS - k];
        mirrored.im = (int16_t)-mirrored.im;
        mirrored = scale(mirrored, RECIPROCAL_2);
        struct ww_complex here = scale(points[k], RECIPROCAL_2);
        struct ww_complex even = add(here, mirrored);
        struct ww_complex odd = multiply(subtract(here, mirrored), twiddle(k + QUARTER_TURN));

        struct ww_complex low = {(int16_t)((even.re + odd.re) >> 1), (int16_t)((even.im + odd.im) >> 1)};
        struct ww_complex high = {(int16_t)((even.re - odd.re) >> 1), (int16_t)((odd.im - even.im) >> 1)};
        points[k] = low;
        points[WW_FFT_POINTS - k] = high;
    }
}

void ww_fft_real(struct ww_complex points[WW_FFT_POINTS])
{
    reverse_digits(points);
    for (unsigned span = 1; span < WW_FFT_POINTS; span *= 4) {
        for (unsigned offset = 0; offset < span; ++offset) {
            butterflies(points, offset, span);
        }
    }
    separate(points);
}
