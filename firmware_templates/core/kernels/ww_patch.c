/*
 * See ww_patch.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_patch.h"

#include <string.h>

static int8_t *fill(int8_t *to, int32_t zero_point, int32_t bytes)
{
    for (; bytes > 0; bytes--) {
        *to++ = (int8_t)zero_point;
    }
    return to;
}

static int8_t *copy(int8_t *to, const int8_t *from, int32_t bytes)
{
    for (; bytes >= 4; bytes -= 4, to += 4, from += 4) {
        __builtin_memcpy(to, from, 4);
    }
    for (; bytes > 0; bytes--) {
        *to++ = *from++;
    }
    return to;
}

WW_KERNEL void ww_gather_patch(const struct ww_window *window, const int8_t *input, int32_t top, int32_t left,
                               int32_t zero_point, int8_t *patch)
{
    const int32_t depth = window->input_channels;
    const int32_t row_bytes = window->kernel_width * depth;
    const int32_t right = left + window->kernel_width;
    const int32_t first = left < 0 ? 0 : left;
    const int32_t end = right > window->input_width ? window->input_width : right;
    for (int32_t ky = 0; ky < window->kernel_height; ky++) {
        const int32_t y = top + ky * window->dilation_height;
        if (y < 0 || y >= window->input_height) {
            patch = fill(patch, zero_point, row_bytes);
            continue;
        }
        const int8_t *row = input + y * window->input_width * depth;
        if (window->dilation_width == 1 && first < end) {
            patch = fill(patch, zero_point, (first - left) * depth);
            patch = copy(patch, row + first * depth, (end - first) * depth);
            patch = fill(patch, zero_point, (right - end) * depth);
            continue;
        }
        for (int32_t kx = 0; kx < window->kernel_width; kx++) {
            const int32_t x = left + kx * window->dilation_width;
            patch = x < 0 || x >= window->input_width ? fill(patch, zero_point, depth)
                                                      : copy(patch, row + x * depth, depth);
        }
    }
}
