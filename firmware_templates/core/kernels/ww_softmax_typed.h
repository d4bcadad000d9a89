/*
 * SOFTMAX for elements of eight bits, in gemmlowp's fixed point as in TFLite's reference kernel. Private to the
 * kernels.
 *
 * The file that includes it defines WW_ELEMENT, the type of the elements, and WW_FUNCTION, the kernel's name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"
#include "ww_reciprocal.h"

/* Computes row `row`. In the output, 1 is 256 in eight bits and 65536 in int16, and 0 is the least value. */
static void softmax(const struct ww_softmax *op, const WW_ELEMENT *input, void *output, int32_t row)
{
    const WW_ELEMENT *x = input + row * op->depth;
    WW_ELEMENT most = x[0];
    for (int32_t i = 1; i < op->depth; i++) {
        most = x[i] > most ? x[i] : most;
    }
    uint32_t sum = 0; /* with 19 fractional bits */
    for (int32_t i = 0; i < op->depth; i++) {
        const int32_t below = most - x[i];
        sum += below < op->exponentials ? (uint32_t)ww_divide_by_power_of_two(op->table[below], 12) : 0;
    }
    int bits = op->output_type == WW_INT16 ? 27 : 35; /* the right shift of a product that keeps 1 as 1 */
    for (; sum >> 31 == 0; sum <<= 1) {
        bits--;
    }
    const int32_t zero = op->output_type == WW_INT16 ? INT16_MIN : op->output_type == WW_INT8 ? INT8_MIN : 0;
    const int32_t one = op->output_type == WW_INT16 ? INT16_MAX : zero + 255; /* as near as can be */
    const int32_t factor = ww_reciprocal_of_one_plus((int32_t)(sum - ((uint32_t)1 << 31)));
    for (int32_t i = 0; i < op->depth; i++) {
        const int32_t below = most - x[i];
        int32_t value = zero;
        if (below < op->exponentials && bits < 32) {
            value += ww_divide_by_power_of_two(ww_high_multiply(factor, op->table[below]), bits);
        }
        ww_store(output, row * op->depth + i, op->output_type, value > one ? one : value);
    }
}

WW_KERNEL void WW_FUNCTION(const struct ww_softmax *op, const void *input, void *output)
{
    for (int32_t row = 0; row < op->rows; row++) {
        softmax(op, input, output, row);
    }
}
