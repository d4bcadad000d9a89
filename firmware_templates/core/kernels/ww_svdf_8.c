/*
 * A fully connected layer with a memory of int8 of its own past, factored by time (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_fixed_point.h"

static int8_t feature(const struct ww_svdf_8 *op, int32_t filter, const int8_t *input)
{
    const int8_t *weights = op->feature_weights + filter * op->inputs;
    int32_t sum = op->feature_bias[filter];
    for (int32_t i = 0; i < op->inputs; i++) {
        sum += input[i] * weights[i];
    }
    /* Saturated before the zero point is added; the sum wraps, as TFLM's does. */
    return (int8_t)(ww_saturate_8(ww_multiply(sum, op->feature_multiplier)) + op->state_zero_point);
}

WW_KERNEL void ww_svdf_8(const struct ww_svdf_8 *op, const int8_t *input, int8_t *state, int8_t *output)
{
    int8_t *past = state;
    const int8_t *weights = op->time_weights;
    const int32_t last = op->memory - 1;
    int32_t filter = 0;
    for (int32_t unit = 0; unit < op->units; unit++) {
        uint32_t sum = (uint32_t)op->bias[unit]; /* wraps where TFLM's does */
        for (int32_t r = 0; r < op->rank; r++, filter++, past += op->memory, weights += op->memory) {
            for (int32_t age = 0; age <= last; age++) {
                past[age] = age < last ? past[age + 1] : feature(op, filter, input);
                sum += (uint32_t)((past[age] - op->state_zero_point) * weights[age]);
            }
        }
        const int32_t scaled = ww_multiply((int32_t)sum, op->output_multiplier);
        output[unit] = ww_saturate_8(ww_wrapping_add(scaled, op->output_zero_point));
    }
}
