/*
 * SOFTMAX (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define WW_FUNCTION ww_softmax
#define WW_ELEMENT  int8_t
#include "ww_softmax_typed.h"
