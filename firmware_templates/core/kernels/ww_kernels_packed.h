/*
 * Kernels made for a kind of core: the bytes of the portable ones of ww_kernels.h, with weights and scales in an order
 * of their own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_KERNELS_PACKED_H
#define WW_KERNELS_PACKED_H

#include "ww_kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Weights and scales of all output channels in the order in which a fast kernel reads them, block of channels by block:
 * the block's biases, doubled, its weights, and then its mantissas, its roundings (a half of the last place, plus the
 * output's zero point) and its right shifts, each a word. What the weights look like is said at each kernel.
 *
 * wwtool/compiler/kernels/ chooses these kernels, packs their weights and gives the scratch its size. Right
 * shifts are at least 1, accumulators stay below 2^30 in magnitude, and a product plus its rounding fits 32 bits. What
 * is outside of that is left to the kernels with _any_ in their names, whose records tell more (ww_any.h). Input zero
 * points are folded into the biases except for depthwise convolutions with padding.
 */
struct ww_channel_records {
    const uint32_t *words;
    int32_t depth; /* inputs, or taps, of one output */
    int32_t channels;
    int8_t output_min;
    int8_t output_max;
    int8_t round_once;
    int8_t round_upwards;
    uint8_t low_shift;
    uint8_t shift;
    int8_t bent;
    int8_t paired;
};

struct ww_dense_packed {
    struct ww_channel_records records;
    int32_t rows;
    int32_t row_stride;
    int32_t backwards; /* as in ww_dense */
};

struct ww_conv_2d_packed {
    struct ww_channel_records records;
    struct ww_window window;
    int32_t input_zero_point;
};

struct ww_depthwise_packed {
    struct ww_channel_records records;
    struct ww_window window;
    int32_t input_zero_point;
    int32_t backwards; /* as in ww_depthwise_conv_2d */
};

/*
 * For cores with dual 16-bit multiplies (Cortex-M4). Blocks of two channels. For each four inputs, filled up with zeros
 * to a multiple of eight: half-words w0 + 256 w1, with the weights of both channels, of the inputs 0, 2, 1 and 3. The
 * first bias is that of the first channel plus 256 times that of the second, the second bias that of the first channel.
 * Sums of the second channel stay below 2^22 in magnitude.
 *
 * round_upwards: no output is below the zero point, so that it does not matter how halves of negative products are
 * rounded. Then the second channel's rounding is 256 times as large, with half of a product's last place added, and its
 * right shift is longer by 8.
 */
void ww_dense_dsp(const struct ww_dense_packed *op, const int8_t *input, int8_t *output, uint32_t *scratch);
void ww_conv_2d_dsp(const struct ww_conv_2d_packed *op, const int8_t *input, int8_t *output, uint32_t *scratch);

/* Blocks of two channels; for each four inputs, four weights of the one and four of the other (and see ww_any.h). */
void ww_dense_any_dsp(const struct ww_dense_packed *op, const int8_t *input, int8_t *output, uint32_t *scratch);
void ww_conv_2d_any_dsp(const struct ww_conv_2d_packed *op, const int8_t *input, int8_t *output, uint32_t *scratch);

/*
 * The same; multiplier 1, blocks of four channels, for each tap the weights of channels 0, 2, 1 and 3, doubled, in 16
 * bits. With any multiplier: a block of the first outputs of four input channels, one of their second outputs, ...
 *
 * paired: each two rows of taps are one: a word for each channel holds the weights of both rows. A last row that is left
 * is as above. The scales are the mantissas and roundings of channels 0 and 1, those of 2 and 3, and four right shifts.
 */
void ww_depthwise_conv_2d_dsp(const struct ww_depthwise_packed *op, const int8_t *input, int8_t *output);
void ww_depthwise_conv_2d_any_dsp(const struct ww_depthwise_packed *op, const int8_t *input, int8_t *output);

/*
 * For cores with 32-bit products alone (Cortex-M0+): two products a multiplication (ww_lanes.h). Blocks of two
 * channels; for each four inputs, filled up with zeros to a multiple of eight, four weights of the one channel in two
 * words and four of the other. Biases are not doubled; accumulators stay below 2^29.
 *
 * With a shift, sums are above the greatest one that gives the lowest output, and each channel has three words: the sum
 * from which on the output is highest, its multiplier, in two halves, and what is added to the product (ww_lanes.h).
 */
void ww_dense_lanes(const struct ww_dense_packed *op, const int8_t *input, int8_t *output, uint32_t *scratch);
void ww_conv_2d_lanes(const struct ww_conv_2d_packed *op, const int8_t *input, int8_t *output, uint32_t *scratch);
void ww_dense_any_lanes(const struct ww_dense_packed *op, const int8_t *input, int8_t *output, uint32_t *scratch);
void ww_conv_2d_any_lanes(const struct ww_conv_2d_packed *op, const int8_t *input, int8_t *output, uint32_t *scratch);

/*
 * The same; multiplier 1, or any, blocks of one channel, a word a weight. `bent`: each channel has two words more, the
 * sum below which its line is lower, and by how much.
 */
void ww_depthwise_conv_2d_lanes(const struct ww_depthwise_packed *op, const int8_t *input, int8_t *output);
void ww_depthwise_conv_2d_any_lanes(const struct ww_depthwise_packed *op, const int8_t *input, int8_t *output);

/*
 * For the ESP32-S3's vector unit (ww_pie.h). Records begin at a multiple of 16 bytes. For each channel: int8 weights,
 * filled up with zeros to a multiple of 16, its bias, and the three words that ww_dense_lanes has for it (with a shift:
 * what is subtracted from sums is in the bias; without one: any channel, as in ww_any.h). Scratch has room for a row of inputs, filled up like the weights.
 */
void ww_dense_pie(const struct ww_dense_packed *op, const int8_t *input, int8_t *output, uint32_t *scratch);
void ww_conv_2d_pie(const struct ww_conv_2d_packed *op, const int8_t *input, int8_t *output, uint32_t *scratch);

/*
 * The same; multiplier 1 and no padding. Blocks of 16 channels: for each tap their weights, and then four words for each
 * channel as above. Weights of a channel add up to at most 4095 in magnitude, so that no sum of products leaves 20 bits.
 */
void ww_depthwise_conv_2d_pie(const struct ww_depthwise_packed *op, const int8_t *input, int8_t *output);

/*
 * ADD and SUB with tables of what every int8 operand is on the common scale (of twice that for ww_add_dsp; negative for
 * what is subtracted). Scales are as in struct ww_channel_records.
 */
struct ww_add_packed {
    struct ww_walk walk;
    const int32_t *a_table; /* [256] */
    const int32_t *b_table; /* [256] */
    uint32_t mantissa;
    uint32_t rounding;
    uint32_t shift;
    int8_t output_min;
    int8_t output_max;
};
void ww_add_dsp(const struct ww_add_packed *op, const int8_t *a, const int8_t *b, int8_t *output);
void ww_add_lanes(const struct ww_add_packed *op, const int8_t *a, const int8_t *b, int8_t *output);

/* MUL; scales are as in struct ww_channel_records. */
struct ww_mul_packed {
    struct ww_walk walk;
    uint32_t mantissa;
    uint32_t rounding;
    uint32_t shift;
    int16_t a_zero_point;
    int16_t b_zero_point;
    int8_t output_min;
    int8_t output_max;
};
void ww_mul_dsp(const struct ww_mul_packed *op, const int8_t *a, const int8_t *b, int8_t *output);
void ww_mul_lanes(const struct ww_mul_packed *op, const int8_t *a, const int8_t *b, int8_t *output);

/* Moves a window by its `oldest` bytes: those of the `others` take their place. */
void ww_slide(int8_t *window, size_t oldest, size_t others);

#ifdef __cplusplus
}
#endif
#endif /* WW_KERNELS_PACKED_H */
