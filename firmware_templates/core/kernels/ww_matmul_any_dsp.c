/*
 * Matrix product with dual 16-bit multiplies and any multipliers (see ww_matmul_any_dsp.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_matmul_any_dsp.h"

#include "ww_any.h"
#include "ww_dot_dsp.h"

/* One row of two channels that lie `apart`, of which one is of any kind, or rounded by TFLite's other rule. */
static __attribute__((noinline)) void rescale_pair(const uint32_t *scales, const int32_t sums[2], int once,
                                                   int8_t *output, int32_t apart)
{
    for (int i = 0; i < 2; i++, scales++, output += apart) {
        if (ww_is_any(scales[4])) {
            *output = ww_rescale_any((uint32_t)sums[i] >> 1, scales[2], scales[0], scales[4], once);
        } else {
            *output = (int8_t)(once ? ww_scale_doubled_once(sums[i], scales[0], scales[2], scales[4])
                                    : ww_scale_doubled(sums[i], scales[0], scales[2], scales[4]));
        }
    }
}

static __attribute__((noinline)) void two_rows(const uint32_t *w, const uint32_t *x, int32_t eights, uint32_t blocks,
                                               int8_t *output, int8_t *second, int once)
{
    int32_t sums[4];
    for (; blocks > 0; blocks--, w += 7) {
        w = dot_two_rows(x, w, eights, sums);
        const uint32_t place = w[6] & 0xFFFFu;
        const int32_t apart = (int32_t)(w[6] >> 16) - (int32_t)place;
        if (!ww_is_any(w[4] | w[5]) && !once) {
            rescale_two_rows(w, sums, output + place, second + place, apart);
        } else {
            rescale_pair(w, sums, once, output + place, apart);
            rescale_pair(w, sums + 2, once, second + place, apart);
        }
    }
}

static __attribute__((noinline)) void one_row(const uint32_t *w, const uint32_t *x, int32_t eights, uint32_t blocks,
                                              int8_t *output, int once)
{
    int32_t sums[2];
    for (; blocks > 0; blocks--, w += 7) {
        w = dot_one_row(x, w, eights, sums);
        const uint32_t place = w[6] & 0xFFFFu;
        rescale_pair(w, sums, once, output + place, (int32_t)(w[6] >> 16) - (int32_t)place);
    }
}

WW_KERNEL void ww_matmul_any_dsp(const struct ww_channel_records *records, const uint32_t *scratch, int32_t rows,
                                 int8_t *output)
{
    const int32_t eights = (records->depth + 7) / 8;
    const uint32_t blocks = *records->words;
    const uint32_t *const w = ww_start_rows(records, rows, output);
    if (rows == 2) {
        two_rows(w, scratch, eights, blocks, output, output + records->channels, records->round_once);
    } else {
        one_row(w, scratch, eights, blocks, output, records->round_once);
    }
    ww_clamp_outputs(output, rows * records->channels, records->output_min, records->output_max);
}
