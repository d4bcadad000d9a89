/*
 * Copies by tables of positions (see ww_kernels_shapes.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "ww_kernels_shapes.h"

WW_KERNEL void ww_pick(const struct ww_pick *op, const void *input, void *output)
{
    const uint8_t *from = input;
    uint8_t *to = output;
    const int32_t last = op->rank - 1;
    int32_t index[WW_AXES] = {0};
    int32_t axis;
    do {
        /* The positions of the outer axes; the tables of all axes follow each other. */
        const int32_t *offsets = op->offsets;
        int32_t start = 0;
        for (axis = 0; axis < last; offsets += op->sizes[axis++]) {
            start += offsets[index[axis]];
        }
        for (int32_t i = 0; i < op->sizes[last]; i++, to += op->bytes) {
            memcpy(to, from + start + offsets[i], op->bytes);
        }
        for (axis = last - 1; axis >= 0 && ++index[axis] == op->sizes[axis]; axis--) {
            index[axis] = 0;
        }
    } while (axis >= 0);
}
