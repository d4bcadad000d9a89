/*
 * The rows of ww_dense_lanes and ww_dense_any_lanes: each is widened and multiplied by `matmul`. Private to the
 * kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_DENSE_ROWS_LANES_H
#define WW_DENSE_ROWS_LANES_H

#include "ww_kernels_packed.h"
#include "ww_widen_lanes.h"

typedef void ww_dense_matmul(const struct ww_channel_records *records, const uint32_t *scratch, int8_t *output);

static inline __attribute__((always_inline)) void ww_dense_rows_lanes(const struct ww_dense_packed *op,
                                                                      const int8_t *input, int8_t *output,
                                                                      uint32_t *scratch, ww_dense_matmul *matmul)
{
    for (int32_t done = 0; done < op->rows; done++) {
        const int32_t row = op->backwards ? op->rows - done - 1 : done;
        ww_widen_lanes(scratch, input + row * op->row_stride, op->records.depth);
        matmul(&op->records, scratch, output + row * op->records.channels);
    }
}

#endif /* WW_DENSE_ROWS_LANES_H */
