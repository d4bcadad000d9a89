/*
 * ADD and SUB of int16 tensors (see ww_kernels_types.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_kernels_types.h"

#define WW_FUNCTION      ww_add_int16
#define WW_ELEMENT       int16_t
#define WW_FRACTION_BITS 15 /* TFLite's left_shift: operands are shifted left by it first */
#include "ww_add_typed.h"
