/*
 * A fully connected layer with a memory of its own past, factored by time (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_fixed_point.h"

static int16_t feature(const struct ww_svdf *op, int32_t filter, const int8_t *input)
{
    const int8_t *weights = op->feature_weights + filter * op->inputs;
    int32_t sum = op->feature_bias[filter];
    for (int32_t i = 0; i < op->inputs; i++) {
        sum += input[i] * weights[i];
    }
    return ww_saturate_16(ww_multiply(sum, op->feature_multiplier));
}

/* Drops the oldest value of one filter, keeps the newest, and returns sum plus all kept values, weighted. */
static uint32_t remember(int16_t *past, int32_t memory, int16_t newest, const int16_t *weights, uint32_t sum)
{
    for (int32_t age = 0; age < memory; age++) {
        past[age] = age + 1 < memory ? past[age + 1] : newest;
        sum += (uint32_t)(past[age] * weights[age]); /* wraps where TFLite's does */
    }
    return sum;
}

WW_KERNEL void ww_svdf(const struct ww_svdf *op, const int8_t *input, void *state, int8_t *output)
{
    int16_t *past = state;
    const int16_t *weights = op->time_weights;
    int32_t filter = 0;
    for (int32_t unit = 0; unit < op->units; unit++) {
        uint32_t sum = (uint32_t)op->bias[unit];
        for (int32_t r = 0; r < op->rank; r++, filter++, past += op->memory, weights += op->memory) {
            sum = remember(past, op->memory, feature(op, filter, input), weights, sum);
        }
        const int32_t scaled = ww_multiply((int32_t)sum, op->output_multiplier);
        output[unit] = ww_saturate_8(ww_wrapping_add(scaled, op->output_zero_point));
    }
}
