/*
 * INT8 kernels: plain C, one operator a file, byte for byte equal to TFLite's reference kernels.
 *
 * Tensors are NHWC with batch 1. Weights are int8 and symmetric; activations are int8 with a zero point. Every
 * multiplier is a mantissa in [2^30, 2^31) and a shift: real = mantissa * 2^(shift - 31).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_KERNELS_H
#define WW_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* A program may hold a kernel several times, once for each compiled model; the linker keeps one of them. */
#if defined(__GNUC__) && !defined(_WIN32)
#define WW_KERNEL __attribute__((weak))
#else
#define WW_KERNEL
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* How int32 sums become int8 outputs; arrays hold one entry for each channel. */
struct ww_requantize {
    const int32_t *bias;
    const int32_t *mantissa;
    const int8_t *shift;
    int16_t output_zero_point;
    int8_t output_min;
    int8_t output_max;
};

/*
 * Dot products of contiguous runs: FULLY_CONNECTED, pointwise convolutions, and any unpadded convolution whose kernel
 * covers whole rows of its input. Output row r is computed from the `depth` inputs that start at r * row_stride. The
 * input's zero point is folded into the bias.
 */
struct ww_dense {
    struct ww_requantize requantize;
    const int8_t *weights; /* [channels][depth] */
    int32_t rows;
    int32_t row_stride;
    int32_t depth;
    int32_t channels;
    int32_t backwards; /* from the last row to the first: the output lies over the start of the input */
};
void ww_dense(const struct ww_dense *op, const int8_t *input, int8_t *output);

/* The same, rounded once instead of twice: TFLite's rule for FULLY_CONNECTED. */
void ww_dense_round_once(const struct ww_dense *op, const int8_t *input, int8_t *output);

/*
 * Depthwise convolution along one axis without padding, multiplier 1: output row r, channel c is the sum over taps k
 * of input[(r * stride + k * dilation) * channels + c] * weights[k * channels + c]. Zero point folded into the bias.
 */
struct ww_depthwise_taps {
    struct ww_requantize requantize;
    const int8_t *weights; /* [taps][channels] */
    int32_t rows;
    int32_t stride;
    int32_t dilation;
    int32_t taps;
    int32_t channels;
};
void ww_depthwise_taps(const struct ww_depthwise_taps *op, const int8_t *input, int8_t *output);

/* The shape of a two-dimensional window; pad_* is what lies above and to the left. */
struct ww_window {
    int32_t input_height, input_width, input_channels;
    int32_t output_height, output_width, output_channels;
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t dilation_height, dilation_width;
    int32_t pad_height, pad_width;
};

/* Any convolution; weights [output channels][kernel height][kernel width][input channels]. */
struct ww_conv_2d {
    struct ww_requantize requantize;
    const int8_t *weights;
    struct ww_window window;
    int32_t input_zero_point;
};
void ww_conv_2d(const struct ww_conv_2d *op, const int8_t *input, int8_t *output);

/* Any depthwise convolution; weights [kernel height][kernel width][output channels]. */
struct ww_depthwise_conv_2d {
    struct ww_requantize requantize;
    const int8_t *weights;
    struct ww_window window;
    int32_t input_zero_point;
    int32_t multiplier; /* output channels for each input channel */
    int32_t backwards;  /* from the last position to the first: the output lies over the start of the input */
};
void ww_depthwise_conv_2d(const struct ww_depthwise_conv_2d *op, const int8_t *input, int8_t *output);

/* AVERAGE_POOL_2D; padding does not count for the mean. */
struct ww_average_pool_2d {
    struct ww_window window;
    int16_t output_min;
    int16_t output_max;
};
void ww_average_pool_2d(const struct ww_average_pool_2d *op, const void *input, void *output);

/* MAX_POOL_2D; padding does not count. */
struct ww_max_pool_2d {
    struct ww_window window;
    int16_t output_min;
    int16_t output_max;
};
void ww_max_pool_2d(const struct ww_max_pool_2d *op, const void *input, void *output);

/* One multiplier for a whole tensor: mantissa * 2^(shift - 31). */
struct ww_multiplier {
    int32_t mantissa;
    int32_t shift;
};

/*
 * SVDF: every filter is a dot product with the input, and its last `memory` values are kept. A unit is the sum of the
 * kept values of its `rank` filters, weighted by age. The input's zero point is folded into feature_bias.
 */
struct ww_svdf {
    const int8_t *feature_weights; /* [units * rank][inputs] */
    const int32_t *feature_bias;   /* [units * rank] */
    const int16_t *time_weights;   /* [units * rank][memory], the oldest first */
    const int32_t *bias;           /* [units] */
    struct ww_multiplier feature_multiplier;
    struct ww_multiplier output_multiplier;
    int32_t inputs;
    int32_t units;
    int32_t rank;
    int32_t memory;
    int32_t output_zero_point;
};
/* state is int16_t[units * rank][memory]. */
void ww_svdf(const struct ww_svdf *op, const int8_t *input, void *state, int8_t *output);

/* The same with a memory of int8, as in TensorFlow Lite for Microcontrollers. */
struct ww_svdf_8 {
    const int8_t *feature_weights; /* [units * rank][inputs] */
    const int32_t *feature_bias;   /* [units * rank] */
    const int8_t *time_weights;    /* [units * rank][memory], the oldest first */
    const int32_t *bias;           /* [units] */
    struct ww_multiplier feature_multiplier;
    struct ww_multiplier output_multiplier;
    int32_t inputs;
    int32_t units;
    int32_t rank;
    int32_t memory;
    int32_t output_zero_point;
    int32_t state_zero_point;
};
/* state is [units * rank][memory]. */
void ww_svdf_8(const struct ww_svdf_8 *op, const int8_t *input, int8_t *state, int8_t *output);

/* One gate of an LSTM; the zero points of input and hidden state are folded into the biases. */
struct ww_lstm_gate {
    const int8_t *input_weights;     /* [cells][inputs] */
    const int8_t *recurrent_weights; /* [cells][outputs] */
    const int16_t *peephole_weights; /* [cells], or null */
    const int32_t *input_bias;       /* [cells] */
    const int32_t *recurrent_bias;   /* [cells] */
    /* To Q3.12. */
    struct ww_multiplier input_multiplier;
    struct ww_multiplier recurrent_multiplier;
    struct ww_multiplier peephole_multiplier;
};

/* UNIDIRECTIONAL_SEQUENCE_LSTM with int8 activations and int16 cells, for one sequence. */
struct ww_lstm {
    struct ww_lstm_gate input, forget, cell, output; /* without an input gate (null weights): 1 minus the forget gate */
    const int8_t *projection_weights;                /* [outputs][cells], or null: outputs are the hidden cells */
    const int32_t *projection_bias;                  /* [outputs] */
    struct ww_multiplier hidden_multiplier, projection_multiplier;
    int32_t hidden_zero_point, output_zero_point;
    int32_t steps, inputs, cells, outputs;
    int32_t cell_bits;              /* integer bits of a cell, 0 to 6 */
    int32_t cell_clip, output_clip; /* 0: none */
};
/* cells is int16_t[cells]; scratch is cells bytes, or null without a projection. */
void ww_lstm(const struct ww_lstm *op, const int8_t *input, int8_t *state, void *cells, int8_t *scratch,
             int8_t *output);

/* The zero point and the range of outputs. */
struct ww_range {
    int16_t zero_point;
    int16_t min;
    int16_t max;
};

/*
 * A walk over two tensors at once: along axis i there are sizes[i] steps of a[i] in one and of b[i] in the other. The
 * last axis is the innermost; rank is at least 1. A step of 0 reads the same values again and again, which broadcasts
 * them.
 */
enum { WW_AXES = 6 };
struct ww_walk {
    int32_t rank;
    int32_t sizes[WW_AXES];
    int32_t a[WW_AXES];
    int32_t b[WW_AXES];
};

/* ADD, SUB. */
struct ww_add {
    struct ww_walk walk;
    struct ww_multiplier a_multiplier;
    struct ww_multiplier b_multiplier;
    struct ww_multiplier output_multiplier;
    int16_t a_zero_point;
    int16_t b_zero_point;
    struct ww_range output;
    int8_t subtract;
};
void ww_add(const struct ww_add *op, const void *a, const void *b, void *output);

/* MUL. */
struct ww_mul {
    struct ww_walk walk;
    struct ww_multiplier multiplier;
    int16_t a_zero_point;
    int16_t b_zero_point;
    struct ww_range output;
};
void ww_mul(const struct ww_mul *op, const void *a, const void *b, void *output);

/* MINIMUM, MAXIMUM. */
struct ww_extreme {
    struct ww_walk walk;
    int8_t maximum;
};
void ww_extreme(const struct ww_extreme *op, const void *a, const void *b, void *output);

/* PRELU: values below the zero point are multiplied by alpha, too. */
struct ww_prelu {
    struct ww_walk walk;
    struct ww_multiplier above;
    struct ww_multiplier below;
    int16_t input_zero_point;
    int16_t alpha_zero_point;
    struct ww_range output;
};
void ww_prelu(const struct ww_prelu *op, const void *input, const void *alpha, void *output);

/* MEAN: one output a step over the axes that stay, each of a walk over those that go. `bias` starts the sum. */
struct ww_mean {
    struct ww_walk kept;
    struct ww_walk summed;
    struct ww_multiplier multiplier;
    int32_t bias;
    struct ww_range output;
};
void ww_mean(const struct ww_mean *op, const void *input, void *output);

/* What a tensor's elements are, where a kernel takes several kinds. */
enum ww_type { WW_INT8, WW_UINT8, WW_INT16, WW_INT32, WW_INT64, WW_BOOL };

/*
 * SOFTMAX over rows of up to 8191 values, `depth` of them. table[d] is exp(-d * scale * beta) with 31 fractional bits;
 * beyond its `exponentials` entries there is nothing.
 */
struct ww_softmax {
    const int32_t *table;
    int32_t exponentials;
    int32_t rows;
    int32_t depth;
    enum ww_type output_type; /* int8 or int16 */
};
void ww_softmax(const struct ww_softmax *op, const void *input, void *output);

/* An element-wise function of one int8 input; table[q + 128] is the output byte for q. */
void ww_lookup(const uint8_t table[256], const int8_t *input, void *output, size_t count);

/* Copies `rows` runs of `bytes` bytes: CONCATENATION, STRIDED_SLICE, variables. */
void ww_copy_rows(void *output, size_t output_stride, const void *input, size_t input_stride, size_t bytes,
                  size_t rows);

/* QUANTIZE of `count` floats. What lies beyond the output's range is cut off, and NaN becomes the least value. */
struct ww_quantize {
    float scale;
    int32_t zero_point;
    int32_t min;
    int32_t max;
    int32_t count;
    enum ww_type type; /* of the output */
};
void ww_quantize(const struct ww_quantize *op, const void *input, void *output);

/* DEQUANTIZE of `count` values. */
struct ww_dequantize {
    float scale;
    int32_t zero_point;
    int32_t count;
    enum ww_type type; /* of the input */
};
void ww_dequantize(const struct ww_dequantize *op, const void *input, void *output);

/* QUANTIZE of `count` integers of one scale to another scale. */
struct ww_rescale {
    struct ww_multiplier multiplier;
    int32_t input_zero_point;
    int32_t output_zero_point;
    int32_t min;
    int32_t max;
    int32_t count;
    enum ww_type input_type;
    enum ww_type output_type;
};
void ww_rescale(const struct ww_rescale *op, const void *input, void *output);

/* Copies items of `bytes` bytes, walking over input (a) and output (b) in steps of bytes: TRANSPOSE and slices. */
struct ww_strided_copy {
    struct ww_walk walk;
    size_t bytes;
};
void ww_strided_copy(const struct ww_strided_copy *op, const void *input, void *output);

/* Writes `count` copies of a value of `bytes` bytes: what PAD puts around its input. */
void ww_fill(void *output, const void *value, size_t bytes, size_t count);

#ifdef __cplusplus
}
#endif
#endif /* WW_KERNELS_H */
