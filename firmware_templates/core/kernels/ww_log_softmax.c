/*
 * LOG_SOFTMAX (see ww_kernels_functions.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define WW_FUNCTION ww_log_softmax
#define WW_ELEMENT  int8_t
#define WW_MOST     INT8_MAX
#include "ww_log_softmax_typed.h"
