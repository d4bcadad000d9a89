/*
 * Matrix product with dual 16-bit multiplies (see ww_matmul_dsp.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_matmul_dsp.h"

#include "ww_dot_dsp.h"
#include "ww_requantize.h"

/* The rare cases: one row of outputs with TFLite's other rounding, or of an odd channel. */
static __attribute__((noinline)) void rescale_pair(const uint32_t *scales, const int32_t sums[2], int32_t count,
                                                   int once, int8_t *output)
{
    for (int32_t i = 0; i < count; i++) {
        output[i] = (int8_t)(once ? ww_scale_doubled_once(sums[i], scales[i], scales[2 + i], scales[4 + i])
                                  : ww_scale_doubled(sums[i], scales[i], scales[2 + i], scales[4 + i]));
    }
}

static __attribute__((noinline)) void two_rows(const uint32_t *w, const uint32_t *x, int32_t eights, int32_t channels,
                                               int once, int8_t *output)
{
    int8_t *second = output + channels;
    const int8_t *const end = once ? output : output + channels - 1;
    int32_t sums[4];
    for (; output < end; output += 2, second += 2, w += 6) {
        w = dot_two_rows(x, w, eights, sums);
        rescale_two_rows(w, sums, output, second, 1);
    }
    for (int32_t left = once ? channels : channels & 1; left > 0; left -= 2, output += 2, second += 2, w += 6) {
        w = dot_two_rows(x, w, eights, sums);
        rescale_pair(w, sums, left > 1 ? 2 : 1, once, output);
        rescale_pair(w, sums + 2, left > 1 ? 2 : 1, once, second);
    }
}

static __attribute__((noinline)) void one_row(const uint32_t *w, const uint32_t *x, int32_t eights, int32_t channels,
                                              int once, int8_t *output)
{
    const int8_t *const end = once ? output : output + channels - 1;
    int32_t sums[2];
    for (; output < end; output += 2, w += 6) {
        w = dot_one_row(x, w, eights, sums);
        const int32_t first = ww_scale_doubled(sums[0], w[0], w[2], w[4]);
        const int32_t second = ww_scale_doubled(sums[1], w[1], w[3], w[5]);
        output[0] = (int8_t)first;
        output[1] = (int8_t)second;
    }
    for (int32_t left = once ? channels : channels & 1; left > 0; left -= 2, output += 2, w += 6) {
        w = dot_one_row(x, w, eights, sums);
        rescale_pair(w, sums, left > 1 ? 2 : 1, once, output);
    }
}

WW_KERNEL void ww_matmul_dsp(const struct ww_channel_records *records, const uint32_t *scratch, int32_t rows,
                             int8_t *output)
{
    const int32_t eights = (records->depth + 7) / 8;
    if (rows == 2) {
        two_rows(records->words, scratch, eights, records->channels, records->round_once, output);
    } else {
        one_row(records->words, scratch, eights, records->channels, records->round_once, output);
    }
    ww_clamp_outputs(output, rows * records->channels, records->output_min, records->output_max);
}
