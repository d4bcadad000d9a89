/*
 * As ww_depthwise_conv_2d_dsp, with several outputs for each input channel, or channels of any multiplier among the
 * others (see ww_kernels_packed.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_any.h"
#include "ww_depthwise_rows_dsp.h"

/* Rescales four sums, some of any kind, to outputs that lie `apart`. */
static __attribute__((noinline)) void rescale_any(const uint32_t *scales, const int32_t sums[4], int8_t *output,
                                                  int32_t apart)
{
    for (int i = 0; i < 4; i++, scales++, output += apart) {
        *output = ww_is_any(scales[8]) ? ww_rescale_any((uint32_t)sums[i] >> 1, scales[4], scales[0], scales[8], 0)
                                       : (int8_t)ww_scale_doubled(sums[i], scales[0], scales[4], scales[8]);
    }
}

/* The first outputs of four input channels, their second outputs, and so on; then the next four input channels. */
static __attribute__((noinline)) void position(const struct ww_taps *taps, const int8_t *x,
                                               const struct ww_depthwise_packed *op, int32_t channels, int8_t *output)
{
    const struct ww_taps local = *taps;
    const int32_t depth = op->window.input_channels;
    const int32_t multiplier = channels / depth;
    const uint32_t *record = op->records.words;
    for (int32_t left = depth - 4;; left -= 4) {
        for (int32_t n = 0; n < multiplier; n++, record += 12) {
            int32_t sums[4] = {(int32_t)record[0], (int32_t)record[1], (int32_t)record[2], (int32_t)record[3]};
            ww_four_channels(&local, x, record + local.first, sums);
            record += local.scales;
            if (ww_is_any(record[8] | record[9] | record[10] | record[11])) {
                rescale_any(record, sums, output + n, multiplier);
            } else {
                ww_scale_four(record, sums, output + n, multiplier);
            }
        }
        if (left <= 0) {
            return;
        }
        /* The last block starts early enough to be complete, so it repeats some channels of the block before. */
        const int32_t step = left < 4 ? left : 4;
        x += step;
        output += step * multiplier;
    }
}

WW_KERNEL void ww_depthwise_conv_2d_any_dsp(const struct ww_depthwise_packed *op, const int8_t *input, int8_t *output)
{
    ww_depthwise_rows_dsp(op, op->window.input_channels, input, output, position);
}
