/*
 * As ww_matmul_dsp.h, but some channels may have a constant output, or any multiplier and sum (ww_any.h). Private to
 * the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_MATMUL_ANY_DSP_H
#define WW_MATMUL_ANY_DSP_H

#include "ww_kernels_packed.h"

/* Output row r starts at r * channels. */
void ww_matmul_any_dsp(const struct ww_channel_records *records, const uint32_t *scratch, int32_t rows, int8_t *output);

#endif /* WW_MATMUL_ANY_DSP_H */
