/*
 * RESIZE_BILINEAR (see ww_kernels_shapes.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define WW_FUNCTION ww_resize_bilinear
#define WW_ELEMENT  int8_t
#define WW_SUM      int32_t
#include "ww_resize_bilinear_typed.h"
