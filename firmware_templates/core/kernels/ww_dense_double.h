/*
 * FULLY_CONNECTED for elements of any type, with multipliers that are doubles. Private to the kernels.
 *
 * The file that includes it defines WW_ELEMENT, WW_WEIGHT, WW_SUM, WW_OPERATOR and WW_TERM as for ww_conv_2d_groups.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_DENSE_DOUBLE_H
#define WW_DENSE_DOUBLE_H

#include "ww_kernels_types.h"

typedef WW_ELEMENT ww_output_of_sum(const WW_OPERATOR *op, int32_t channel, WW_SUM sum);

static inline __attribute__((always_inline)) void ww_dense_double(const WW_OPERATOR *op, const WW_ELEMENT *input,
                                                                  WW_ELEMENT *output, ww_output_of_sum *output_of)
{
    for (int32_t row = 0; row < op->rows; row++, input += op->depth) {
        const WW_WEIGHT *w = op->weights;
        for (int32_t channel = 0; channel < op->channels; channel++, w += op->depth) {
            WW_SUM sum = (WW_SUM)op->bias[channel];
            for (int32_t i = 0; i < op->depth; i++) {
                sum += WW_TERM(op, input[i], w[i]);
            }
            *output++ = output_of(op, channel, sum);
        }
    }
}

#endif /* WW_DENSE_DOUBLE_H */
