/*
 * Depthwise convolution for cores without 64-bit products: sums of one channel, and the loop over all positions.
 * Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_DEPTHWISE_ROWS_LANES_H
#define WW_DEPTHWISE_ROWS_LANES_H

#include "ww_kernels_packed.h"
#include "ww_requantize.h"
#include "ww_window_clip.h"

/* What the outputs of one position have in common; steps in elements. */
struct ww_taps {
    int32_t first;  /* words from the start of a record to the first weight that is used */
    int32_t scales; /* and to its mantissa */
    int32_t rows;
    int32_t columns;
    int32_t column_step;
    int32_t row_step; /* from the last tap of a row to the first of the next */
    int32_t kernel_width;
    int32_t zero_point;
};

/* GCC leaves the upper registers alone when it optimizes for size. */
#if defined(__ARM_ARCH_6M__) && (defined(__clang__) || !defined(__OPTIMIZE_SIZE__))

/*
 * Written out: with eight registers for arithmetic, compilers keep half of these values in memory. Without r7, which
 * may be the frame pointer.
 */
#define TAP(weight, next)                                                                                              \
    "ldrsb r5, [%[x], %[i]]\n\t"                                                                                       \
    "add %[i], %[" next "]\n\t"                                                                                        \
    "add r5, %[offset]\n\t"                                                                                            \
    "muls " weight ", r5\n\t"                                                                                          \
    "adds %[sum], " weight "\n\t"
#define OPERANDS                                                                                                       \
    [x] "l"(x), [step] "h"(taps->column_step), [row_step] "h"(taps->row_step), [end] "h"(end), [offset] "h"(offset)

static inline int32_t ww_sum_of_taps(const struct ww_taps *taps, const int8_t *x, const int32_t *w, int32_t sum)
{
    const int32_t *const end = w + taps->rows * taps->kernel_width;
    const int32_t offset = -taps->zero_point;
    int32_t i = 0;
    if (taps->rows == 0) {
        return sum;
    }
    if (taps->columns == 3 && taps->kernel_width == 3) {
        __asm__ volatile(".syntax unified\n"
                         "0:\n\t"
                         "ldmia %[w]!, {r4, r6}\n\t" TAP("r4", "step")
                             TAP("r6", "step") "ldmia %[w]!, {r6}\n\t" TAP("r6", "row_step") "cmp %[w], %[end]\n\t"
                                                                                             "bne 0b"
                         : [w] "+l"(w), [i] "+l"(i), [sum] "+l"(sum)
                         : OPERANDS
                         : "r4", "r5", "r6", "cc", "memory");
    } else if (taps->columns == 2 && taps->kernel_width == 3) {
        __asm__ volatile(".syntax unified\n"
                         "0:\n\t"
                         "ldmia %[w]!, {r4, r6}\n\t" TAP("r4", "step") TAP("r6", "row_step") "adds %[w], #4\n\t"
                                                                                             "cmp %[w], %[end]\n\t"
                                                                                             "bne 0b"
                         : [w] "+l"(w), [i] "+l"(i), [sum] "+l"(sum)
                         : OPERANDS
                         : "r4", "r5", "r6", "cc", "memory");
    } else {
        for (int32_t row = taps->rows; row > 0; row--) {
            const int32_t *const row_end = w + taps->columns;
            __asm__ volatile(".syntax unified\n"
                             "0:\n\t"
                             "ldmia %[w]!, {r6}\n\t" TAP("r6", "step") "cmp %[w], %[row_end]\n\t"
                                                                       "bne 0b"
                             : [w] "+l"(w), [i] "+l"(i), [sum] "+l"(sum)
                             : OPERANDS, [row_end] "h"(row_end)
                             : "r4", "r5", "r6", "cc", "memory");
            i += taps->row_step - taps->column_step;
            w += taps->kernel_width - taps->columns;
        }
    }
    return sum;
}

#undef TAP
#undef OPERANDS

#else

static inline int32_t ww_sum_of_taps(const struct ww_taps *taps, const int8_t *x, const int32_t *w, int32_t sum)
{
    const int32_t step = taps->column_step;
    const int32_t zero_point = taps->zero_point;
    if (taps->columns == 3) {
        const int32_t next = taps->row_step + 2 * step;
        for (int32_t row = taps->rows; row > 0; row--, x += next, w += taps->kernel_width) {
            sum += (x[0] - zero_point) * w[0] + (x[step] - zero_point) * w[1] + (x[2 * step] - zero_point) * w[2];
        }
        return sum;
    }
    const int32_t row_step = taps->row_step - step;
    for (int32_t row = taps->rows; row > 0; row--, x += row_step, w += taps->kernel_width - taps->columns) {
        int32_t column = taps->columns;
        for (; column >= 3; column -= 3, x += 3 * step, w += 3) {
            sum += (x[0] - zero_point) * w[0] + (x[step] - zero_point) * w[1] + (x[2 * step] - zero_point) * w[2];
        }
        for (; column > 0; column--, x += step) {
            sum += (*x - zero_point) * *w++;
        }
    }
    return sum;
}

#endif

typedef void ww_position(const struct ww_taps *taps, const int8_t *x, const struct ww_depthwise_packed *op,
                         int32_t channels, int8_t *output);

/* Calls `position` for every position, with the first of its `depth` inputs and its outputs, `channels` of them. */
static inline __attribute__((always_inline)) void ww_depthwise_rows_lanes(const struct ww_depthwise_packed *op,
                                                                          int32_t depth, const int8_t *input,
                                                                          int8_t *output, ww_position *position)
{
    const struct ww_window *window = &op->window;
    const int32_t channels = window->output_channels;
    struct ww_taps taps;
    taps.scales = 1 + window->kernel_height * window->kernel_width;
    taps.column_step = window->dilation_width * depth;
    taps.kernel_width = window->kernel_width;
    taps.zero_point = op->input_zero_point;
    for (int32_t i = 0; i < window->output_height; i++) {
        const int32_t oy = op->backwards ? window->output_height - 1 - i : i;
        const int32_t top = oy * window->stride_height - window->pad_height;
        int32_t row;
        int32_t rows;
        ww_clip(top, window->input_height, window->kernel_height, window->dilation_height, &row, &rows);
        for (int32_t j = 0; j < window->output_width; j++) {
            const int32_t ox = op->backwards ? window->output_width - 1 - j : j;
            const int32_t left = ox * window->stride_width - window->pad_width;
            int32_t column;
            ww_clip(left, window->input_width, window->kernel_width, window->dilation_width, &column, &taps.columns);
            taps.rows = taps.columns > 0 ? rows : 0;
            taps.first = 1 + row * window->kernel_width + column;
            taps.row_step =
                window->dilation_height * window->input_width * depth - (taps.columns - 1) * taps.column_step;
            const int32_t pixel =
                (top + row * window->dilation_height) * window->input_width + left + column * window->dilation_width;
            position(&taps, input + pixel * depth, op, channels, output + (oy * window->output_width + ox) * channels);
        }
    }
    const int32_t count = window->output_height * window->output_width * channels;
    ww_clamp_outputs(output, count, op->records.output_min, op->records.output_max);
}

#endif /* WW_DEPTHWISE_ROWS_LANES_H */
