/*
 * L2_NORMALIZATION (see ww_kernels_functions.h), in gemmlowp's fixed point as TFLite's reference kernel has it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"
#include "ww_kernels_functions.h"

static int32_t shifted_left(int32_t x, int bits)
{
    return x > INT32_MAX >> bits ? INT32_MAX : x * (1 << bits);
}

/* 1 / sqrt(x) by five of Newton's steps from 1, with three bits before the point; x has them, too, and lies in 1 to 4. */
static int32_t inverse_root(int32_t x)
{
    const int32_t half = (x + 1) >> 1;
    int32_t y = 1 << 28;
    for (int step = 0; step < 5; step++) {
        const int32_t cube = shifted_left(ww_high_multiply(ww_high_multiply(y, y), y), 6);
        y = shifted_left(ww_high_multiply(3 << 27, y) - ww_high_multiply(half, cube), 3);
    }
    return ww_high_multiply(y, 1518500250); /* sqrt(1/2) */
}

static struct ww_multiplier inverse_length(int32_t squares)
{
    struct ww_multiplier result = {INT32_MAX, 0};
    if (squares <= 1) {
        return result;
    }
    int shift = 11;
    for (; squares >= 1 << 29; squares /= 4) {
        shift++;
    }
    for (; squares < 1 << 27; squares *= 4) {
        shift--;
    }
    const int32_t root = inverse_root(squares >> 1);
    result.mantissa = shift < 0 ? root * (1 << -shift) : root;
    result.shift = shift < 0 ? 0 : -shift;
    return result;
}

WW_KERNEL void ww_l2_normalization(const struct ww_l2_normalization *op, const int8_t *input, int8_t *output)
{
    const struct ww_range range = {0, INT8_MIN, INT8_MAX};
    for (int32_t row = 0; row < op->rows; row++, input += op->depth, output += op->depth) {
        int32_t squares = 0;
        for (int32_t i = 0; i < op->depth; i++) {
            const int32_t x = input[i] - op->input_zero_point;
            squares += x * x;
        }
        struct ww_multiplier by = inverse_length(squares);
        by.shift += 7; /* 128 is one */
        for (int32_t i = 0; i < op->depth; i++) {
            output[i] = (int8_t)ww_in_range(ww_multiply(input[i] - op->input_zero_point, by), &range);
        }
    }
}
