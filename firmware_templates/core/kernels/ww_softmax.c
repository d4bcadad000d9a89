/*
 * SOFTMAX (see ww_kernels.h), in gemmlowp's fixed point as TFLite's reference kernel has it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_requantize.h"

/* 1 / (1 + a) for a in [0, 1), both with 31 fractional bits, by three of Newton's steps from 48/17 - 32/17 d. */
static int32_t reciprocal_of_one_plus(int32_t a)
{
    const int32_t half = (a >> 1) + (1 << 30);
    int32_t x = 1515870810 + ww_high_multiply(half, -1010580540);
    for (int step = 0; step < 3; step++) {
        x += 4 * ww_high_multiply(x, (1 << 29) - ww_high_multiply(half, x));
    }
    return x >= 1 << 30 ? INT32_MAX : 2 * x;
}

static void softmax(const struct ww_softmax *op, const int8_t *input, int8_t *output)
{
    int8_t most = input[0];
    for (int32_t i = 1; i < op->depth; i++) {
        most = input[i] > most ? input[i] : most;
    }
    uint32_t sum = 0; /* with 19 fractional bits */
    for (int32_t i = 0; i < op->depth; i++) {
        const int32_t below = most - input[i];
        sum += below < op->exponentials ? (uint32_t)ww_divide_by_power_of_two(op->table[below], 12) : 0;
    }
    int bits = 35; /* to shift a product by so that 256 is one */
    for (; sum >> 31 == 0; sum <<= 1) {
        bits--;
    }
    const int32_t factor = reciprocal_of_one_plus((int32_t)(sum - ((uint32_t)1 << 31)));
    for (int32_t i = 0; i < op->depth; i++) {
        const int32_t below = most - input[i];
        int32_t whole = 0;
        if (below < op->exponentials && bits < 32) {
            whole = ww_divide_by_power_of_two(ww_high_multiply(factor, op->table[below]), bits);
        }
        output[i] = whole > 255 ? 127 : (int8_t)(whole - 128);
    }
}

void ww_softmax(const struct ww_softmax *op, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < op->rows; row++, input += op->depth, output += op->depth) {
        softmax(op, input, output);
    }
}
