/*
 * Dot products of contiguous runs (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_dsp.h"
#include "ww_requantize.h"

static inline int32_t dot(const int8_t *a, const int8_t *b, int32_t count, int32_t sum)
{
#if defined(WW_DSP)
    for (; count >= 4; count -= 4, a += 4, b += 4) {
        const uint32_t x = ww_load_word(a);
        const uint32_t w = ww_load_word(b);
        sum = ww_dual_multiply(ww_low_pair(x), ww_low_pair(w), sum);
        sum = ww_dual_multiply(ww_high_pair(x), ww_high_pair(w), sum);
    }
#elif defined(__ARM_ARCH_6M__)
    /* Compilers make an index of every offset: this core loads signed bytes in no other way. */
#define TERM                                                                                                           \
    "ldrsb %[x], [%[a], %[i]]\n\t"                                                                                     \
    "ldrsb %[w], [%[b], %[i]]\n\t"                                                                                     \
    "adds %[i], #1\n\t"                                                                                                \
    "muls %[x], %[w]\n\t"                                                                                              \
    "adds %[sum], %[x]\n\t"
    const int32_t fours = count & ~3;
    if (fours > 0) {
        int32_t i = 0;
        int32_t x;
        int32_t w;
        __asm__ volatile(".syntax unified\n"
                         "0:\n\t" TERM TERM TERM TERM "cmp %[i], %[end]\n\t"
                         "bne 0b"
                         : [i] "+l"(i), [sum] "+l"(sum), [x] "=&l"(x), [w] "=&l"(w)
                         : [a] "l"(a), [b] "l"(b), [end] "hl"(fours)
                         : "cc", "memory");
        a += fours;
        b += fours;
        count -= fours;
    }
#undef TERM
#endif
    for (; count >= 4; count -= 4, a += 4, b += 4) {
        sum += a[0] * b[0];
        sum += a[1] * b[1];
        sum += a[2] * b[2];
        sum += a[3] * b[3];
    }
    for (; count > 0; count--) {
        sum += *a++ * *b++;
    }
    return sum;
}

/* Inlined into both kernels, because `once` affects the innermost loop. */
static inline __attribute__((always_inline)) void dense(const struct ww_dense *op, const int8_t *input, int8_t *output,
                                                        int once)
{
    for (int32_t done = 0; done < op->rows; done++) {
        const int32_t row = op->backwards ? op->rows - 1 - done : done;
        const int8_t *x = input + row * op->row_stride;
        const int8_t *weights = op->weights;
        int8_t *to = output + row * op->channels;
        for (int32_t channel = 0; channel < op->channels; channel++, weights += op->depth) {
            const int32_t sum = dot(x, weights, op->depth, op->requantize.bias[channel]);
            *to++ = once ? ww_requantize_once(&op->requantize, channel, sum)
                         : ww_requantize_twice(&op->requantize, channel, sum);
        }
    }
}

WW_KERNEL void ww_dense(const struct ww_dense *op, const int8_t *input, int8_t *output)
{
    dense(op, input, output, 0);
}

WW_KERNEL void ww_dense_round_once(const struct ww_dense *op, const int8_t *input, int8_t *output)
{
    dense(op, input, output, 1);
}
