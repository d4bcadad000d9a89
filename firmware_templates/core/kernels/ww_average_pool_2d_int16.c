/*
 * AVERAGE_POOL_2D of int16 tensors (see ww_kernels_types.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_kernels_types.h"

#define WW_FUNCTION ww_average_pool_2d_int16
#define WW_ELEMENT  int16_t
#include "ww_average_pool_2d_typed.h"
