/*
 * MEAN (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define WW_FUNCTION ww_mean
#define WW_ELEMENT  int8_t
#include "ww_mean_typed.h"
