/*
 * ADD and SUB of uint8 tensors (see ww_kernels_types.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_kernels_types.h"

#define WW_FUNCTION      ww_add_uint8
#define WW_ELEMENT       uint8_t
#define WW_FRACTION_BITS 20 /* TFLite's left_shift: operands are shifted left by it first */
#include "ww_add_typed.h"
