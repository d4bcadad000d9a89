/*
 * Dot products of one or two rows of inputs, doubled and widened to 16 bits (ww_widen_dsp.h), with the weights of two
 * channels, and how their sums become int8. Private to the kernels.
 *
 * A half-word holds w0 + 256 w1, the weights of both channels. Times the inputs it gives `joint` = sum0 + 256 sum1; the
 * bytes of the first channel alone give `first` = sum0. The difference is 256 sum1, exact although `joint` may wrap,
 * and one unpacking serves both channels. Sums are doubled.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_DOT_JOINT_DSP_H
#define WW_DOT_JOINT_DSP_H

#include "ww_dsp.h"

#define INLINE static inline __attribute__((always_inline))

/* The sums of one row. */
struct ww_joint_sums {
    int32_t joint;
    int32_t first;
};

/* 256 times the doubled sum of the second channel. */
INLINE int32_t ww_second_sum(const struct ww_joint_sums *sums)
{
    return (int32_t)((uint32_t)sums->joint - (uint32_t)sums->first);
}

#ifdef WW_DSP_LOOPS

/* 12 instructions for 16 products. */
#define TWO_ROWS                                                                                                       \
    "ldmia %[x]!, {r0-r3}\n\t"                                                                                         \
    "ldrd %[w0], %[w1], [%[w]], #8\n\t"                                                                                \
    "smlad %[j0], r0, %[w0], %[j0]\n\t"                                                                                \
    "smlad %[j1], r1, %[w0], %[j1]\n\t"                                                                                \
    "sxtb16 %[w0], %[w0]\n\t"                                                                                          \
    "smlad %[f0], r0, %[w0], %[f0]\n\t"                                                                                \
    "smlad %[f1], r1, %[w0], %[f1]\n\t"                                                                                \
    "smlad %[j0], r2, %[w1], %[j0]\n\t"                                                                                \
    "smlad %[j1], r3, %[w1], %[j1]\n\t"                                                                                \
    "sxtb16 %[w1], %[w1]\n\t"                                                                                          \
    "smlad %[f0], r2, %[w1], %[f0]\n\t"                                                                                \
    "smlad %[f1], r3, %[w1], %[f1]\n\t"
/* 14 instructions for 16 products. */
#define ONE_PAIR(x, w)                                                                                                 \
    "smlad %[j0], " x ", " w ", %[j0]\n\t"                                                                             \
    "sxtb16 " w ", " w "\n\t"                                                                                          \
    "smlad %[f0], " x ", " w ", %[f0]\n\t"
#define ONE_ROW                                                                                                        \
    "ldmia %[x]!, {r0-r3}\n\t"                                                                                         \
    "ldmia %[w]!, {r4-r6, r8}\n\t" ONE_PAIR("r0", "r4") ONE_PAIR("r1", "r5") ONE_PAIR("r2", "r6") ONE_PAIR("r3", "r8")

#define STORE_PAIR(first, second, to)                                                                                  \
    "ssat " first ", #8, " first "\n\t"                                                                                \
    "ssat " second ", #8, " second "\n\t"                                                                              \
    "strb " first ", [" to "]\n\t"                                                                                     \
    "strb " second ", [" to ", #1]\n\t"

/* Eight inputs at a time, unrolled to sixteen: an odd number of eights enters in the middle. */
#define LOOP(eight)                                                                                                    \
    "lsrs %[n], %[n], #1\n\t"                                                                                          \
    "bcs 1f\n\t"                                                                                                       \
    "subs %[n], #1\n"                                                                                                  \
    "0:\n\t" eight "1:\n\t" eight "subs %[n], #1\n\t"                                                                  \
    "bpl 0b"

/* Returns what follows the weights. */
INLINE const uint32_t *ww_dot_two_rows(const uint32_t *x, const uint32_t *w, int32_t eights,
                                       struct ww_joint_sums sums[2])
{
    int32_t j0;
    int32_t f0;
    int32_t j1;
    int32_t f1;
    uint32_t w0;
    uint32_t w1;
    __asm__ volatile("ldrd %[j0], %[f0], [%[w]], #8\n\t"
                     "mov %[j1], %[j0]\n\t"
                     "mov %[f1], %[f0]\n\t" LOOP(TWO_ROWS TWO_ROWS)
                     : [x] "+r"(x), [w] "+r"(w), [j0] "=&r"(j0), [f0] "=&r"(f0), [j1] "=&r"(j1), [f1] "=&r"(f1),
                       [w0] "=&r"(w0), [w1] "=&r"(w1), [n] "+r"(eights)
                     :
                     : "r0", "r1", "r2", "r3", "cc", "memory");
    sums[0] = (struct ww_joint_sums){j0, f0};
    sums[1] = (struct ww_joint_sums){j1, f1};
    return w;
}

INLINE const uint32_t *ww_dot_one_row(const uint32_t *x, const uint32_t *w, int32_t eights,
                                      struct ww_joint_sums sums[1])
{
    int32_t j0;
    int32_t f0;
    __asm__ volatile("ldrd %[j0], %[f0], [%[w]], #8\n\t" LOOP(ONE_ROW)
                     : [x] "+r"(x), [w] "+r"(w), [j0] "=&r"(j0), [f0] "=&r"(f0), [n] "+r"(eights)
                     :
                     : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "cc", "memory");
    sums[0] = (struct ww_joint_sums){j0, f0};
    return w;
}

/*
 * Outputs of both channels of a block, for struct ww_channel_records with round_upwards: the second sum has eight bits
 * more, and its rounding includes that of the product.
 */
INLINE const uint32_t *ww_rescale_two_rows(const uint32_t *w, const struct ww_joint_sums sums[2], int8_t *first,
                                           int8_t *second)
{
    int32_t j0 = sums[0].joint;
    int32_t f0 = sums[0].first;
    int32_t j1 = sums[1].joint;
    int32_t f1 = sums[1].first;
    __asm__ volatile("ldmia %[w]!, {r0-r3}\n\t"
                     "sub %[j0], %[j0], %[f0]\n\t"
                     "sub %[j1], %[j1], %[f1]\n\t"
                     "smmlar %[f0], %[f0], r0, r2\n\t"
                     "smmlar %[f1], %[f1], r0, r2\n\t"
                     "smmla %[j0], %[j0], r1, r3\n\t"
                     "smmla %[j1], %[j1], r1, r3\n\t"
                     "ldrd r0, r1, [%[w]], #8\n\t"
                     "asr %[f0], %[f0], r0\n\t"
                     "asr %[f1], %[f1], r0\n\t"
                     "asr %[j0], %[j0], r1\n\t"
                     "asr %[j1], %[j1], r1\n\t" STORE_PAIR("%[f0]", "%[j0]", "%[first]")
                         STORE_PAIR("%[f1]", "%[j1]", "%[second]")
                     : [w] "+r"(w), [j0] "+r"(j0), [f0] "+r"(f0), [j1] "+r"(j1), [f1] "+r"(f1)
                     : [first] "r"(first), [second] "r"(second)
                     : "r0", "r1", "r2", "r3", "memory");
    return w;
}

INLINE const uint32_t *ww_rescale_one_row(const uint32_t *w, const struct ww_joint_sums sums[1], int8_t *output)
{
    int32_t j0 = sums[0].joint;
    int32_t f0 = sums[0].first;
    __asm__ volatile("ldmia %[w]!, {r0-r5}\n\t"
                     "sub %[j0], %[j0], %[f0]\n\t"
                     "smmlar %[f0], %[f0], r0, r2\n\t"
                     "smmla %[j0], %[j0], r1, r3\n\t"
                     "asr %[f0], %[f0], r4\n\t"
                     "asr %[j0], %[j0], r5\n\t" STORE_PAIR("%[f0]", "%[j0]", "%[output]")
                     : [w] "+r"(w), [j0] "+r"(j0), [f0] "+r"(f0)
                     : [output] "r"(output)
                     : "r0", "r1", "r2", "r3", "r4", "r5", "memory");
    return w;
}

#undef TWO_ROWS
#undef ONE_PAIR
#undef ONE_ROW
#undef LOOP
#undef STORE_PAIR

#else

INLINE const uint32_t *ww_rescale_one_row(const uint32_t *w, const struct ww_joint_sums sums[1], int8_t *output)
{
    const int32_t first = ww_high_word_rounded_plus(sums->first, (int32_t)w[0], (int32_t)w[2]);
    const int32_t second = ww_high_word_plus(ww_second_sum(sums), (int32_t)w[1], (int32_t)w[3]);
    output[0] = (int8_t)ww_saturate_to_int8(first >> w[4]);
    output[1] = (int8_t)ww_saturate_to_int8(second >> w[5]);
    return w + 6;
}

INLINE const uint32_t *ww_rescale_two_rows(const uint32_t *w, const struct ww_joint_sums sums[2], int8_t *first,
                                           int8_t *second)
{
    ww_rescale_one_row(w, sums, first);
    return ww_rescale_one_row(w, sums + 1, second);
}

INLINE const uint32_t *ww_dot_rows(const uint32_t *x, const uint32_t *w, int32_t eights, int rows,
                                   struct ww_joint_sums *sums)
{
    for (int row = 0; row < rows; row++) {
        sums[row] = (struct ww_joint_sums){(int32_t)w[0], (int32_t)w[1]};
    }
    w += 2;
    for (int32_t n = 4 * eights; n > 0; n--, w++) {
        for (int row = 0; row < rows; row++, x++) {
            sums[row].joint = ww_dual_multiply(*x, *w, sums[row].joint);
            sums[row].first = ww_dual_multiply(*x, ww_low_pair(*w), sums[row].first);
        }
    }
    return w;
}

INLINE const uint32_t *ww_dot_two_rows(const uint32_t *x, const uint32_t *w, int32_t eights,
                                       struct ww_joint_sums sums[2])
{
    return ww_dot_rows(x, w, eights, 2, sums);
}

INLINE const uint32_t *ww_dot_one_row(const uint32_t *x, const uint32_t *w, int32_t eights,
                                      struct ww_joint_sums sums[1])
{
    return ww_dot_rows(x, w, eights, 1, sums);
}

#endif

#undef INLINE

#endif /* WW_DOT_JOINT_DSP_H */
