/*
 * AVERAGE_POOL_2D of uint8 tensors (see ww_kernels_types.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_kernels_types.h"

#define WW_FUNCTION ww_average_pool_2d_uint8
#define WW_ELEMENT  uint8_t
#include "ww_average_pool_2d_typed.h"
