/*
 * MEAN of uint8 tensors (see ww_kernels_types.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_kernels_types.h"

#define WW_FUNCTION ww_mean_uint8
#define WW_ELEMENT  uint8_t
#include "ww_mean_typed.h"
