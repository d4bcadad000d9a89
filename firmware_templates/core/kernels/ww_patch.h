/*
 * Gathers the inputs of one output of a convolution, padding included (im2col of one position). Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_PATCH_H
#define WW_PATCH_H

#include "ww_kernels.h"

/* Writes kernel_height * kernel_width * input_channels bytes; (top, left) may lie outside of the input. */
void ww_gather_patch(const struct ww_window *window, const int8_t *input, int32_t top, int32_t left, int32_t zero_point,
                     int8_t *patch);

#endif /* WW_PATCH_H */
