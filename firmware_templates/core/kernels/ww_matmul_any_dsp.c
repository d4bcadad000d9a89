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

WW_KERNEL void ww_matmul_any_dsp(const struct ww_channel_records *records, const uint32_t *scratch, int32_t rows,
                                 int8_t *output)
{
    const int32_t eights = (records->depth + 7) / 8;
    const int32_t channels = records->channels;
    const int once = records->round_once;
    const uint32_t *w = ww_start_rows(records, rows, output);
    for (uint32_t blocks = *records->words; blocks > 0; blocks--, w += 6) {
        const uint32_t places = *w++;
        int8_t *const first = output + (places & 0xFFFFu);
        const int32_t apart = (int32_t)(places >> 16) - (int32_t)(places & 0xFFFFu);
        int32_t sums[4];
        if (rows == 2) {
            w = dot_two_rows(scratch, w, eights, sums);
            if (!once && !ww_is_any(w[4] | w[5])) {
                rescale_two_rows(w, sums, first, first + channels, apart);
                continue;
            }
            rescale_pair(w, sums + 2, once, first + channels, apart);
        } else {
            w = dot_one_row(scratch, w, eights, sums);
        }
        rescale_pair(w, sums, once, first, apart);
    }
    ww_clamp_outputs(output, rows * channels, records->output_min, records->output_max);
}
