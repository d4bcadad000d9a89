/*
 * ADD and SUB (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define WW_FUNCTION      ww_add
#define WW_ELEMENT       int8_t
#define WW_FRACTION_BITS 20 /* TFLite's left_shift: operands are shifted left by it first */
#include "ww_add_typed.h"
