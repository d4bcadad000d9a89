/*
 * The matrix product inside the convolutions and the fully connected layer on cores with dual 16-bit multiplies:
 * up to two widened rows of inputs (ww_widen_dsp.h), or one if sums are rounded once, times all channels. Private to
 * the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_MATMUL_DSP_H
#define WW_MATMUL_DSP_H

#include "ww_kernels_packed.h"

/* Output row r starts at r * channels. */
void ww_matmul_dsp(const struct ww_channel_records *records, const uint32_t *scratch, int32_t rows, int8_t *output);

#endif /* WW_MATMUL_DSP_H */
