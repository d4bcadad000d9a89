/*
 * PRELU of int16 tensors (see ww_kernels_types.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_kernels_types.h"

#define WW_FUNCTION ww_prelu_int16
#define WW_ELEMENT  int16_t
#define WW_SLOPE    int8_t
#include "ww_prelu_typed.h"
