/*
 * PRELU (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define WW_FUNCTION ww_prelu
#define WW_ELEMENT  int8_t
#define WW_SLOPE    int8_t
#include "ww_prelu_typed.h"
