/*
 * RESIZE_BILINEAR for elements of any type, in TFLite's integers. Private to the kernels.
 *
 * The file that includes it defines WW_ELEMENT, the type of the elements, WW_SUM, that of sums of them with 20 bits more,
 * and WW_FUNCTION, the kernel's name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_kernels_types.h"

enum { FRACTION_BITS = 10, ONE = 1 << FRACTION_BITS };

/* Two neighbours along an axis, and the weight of the upper one; the lower one has the rest of ONE. */
struct between {
    int32_t lower;
    int32_t upper;
    int32_t weight;
};

static struct between between_of(const struct ww_resize_axis *axis, int32_t position)
{
    const int32_t at = position * axis->step + axis->start;
    struct between found = {at < 0 ? 0 : at / ONE, (at + ONE - 1) / ONE, 0};
    found.upper = found.upper < axis->input ? found.upper : axis->input - 1;
    found.weight = at - found.lower * ONE; /* beyond the first and last half pixel, both neighbours are the same */
    return found;
}

WW_KERNEL void WW_FUNCTION(const struct ww_resize_bilinear *op, const void *from, void *to)
{
    const WW_ELEMENT *input = from;
    WW_ELEMENT *output = to;
    const int32_t depth = op->depth;
    const int32_t row = op->width.input * depth;
    for (int32_t batch = 0; batch < op->batches; batch++, input += op->height.input * row) {
        for (int32_t oy = 0; oy < op->height.output; oy++) {
            const struct between y = between_of(&op->height, oy);
            const WW_ELEMENT *above = input + y.lower * row;
            const WW_ELEMENT *below = input + y.upper * row;
            for (int32_t ox = 0; ox < op->width.output; ox++) {
                const struct between x = between_of(&op->width, ox);
                const int32_t left = x.lower * depth;
                const int32_t right = x.upper * depth;
                for (int32_t c = 0; c < depth; c++) {
                    const int32_t first = above[left + c] * (ONE - x.weight) + above[right + c] * x.weight;
                    const int32_t second = below[left + c] * (ONE - x.weight) + below[right + c] * x.weight;
                    const WW_SUM sum = (WW_SUM)first * (ONE - y.weight) + (WW_SUM)second * y.weight;
                    const int32_t half = 1 << (2 * FRACTION_BITS - 1);
                    *output++ = (WW_ELEMENT)((sum + (sum > 0 ? half : -half)) / (1 << 2 * FRACTION_BITS));
                }
            }
        }
    }
}
