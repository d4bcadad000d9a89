/*
 * As ww_matmul_lanes.h, and some channels may be the same for every input, or have any multiplier and sum (ww_any.h),
 * or weights whose products two lanes do not hold: such a channel takes a whole block, which has a half of every weight
 * in either place. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_MATMUL_ANY_LANES_H
#define WW_MATMUL_ANY_LANES_H

#include "ww_kernels_packed.h"

/* In the place of the second channel's right shift: the block is one channel, whose sum is that of both. */
#define WW_ONE_CHANNEL 0x10000u

void ww_matmul_any_lanes(const struct ww_channel_records *records, const uint32_t *scratch, int8_t *output);

#endif /* WW_MATMUL_ANY_LANES_H */
