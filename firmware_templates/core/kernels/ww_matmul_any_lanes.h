/*
 * As ww_matmul_lanes.h, but some channels may have a constant output, any multiplier and sum (ww_any.h), or weights
 * whose products do not fit two lanes. Such a channel takes a whole block, with a half of each weight in both places.
 * Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_MATMUL_ANY_LANES_H
#define WW_MATMUL_ANY_LANES_H

#include "ww_kernels_packed.h"

/* Instead of the second channel's right shift: the block holds one channel, whose sum is that of both. */
#define WW_ONE_CHANNEL 0x10000u

void ww_matmul_any_lanes(const struct ww_channel_records *records, const uint32_t *scratch, int8_t *output);

#endif /* WW_MATMUL_ANY_LANES_H */
