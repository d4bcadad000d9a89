/*
 * MAX_POOL_2D (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define WW_FUNCTION ww_max_pool_2d
#define WW_ELEMENT  int8_t
#include "ww_max_pool_2d_typed.h"
