/*
 * The matrix product inside the convolutions and the fully connected layer on cores with 32-bit products alone: a
 * widened row of inputs (ww_widen_lanes.h) times all channels. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_MATMUL_LANES_H
#define WW_MATMUL_LANES_H

#include "ww_kernels_packed.h"

void ww_matmul_lanes(const struct ww_channel_records *records, const uint32_t *scratch, int8_t *output);

#endif /* WW_MATMUL_LANES_H */
