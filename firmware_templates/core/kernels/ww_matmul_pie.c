/*
 * Matrix product with sixteen products an instruction (see ww_matmul_pie.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_matmul_pie.h"

#include "ww_pie.h"
#include "ww_requantize.h"

enum { SCALES = 4 };

typedef int8_t rescale(const struct ww_channel_records *records, int32_t sum, const uint32_t *scales);

/* Each channel: weights, filled up to blocks, and its scales. */
static inline __attribute__((always_inline)) void channels(const struct ww_channel_records *records, const int8_t *x,
                                                           int8_t *output, rescale *rescaled)
{
    const int32_t depth = records->depth;
    const int32_t words = ww_pie_blocks(depth) * (WW_PIE_BLOCK / 4);
    const uint32_t *w = records->words;
    for (int32_t left = records->channels; left > 0; left--) {
        const int32_t sum = ww_pie_dot(x, (const int8_t *)w, depth);
        w += words;
        *output++ = rescaled(records, sum, w);
        w += SCALES;
    }
}

static __attribute__((noinline)) void directly(const struct ww_channel_records *records, const int8_t *x,
                                               int8_t *output)
{
    channels(records, x, output, ww_pie_directly);
}

static __attribute__((noinline)) void one_by_one(const struct ww_channel_records *records, const int8_t *x,
                                                 int8_t *output)
{
    channels(records, x, output, ww_pie_one_by_one);
}

WW_KERNEL void ww_matmul_pie(const struct ww_channel_records *records, const int8_t *x, int8_t *output)
{
    (records->shift ? directly : one_by_one)(records, x, output);
    ww_clamp_outputs(output, records->channels, records->output_min, records->output_max);
}
