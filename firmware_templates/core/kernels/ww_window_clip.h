/*
 * Which taps of a window lie inside the input. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_WINDOW_CLIP_H
#define WW_WINDOW_CLIP_H

#include <stdint.h>

/* For a window that starts at `start` of an axis: the first tap inside the input, and the number of taps inside. */
static inline void ww_clip(int32_t start, int32_t size, int32_t kernel, int32_t dilation, int32_t *first,
                           int32_t *count)
{
    if (start >= 0 && start + (kernel - 1) * dilation < size) {
        *first = 0;
        *count = kernel;
        return;
    }
    int32_t skipped = 0;
    for (; start < 0; start += dilation) {
        skipped++;
    }
    int32_t inside = 0;
    for (; start < size && skipped + inside < kernel; start += dilation) {
        inside++;
    }
    *first = skipped;
    *count = inside;
}

#endif /* WW_WINDOW_CLIP_H */
