/*
 * Matrix product with dual 16-bit multiplies and any multipliers (see ww_matmul_any_dsp.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_matmul_any_dsp.h"

#include "ww_any.h"
#include "ww_dot_dsp.h"

/* One row of one or two channels of which one is of any kind, or rounded by TFLite's other rule. */
static __attribute__((noinline)) void rescale_pair(const uint32_t *scales, const int32_t sums[2], int32_t count,
                                                   int once, int8_t *output)
{
    for (int32_t i = 0; i < count; i++, scales++) {
        if (ww_is_any(scales[4])) {
            output[i] = ww_rescale_any((uint32_t)sums[i] >> 1, scales[2], scales[0], scales[4], once);
        } else {
            output[i] = (int8_t)(once ? ww_scale_doubled_once(sums[i], scales[0], scales[2], scales[4])
                                      : ww_scale_doubled(sums[i], scales[0], scales[2], scales[4]));
        }
    }
}

static __attribute__((noinline)) void two_rows(const uint32_t *w, const uint32_t *x, int32_t eights, int32_t channels,
                                               int once, int8_t *output)
{
    int8_t *second = output + channels;
    int32_t sums[4];
    for (int32_t left = channels; left > 0; left -= 2, output += 2, second += 2, w += 6) {
        w = dot_two_rows(x, w, eights, sums);
        if (left > 1 && !once && !ww_is_any(w[4] | w[5])) {
            rescale_two_rows(w, sums, output, second);
        } else {
            rescale_pair(w, sums, left > 1 ? 2 : 1, once, output);
            rescale_pair(w, sums + 2, left > 1 ? 2 : 1, once, second);
        }
    }
}

static __attribute__((noinline)) void one_row(const uint32_t *w, const uint32_t *x, int32_t eights, int32_t channels,
                                              int once, int8_t *output)
{
    int32_t sums[2];
    for (int32_t left = channels; left > 0; left -= 2, output += 2, w += 6) {
        w = dot_one_row(x, w, eights, sums);
        rescale_pair(w, sums, left > 1 ? 2 : 1, once, output);
    }
}

WW_KERNEL void ww_matmul_any_dsp(const struct ww_channel_records *records, const uint32_t *scratch, int32_t rows,
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
