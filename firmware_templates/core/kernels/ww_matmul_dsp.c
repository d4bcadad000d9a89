/*
 * Matrix product with dual 16-bit multiplies (see ww_matmul_dsp.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_matmul_dsp.h"

#include "ww_dot_joint_dsp.h"
#include "ww_requantize.h"

#define INLINE static inline __attribute__((always_inline))

INLINE int8_t rescaled(int32_t doubled, const uint32_t *scales, int once)
{
    return (int8_t)(once ? ww_scale_doubled_once(doubled, scales[0], scales[2], scales[4])
                         : ww_scale_doubled(doubled, scales[0], scales[2], scales[4]));
}

/* The outputs of a block of `count` channels in one row, rounded as TFLite does it. */
INLINE void rescale(const struct ww_joint_sums *sums, const uint32_t *scales, int once, int32_t count, int8_t *output)
{
    const int8_t first = rescaled(sums->first, scales, once);
    const int8_t second = rescaled(ww_second_sum(sums) >> 8, scales + 1, once);
    output[0] = first;
    if (count > 1) {
        output[1] = second;
    }
}

/* One or two rows of outputs. */
INLINE void products(const uint32_t *w, const uint32_t *x, int32_t eights, int32_t channels, int rows, int once,
                     int8_t *output, int8_t *second)
{
    for (; channels > 0; channels -= 2, output += 2, w += 6) {
        struct ww_joint_sums sums[2];
        w = rows == 2 ? ww_dot_two_rows(x, w, eights, sums) : ww_dot_one_row(x, w, eights, sums);
        rescale(sums, w, once, channels, output);
        if (rows == 2) {
            rescale(sums + 1, w, once, channels, second);
            second += 2;
        }
    }
}

static __attribute__((noinline)) void two_rows(const uint32_t *w, const uint32_t *x, int32_t eights, int32_t channels,
                                               int8_t *output, int8_t *second)
{
    products(w, x, eights, channels, 2, 0, output, second);
}

static __attribute__((noinline)) void one_row(const uint32_t *w, const uint32_t *x, int32_t eights, int32_t channels,
                                              int8_t *output)
{
    products(w, x, eights, channels, 1, 0, output, NULL);
}

static __attribute__((noinline)) void one_row_rounded_once(const uint32_t *w, const uint32_t *x, int32_t eights,
                                                           int32_t channels, int8_t *output)
{
    products(w, x, eights, channels, 1, 1, output, NULL);
}

static __attribute__((noinline)) void two_rows_upwards(const uint32_t *w, const uint32_t *x, int32_t eights,
                                                       int32_t channels, int8_t *output, int8_t *second)
{
    for (; channels > 1; channels -= 2, output += 2, second += 2) {
        struct ww_joint_sums sums[2];
        w = ww_dot_two_rows(x, w, eights, sums);
        w = ww_rescale_two_rows(w, sums, output, second);
    }
    if (channels > 0) {
        two_rows(w, x, eights, channels, output, second);
    }
}

static __attribute__((noinline)) void one_row_upwards(const uint32_t *w, const uint32_t *x, int32_t eights,
                                                      int32_t channels, int8_t *output)
{
    for (; channels > 1; channels -= 2, output += 2) {
        struct ww_joint_sums sums[1];
        w = ww_dot_one_row(x, w, eights, sums);
        w = ww_rescale_one_row(w, sums, output);
    }
    if (channels > 0) {
        one_row(w, x, eights, channels, output);
    }
}

WW_KERNEL void ww_matmul_dsp(const struct ww_channel_records *records, const uint32_t *scratch, int32_t rows,
                             int8_t *output)
{
    const uint32_t *const w = records->words;
    const int32_t eights = (records->depth + 7) / 8;
    const int32_t channels = records->channels;
    if (rows == 2) {
        (records->round_upwards ? two_rows_upwards : two_rows)(w, scratch, eights, channels, output, output + channels);
    } else if (records->round_once) {
        one_row_rounded_once(w, scratch, eights, channels, output);
    } else {
        (records->round_upwards ? one_row_upwards : one_row)(w, scratch, eights, channels, output);
    }
    ww_clamp_outputs(output, rows * channels, records->output_min, records->output_max);
}
