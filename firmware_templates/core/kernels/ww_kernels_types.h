/*
 * Kernels of tensors that are not int8: uint8 with zero points of activations and weights (TFLite's first INT8 models),
 * and int16 without a zero point, with int8 weights ("16x8"). They take what ww_kernels.h says of the int8 kernels of
 * the same names; memory is untyped, as the arena holds all types.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_KERNELS_TYPES_H
#define WW_KERNELS_TYPES_H

#include "ww_kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Any convolution, in groups: every output channel sees group_depth input channels, and group_channels neighbouring
 * ones see the same. CONV_2D is one group, DEPTHWISE_CONV_2D one for each input channel. Weights lie
 * [output channels][kernel height][kernel width][group_depth], the other arrays hold one entry an output channel.
 */
struct ww_conv_2d_uint8 {
    struct ww_window window;
    const uint8_t *weights;
    const int32_t *bias;
    const int32_t *mantissa;
    const int8_t *shift;
    int32_t group_depth, group_channels;
    int16_t input_zero_point, weights_zero_point, output_zero_point;
    int16_t output_min, output_max;
};
void ww_conv_2d_uint8(const struct ww_conv_2d_uint8 *op, const void *input, void *output);

/* Sums of 64 bits and mantissas of 15, or `narrow` ones, which wrap at 32 bits and have mantissas of 31. */
struct ww_conv_2d_int16 {
    struct ww_window window;
    const int8_t *weights;
    const int64_t *bias;
    const int32_t *mantissa;
    const int8_t *shift;
    int32_t group_depth, group_channels;
    int16_t output_min, output_max;
    int8_t narrow;
};
void ww_conv_2d_int16(const struct ww_conv_2d_int16 *op, const void *input, void *output);

/*
 * FULLY_CONNECTED, whose multipliers are doubles: real = mantissa * 2^-shift, a mantissa is 53 bits in two words, the
 * higher one first. Weights lie [channels][depth].
 */
struct ww_dense_uint8 {
    const uint8_t *weights;
    const int32_t *bias;
    const uint32_t *mantissa; /* [channels][2] */
    const int16_t *shift;
    int32_t rows, depth, channels;
    int16_t input_zero_point, weights_zero_point, output_zero_point;
    int16_t output_min, output_max;
};
void ww_dense_uint8(const struct ww_dense_uint8 *op, const void *input, void *output);

struct ww_dense_int16 {
    const int8_t *weights;
    const int64_t *bias;
    const uint32_t *mantissa; /* [channels][2] */
    const int16_t *shift;
    int32_t rows, depth, channels;
    int16_t output_min, output_max;
    int8_t narrow; /* sums wrap at 32 bits */
};
void ww_dense_int16(const struct ww_dense_int16 *op, const void *input, void *output);

#ifdef __cplusplus
}
#endif
#endif /* WW_KERNELS_TYPES_H */
