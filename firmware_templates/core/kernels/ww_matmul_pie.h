/*
 * The matrix product inside the convolutions and the fully connected layer with the ESP32-S3's vector unit: a row of
 * inputs, which begins where a block may (ww_pie.h), times all channels. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_MATMUL_PIE_H
#define WW_MATMUL_PIE_H

#include "ww_kernels_packed.h"

void ww_matmul_pie(const struct ww_channel_records *records, const int8_t *x, int8_t *output);

#endif /* WW_MATMUL_PIE_H */
