/*
 * SOFTMAX (see ww_kernels.h).
 *
 * LiteRT computes it in float32, from a table of exponentials. The same numbers come out here of integers: positive
 * floats are held as their IEEE 754 bits, and every sum, product and quotient is rounded to the nearest, ties to even.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_kernels.h"

enum { FRACTION = 23, HIDDEN = 1 << FRACTION, HALF = 0x3f000000, BIAS = 127 };

/* The whole mantissa of a float, and its exponent: value = mantissa * 2^(exponent - 150). */
static uint32_t unpacked(uint32_t bits, int32_t *exponent)
{
    const uint32_t fraction = bits & (HIDDEN - 1u);
    *exponent = (int32_t)(bits >> FRACTION);
    if (*exponent == 0) {
        *exponent = 1; /* subnormal */
        return fraction;
    }
    return fraction | HIDDEN;
}

/* The float of a mantissa with `extra` bits below its last place, bit 23 + extra being its highest if it is normal. */
static uint32_t packed(uint64_t mantissa, int32_t exponent, int32_t extra)
{
    const uint32_t whole = (uint32_t)(mantissa >> extra);
    const uint64_t rest = mantissa & (((uint64_t)1 << extra) - 1u);
    const uint64_t half = (uint64_t)1 << (extra - 1);
    const uint32_t up = rest > half || (rest == half && (whole & 1u) != 0);
    return ((uint32_t)(exponent - 1) << FRACTION) + whole + up; /* a carry out of the fraction is the next exponent */
}

static uint32_t sum_of(uint32_t a, uint32_t b)
{
    int32_t exponent;
    int32_t lower;
    const uint32_t larger = a > b ? a : b; /* bits order as the numbers do */
    uint64_t mantissa = (uint64_t)unpacked(larger, &exponent) << 3;
    const uint32_t other = unpacked(a > b ? b : a, &lower) << 3;
    const int32_t distance = exponent - lower;
    /* What is shifted out counts as one bit at the end, which is enough to round by. */
    const uint32_t lost = distance > 26 ? other != 0 : (other & ((1u << distance) - 1u)) != 0;
    mantissa += (distance > 26 ? 0 : other >> distance) | lost;
    if (mantissa >= (uint64_t)HIDDEN << 4) {
        mantissa = (mantissa >> 1) | (mantissa & 1u);
        exponent++;
    }
    return packed(mantissa, exponent, 3);
}

/* 256 / a, for a from 1 to 2^40. */
static uint32_t reciprocal_of(uint32_t a)
{
    int32_t exponent;
    const uint32_t divisor = unpacked(a, &exponent);
    if (divisor == HIDDEN) {
        return (uint32_t)(2 * BIAS + 8 - exponent) << FRACTION;
    }
    const uint64_t dividend = (uint64_t)1 << 60;
    const uint64_t quotient = dividend / divisor; /* in (2^36, 2^37) */
    return packed((quotient << 1) | (quotient * divisor != dividend), 2 * BIAS + 7 - exponent, 14);
}

/* a * b, neither of them so small that the product is subnormal. */
static uint32_t product_of(uint32_t a, uint32_t b)
{
    int32_t first;
    int32_t second;
    uint64_t mantissa = (uint64_t)unpacked(a, &first);
    mantissa *= unpacked(b, &second);
    int32_t exponent = first + second - BIAS;
    if (mantissa >= (uint64_t)1 << 47) {
        mantissa = (mantissa >> 1) | (mantissa & 1u);
        exponent++;
    }
    return packed(mantissa, exponent, FRACTION);
}

static int8_t probability(uint32_t exponential, uint32_t reciprocal)
{
    if (exponential >> FRACTION < BIAS - 20) {
        return -128; /* below 2^-20; the reciprocal is at most 256 */
    }
    int32_t exponent;
    const uint32_t mantissa = unpacked(sum_of(product_of(exponential, reciprocal), HALF), &exponent);
    const int32_t bits = BIAS + FRACTION - exponent;
    const int32_t whole = bits > FRACTION ? 0 : (int32_t)(mantissa >> bits);
    return whole > 255 ? 127 : (int8_t)(whole - 128);
}

void ww_softmax(const struct ww_softmax *op, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < op->rows; row++, input += op->depth, output += op->depth) {
        int8_t most = input[0];
        for (int32_t i = 1; i < op->depth; i++) {
            most = input[i] > most ? input[i] : most;
        }
        uint32_t sum = 0;
        for (int32_t i = 0; i < op->depth; i++) {
            const int32_t below = most - input[i];
            sum = sum_of(sum, below < op->exponentials ? op->table[below] : 0);
        }
        const uint32_t reciprocal = reciprocal_of(sum);
        for (int32_t i = 0; i < op->depth; i++) {
            const int32_t below = most - input[i];
            output[i] = probability(below < op->exponentials ? op->table[below] : 0, reciprocal);
        }
    }
}
