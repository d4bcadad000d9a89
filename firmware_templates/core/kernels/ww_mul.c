/*
 * MUL (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define WW_FUNCTION ww_mul
#define WW_ELEMENT  int8_t
#include "ww_mul_typed.h"
