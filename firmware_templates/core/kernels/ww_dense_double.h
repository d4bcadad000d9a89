/*
 * FULLY_CONNECTED for elements of any type, with multipliers that are doubles. Private to the kernels.
 *
 * The file that includes it defines WW_ELEMENT, WW_WEIGHT, WW_SUM, WW_OPERATOR, WW_TERM and output_of as
 * ww_layer_uint8.h does.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_DENSE_DOUBLE_H
#define WW_DENSE_DOUBLE_H

#include "ww_kernels_types.h"
#include "ww_terms.h"

static void ww_dense_double(const WW_OPERATOR *op, const WW_ELEMENT *input, WW_ELEMENT *output)
{
    for (int32_t row = 0; row < op->rows; row++, input += op->depth) {
        const WW_WEIGHT *w = op->weights;
        for (int32_t channel = 0; channel < op->channels; channel++, w += op->depth) {
            *output++ = output_of(op, channel, ww_add_terms(op, input, w, op->depth, op->bias[channel]));
        }
    }
}

#endif /* WW_DENSE_DOUBLE_H */
