/*
 * Kernels of tensors that are not int8: uint8 with zero points of activations and weights (TFLite's first INT8 models),
 * and int16 without a zero point, with int8 weights ("16x8"). They take what ww_kernels.h says of the int8 kernels of
 * the same names; memory is untyped, as the arena holds all types.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_KERNELS_TYPES_H
#define WW_KERNELS_TYPES_H

#include "ww_kernels_functions.h"
#include "ww_kernels_shapes.h"

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
void ww_transpose_conv_uint8(const struct ww_conv_2d_uint8 *op, const void *input, void *output); /* in one group */

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
void ww_transpose_conv_int16(const struct ww_conv_2d_int16 *op, const void *input, void *output);

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

/* The kernels of ww_kernels.h. */
void ww_add_uint8(const struct ww_add *op, const void *a, const void *b, void *output);
void ww_add_int16(const struct ww_add *op, const void *a, const void *b, void *output);
void ww_mul_uint8(const struct ww_mul *op, const void *a, const void *b, void *output);
void ww_mul_int16(const struct ww_mul *op, const void *a, const void *b, void *output);
void ww_extreme_uint8(const struct ww_extreme *op, const void *a, const void *b, void *output);
void ww_extreme_int16(const struct ww_extreme *op, const void *a, const void *b, void *output);
void ww_prelu_uint8(const struct ww_prelu *op, const void *input, const void *alpha, void *output);
void ww_prelu_int16(const struct ww_prelu *op, const void *input, const void *alpha, void *output); /* int8 alpha */
void ww_average_pool_2d_uint8(const struct ww_average_pool_2d *op, const void *input, void *output);
void ww_average_pool_2d_int16(const struct ww_average_pool_2d *op, const void *input, void *output);
void ww_max_pool_2d_uint8(const struct ww_max_pool_2d *op, const void *input, void *output);
void ww_max_pool_2d_int16(const struct ww_max_pool_2d *op, const void *input, void *output);
void ww_mean_uint8(const struct ww_mean *op, const void *input, void *output);
void ww_mean_int16(const struct ww_mean *op, const void *input, void *output);
void ww_resize_bilinear_int16(const struct ww_resize_bilinear *op, const void *input, void *output);
void ww_log_softmax_uint8(const struct ww_log_softmax *op, const void *input, void *output);
void ww_softmax_uint8(const struct ww_softmax *op, const void *input, void *output);

/* ADD and SUB where all scales are powers of two: operands are shifted to the right, with rounding, and added. */
struct ww_add_powers {
    struct ww_walk walk;
    int8_t a_shift, b_shift;
    int8_t subtract;
    int16_t min, max;
};
void ww_add_powers_int16(const struct ww_add_powers *op, const void *a, const void *b, void *output);

/* RELU and its like, LEAKY_RELU, ABS: one multiplier for what is not negative, another for what is. */
struct ww_slopes {
    struct ww_multiplier above;
    struct ww_multiplier below;
    int32_t count;
    int8_t negate_below;  /* negative values before they are multiplied */
    int8_t negate_scaled; /* and after */
    int16_t min, max;
};
void ww_slopes_int16(const struct ww_slopes *op, const void *input, void *output);

/* NEG of `count` values; the least one stays what it is. */
void ww_negate_int16(const void *input, void *output, size_t count);

/* LOGISTIC and TANH to 15 fractional bits; table[i] is sigmoid(i / 24) with 16, [256]. */
struct ww_sigmoid {
    const uint16_t *table;
    int32_t multiplier; /* to 1 / 12288, as multiplier * 2^-shift */
    int32_t shift;
    int32_t count;
};
void ww_logistic_int16(const struct ww_sigmoid *op, const void *input, void *output);
void ww_tanh_int16(const struct ww_sigmoid *op, const void *input, void *output);

/* SOFTMAX over rows of up to 65535 values; tables of exp on [-10, 0] and of 1 / (1 + x) on [0, 1], [513]. */
struct ww_softmax_int16 {
    const int16_t *exponentials;
    const int16_t *inverses;
    struct ww_multiplier multiplier; /* to 10 / 65535 */
    int32_t rows;
    int32_t depth;
};
void ww_softmax_int16(const struct ww_softmax_int16 *op, const void *input, void *output);

/* As ww_copy_rows, through a table: what CONCATENATION brings to another scale. */
void ww_lookup_rows_uint8(const uint8_t table[256], void *output, size_t output_stride, const void *input,
                          size_t input_stride, size_t bytes, size_t rows);

#ifdef __cplusplus
}
#endif
#endif /* WW_KERNELS_TYPES_H */
