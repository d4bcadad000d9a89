/*
 * SOFTMAX of int16 tensors (see ww_kernels_types.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"
#include "ww_kernels_types.h"

/* Between the entries of a table: the upper nine bits choose one, the others interpolate. */
static int32_t interpolated(const int16_t table[513], int32_t x)
{
    const int16_t *entry = table + 256 + (x >> 7);
    return entry[0] + (((entry[1] - entry[0]) * (x & 127) + 64) >> 7);
}

static int32_t to_int16(int32_t x)
{
    return x < INT16_MIN ? INT16_MIN : x > INT16_MAX ? INT16_MAX : x;
}

static void softmax(const struct ww_softmax_int16 *op, const int16_t *input, int16_t *output)
{
    int32_t most = input[0];
    for (int32_t i = 1; i < op->depth; i++) {
        most = input[i] > most ? input[i] : most;
    }
    uint32_t sum = 0; /* with 15 fractional bits, like the exponentials, which the output holds meanwhile */
    for (int32_t i = 0; i < op->depth; i++) {
        const int32_t below = ww_multiply(input[i] - most, op->multiplier);
        const int32_t share = interpolated(op->exponentials, to_int16(below + 32767));
        output[i] = (int16_t)share;
        sum += (uint32_t)share;
    }
    int zeros = 0;
    for (uint32_t bits = sum; bits >> 31 == 0; bits <<= 1) {
        zeros++;
    }
    const int32_t mantissa = (int32_t)((((uint64_t)sum << (zeros - 1)) + (1 << 13)) >> 14); /* [1, 2], 16 bits */
    const int32_t inverse = interpolated(op->inverses, to_int16(mantissa - (1 << 15) - (1 << 16)));
    const int shift = 31 - zeros;
    for (int32_t i = 0; i < op->depth; i++) {
        const int32_t share = (int32_t)(((int64_t)output[i] * inverse + ((int64_t)1 << (shift - 1))) >> shift);
        output[i] = (int16_t)(share < 0 ? 0 : to_int16(share));
    }
}

WW_KERNEL void ww_softmax_int16(const struct ww_softmax_int16 *op, const void *input, void *output)
{
    const int16_t *x = input;
    int16_t *y = output;
    for (int32_t row = 0; row < op->rows; row++, x += op->depth, y += op->depth) {
        softmax(op, x, y);
    }
}
