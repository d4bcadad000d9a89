/*
 * Kernels that make tensors larger or smaller, or take elements by their positions (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_KERNELS_SHAPES_H
#define WW_KERNELS_SHAPES_H

#include "ww_kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * TRANSPOSE_CONV; weights [output channels][kernel height][kernel width][input channels]. The window's padding is what is
 * cut off above and to the left of the output.
 */
struct ww_transpose_conv {
    struct ww_requantize requantize;
    const int8_t *weights;
    struct ww_window window;
    int32_t input_zero_point;
};
void ww_transpose_conv(const struct ww_transpose_conv *op, const int8_t *input, int8_t *output);

/* Along one axis: output position n lies at n * step + start of the input, with 10 fractional bits. */
struct ww_resize_axis {
    int32_t input, output;
    int32_t step, start;
};

/* RESIZE_BILINEAR. */
struct ww_resize_bilinear {
    struct ww_resize_axis height, width;
    int32_t batches;
    int32_t depth;
};
void ww_resize_bilinear(const struct ww_resize_bilinear *op, const void *input, void *output);

/*
 * Copies items of `bytes` bytes from anywhere in the input to the output in order: along every axis, offsets[i] says
 * where in the input its i-th item lies, in bytes. The tables of all axes lie one behind the other.
 */
struct ww_pick {
    const int32_t *offsets;
    int32_t rank;
    int32_t sizes[WW_AXES];
    size_t bytes;
};
void ww_pick(const struct ww_pick *op, const void *input, void *output);

/*
 * GATHER with indices that are computed: of `batches` inputs [outer][size] of items of `bytes` bytes, and as many lists
 * of `count` indices, each makes an output [outer][count]. An index that lies outside takes the nearest item.
 */
struct ww_gather {
    int32_t batches;
    int32_t outer;
    int32_t size;
    int32_t count;
    size_t bytes;
    enum ww_type index_type;
};
void ww_gather(const struct ww_gather *op, const void *input, const void *indices, void *output);

#ifdef __cplusplus
}
#endif
#endif /* WW_KERNELS_SHAPES_H */
