/*
 * LOG_SOFTMAX of uint8 tensors (see ww_kernels_types.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_kernels_types.h"

#define WW_FUNCTION ww_log_softmax_uint8
#define WW_ELEMENT  uint8_t
#define WW_MOST     UINT8_MAX
#include "ww_log_softmax_typed.h"
