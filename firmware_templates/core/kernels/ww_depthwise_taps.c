/*
 * Depthwise convolution along one axis (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_requantize.h"

WW_KERNEL void ww_depthwise_taps(const struct ww_depthwise_taps *op, const int8_t *input, int8_t *output)
{
    const int32_t step = op->dilation * op->channels;
    for (int32_t row = 0; row < op->rows; row++, input += op->stride * op->channels) {
        for (int32_t channel = 0; channel < op->channels; channel++) {
            const int8_t *x = input + channel;
            const int8_t *w = op->weights + channel;
            int32_t sum = op->requantize.bias[channel];
            for (int32_t tap = 0; tap < op->taps; tap++, x += step, w += op->channels) {
                sum += *x * *w;
            }
            *output++ = ww_requantize_twice(&op->requantize, channel, sum);
        }
    }
}
