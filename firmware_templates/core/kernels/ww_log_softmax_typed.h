/*
 * LOG_SOFTMAX for elements of eight bits, in gemmlowp's fixed point as in TFLite's reference kernel. Private to the
 * kernels.
 *
 * The file that includes it defines WW_ELEMENT, the type of the elements, WW_MOST, its greatest value, and WW_FUNCTION,
 * the kernel's name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"
#include "ww_kernels_types.h"
#include "ww_reciprocal.h"

static int leading_zeros(int32_t x)
{
    int zeros = 0;
    for (uint32_t bits = (uint32_t)x; bits >> 31 == 0; bits <<= 1) {
        zeros++;
    }
    return zeros;
}

/* x * 2^bits for x and bits from 0 on, at most INT32_MAX. */
static int32_t shifted_left(int32_t x, int bits)
{
    return x > INT32_MAX >> bits ? INT32_MAX : x << bits;
}

/*
 * The natural logarithm of x >= 1 with 19 fractional bits, with 26. x = r * 2^k for a k in steps of a half and an r
 * within a quarter of an octave around 2^-1/4; of r a rational function is the logarithm.
 */
static int32_t logarithm(int32_t x)
{
    const int32_t half_root = 1518500250;    /* 2^-1/2 */
    const int32_t quarter_root = 1805811301; /* 2^-1/4 */
    /* The next power of two above x, and the next one times 2^1/2; an exponent has 25 fractional bits. */
    const int a_zeros = leading_zeros(x);
    const int b_zeros = leading_zeros(ww_high_multiply(x, half_root)) - 1;
    const int32_t a = shifted_left(ww_high_multiply(shifted_left(x, a_zeros - 1), half_root), 1);
    const int32_t b = shifted_left(x, b_zeros);
    const int32_t a_exponent = (12 - a_zeros) * (1 << 25) + (1 << 23);
    const int32_t b_exponent = (12 - b_zeros) * (1 << 25) - (1 << 23);
    const int32_t r = a < b ? a : b;
    const int32_t exponent = a_exponent > b_exponent ? a_exponent : b_exponent;

    const int32_t p = (int32_t)(((int64_t)r + quarter_root + 1) / 2);
    const int32_t q = 2 * (r - quarter_root);
    const int32_t square = ww_high_multiply(q, q);
    const int32_t above =
        ww_high_multiply(q, r) + ww_high_multiply(ww_high_multiply(q, square), 117049297); /* 11/240 * 2^1/4 */
    const int32_t inner = 1057819769 + q + ww_high_multiply(127690142, square);        /* 2^3/4 - 2^1/4, 1/20 * 2^1/4 */
    const int32_t below = ww_high_multiply(p, inner) + ww_high_multiply(638450708, q); /* 1/4 * 2^1/4 */
    const int32_t of_r = ww_high_multiply(ww_divide_by_power_of_two(above, 6), ww_reciprocal_of_one_plus(below));
    return 2 * (ww_high_multiply(exponent, 1488522236) + of_r); /* log 2 */
}

static void log_softmax(const struct ww_log_softmax *op, const WW_ELEMENT *input, WW_ELEMENT *output)
{
    WW_ELEMENT most = input[0];
    for (int32_t i = 1; i < op->depth; i++) {
        most = input[i] > most ? input[i] : most;
    }
    int32_t sum = 0; /* with 19 fractional bits */
    for (int32_t i = 0; i < op->depth; i++) {
        const int32_t below = most - input[i];
        sum += below < op->exponentials ? ww_divide_by_power_of_two(op->table[below], 12) : 0;
    }
    const int32_t logarithm_of_sum = logarithm(sum);
    /* If a value lies further below the greatest one, the difference in fixed point would overflow. */
    const int32_t room = -ww_multiply(logarithm_of_sum + INT32_MIN, op->steps);
    const int32_t furthest = room < op->furthest + 1 ? room : op->furthest + 1;
    for (int32_t i = 0; i < op->depth; i++) {
        const int32_t below = most - input[i];
        int32_t value = WW_MOST - 255;
        if (below < furthest) {
            const int32_t difference = ww_multiply(-below, op->difference) - logarithm_of_sum;
            value = ww_divide_by_power_of_two(difference, 22) + WW_MOST;
        }
        output[i] = (WW_ELEMENT)(value < WW_MOST - 255 ? WW_MOST - 255 : value > WW_MOST ? WW_MOST : value);
    }
}

WW_KERNEL void WW_FUNCTION(const struct ww_log_softmax *op, const void *input, void *output)
{
    const WW_ELEMENT *x = input;
    WW_ELEMENT *y = output;
    for (int32_t row = 0; row < op->rows; row++, x += op->depth, y += op->depth) {
        log_softmax(op, x, y);
    }
}
