/*
 * Depthwise convolution with multiplier 1, four channels at a time (see ww_kernels_packed.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_depthwise_paired_dsp.h"

static __attribute__((noinline)) void all_channels(const struct ww_taps *taps, const int8_t *x, const uint32_t *record,
                                                   int32_t channels, int8_t *output)
{
    const struct ww_taps local = *taps;
    int8_t *const last = output + channels - 4;
    for (;;) {
        int32_t sums[4] = {(int32_t)record[0], (int32_t)record[1], (int32_t)record[2], (int32_t)record[3]};
        ww_four_channels(&local, x, record + local.first, sums);
        record += local.scales;
        ww_scale_four(record, sums, output, 1);
        record += 12;
        if (output == last) {
            return;
        }
        /* The last block starts early enough to be complete, so it repeats some channels of the block before. */
        const int32_t step = output + 4 > last ? (int32_t)(last - output) : 4;
        output += step;
        x += step;
    }
}

static inline void position(const struct ww_taps *taps, const int8_t *x, const struct ww_depthwise_packed *op,
                            int32_t channels, int8_t *output)
{
    if (!op->records.paired) {
        all_channels(taps, x, op->records.words, channels, output);
        return;
    }
    const int32_t blocks = channels / 4;
    ww_paired_blocks(taps, &op->window, x, op->records.words, blocks, output);
    if (channels % 4 != 0) { /* the last block starts early enough to be complete */
        ww_paired_blocks(taps, &op->window, x + channels - 4, op->records.words + blocks * (taps->scales + 12), 1,
                         output + channels - 4);
    }
}

WW_KERNEL void ww_depthwise_conv_2d_dsp(const struct ww_depthwise_packed *op, const int8_t *input, int8_t *output)
{
    ww_depthwise_rows_dsp(op, op->window.output_channels, input, output, position);
}
