/*
 * Kernels of functions beside the common ones: conversions, logarithms, reductions (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_KERNELS_FUNCTIONS_H
#define WW_KERNELS_FUNCTIONS_H

#include "ww_kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* CAST of `count` numbers. Integers keep their low bits; floats are cut off at the ends of the output's range. */
struct ww_cast {
    int32_t count;
    enum ww_type input_type;
    enum ww_type output_type;
};
void ww_cast(const struct ww_cast *op, const void *input, void *output);
void ww_cast_to_float(const struct ww_cast *op, const void *input, void *output);
void ww_cast_from_float(const struct ww_cast *op, const void *input, void *output);

/*
 * LOG_SOFTMAX over rows of up to 4095 values, at output scale 1/16 and zero point 127; the table is SOFTMAX's.
 */
struct ww_log_softmax {
    const int32_t *table;
    int32_t exponentials;
    int32_t rows;
    int32_t depth;
    int32_t furthest;                /* further below the greatest, a value counts for nothing */
    struct ww_multiplier difference; /* from steps of the input to 26 fractional bits */
    struct ww_multiplier steps;      /* and back */
};
void ww_log_softmax(const struct ww_log_softmax *op, const void *input, void *output);

/* REDUCE_MAX, REDUCE_MIN: one output a step over the axes that stay, each of a walk over those that go. */
struct ww_reduce_extreme {
    struct ww_walk kept;
    struct ww_walk reduced;
    enum ww_type type;
    int8_t maximum;
};
void ww_reduce_extreme(const struct ww_reduce_extreme *op, const void *input, void *output);

/* REDUCE_PROD of int8: after every factor the product is multiplied by mantissa * 2^-shift. */
struct ww_reduce_prod {
    struct ww_walk kept;
    struct ww_walk reduced;
    int32_t mantissa; /* of 15 bits */
    int32_t shift;    /* 8 to 46 */
    int32_t input_zero_point;
    struct ww_range output;
};
void ww_reduce_prod(const struct ww_reduce_prod *op, const int8_t *input, int8_t *output);

/* ARG_MAX, ARG_MIN: along an axis of `size` elements `step` apart; the first of several equal ones. */
struct ww_arg_extreme {
    struct ww_walk kept;
    int32_t size;
    int32_t step;
    enum ww_type input_type;
    enum ww_type output_type; /* int32 or int64 */
    int8_t maximum;
};
void ww_arg_extreme(const struct ww_arg_extreme *op, const void *input, void *output);

/* EQUAL and the like, to 0 or 1; quantized numbers are brought to the scale 1 before. */
enum ww_relation { WW_EQUAL, WW_NOT_EQUAL, WW_LESS, WW_LESS_EQUAL, WW_GREATER, WW_GREATER_EQUAL };
struct ww_compare {
    struct ww_walk walk;
    struct ww_multiplier a_multiplier;
    struct ww_multiplier b_multiplier;
    int32_t a_zero_point;
    int32_t b_zero_point;
    enum ww_relation relation;
    enum ww_type type; /* of the inputs */
    int8_t scaled;
};
void ww_compare(const struct ww_compare *op, const void *a, const void *b, void *output);

/* SELECT: items of `bytes` bytes from a where the condition holds, else from b; the walk's steps are bytes. */
struct ww_select {
    struct ww_walk walk;
    int32_t condition[WW_AXES]; /* its steps */
    size_t bytes;
};
void ww_select(const struct ww_select *op, const void *condition, const void *a, const void *b, void *output);

/* SQUARED_DIFFERENCE. */
struct ww_squared_difference {
    struct ww_walk walk;
    struct ww_multiplier a_multiplier;
    struct ww_multiplier b_multiplier;
    struct ww_multiplier output_multiplier;
    int16_t a_zero_point;
    int16_t b_zero_point;
    struct ww_range output;
};
void ww_squared_difference(const struct ww_squared_difference *op, const int8_t *a, const int8_t *b, int8_t *output);

/* BATCH_MATMUL: for every batch [rows][depth] times [depth][columns], each with steps of its own. */
struct ww_batch_matmul {
    struct ww_walk batches;
    int32_t rows, columns, depth;
    int32_t a_row, a_depth;
    int32_t b_depth, b_column;
    struct ww_multiplier multiplier;
    int16_t a_zero_point;
    int16_t b_zero_point;
    struct ww_range output;
};
void ww_batch_matmul(const struct ww_batch_matmul *op, const int8_t *a, const int8_t *b, int8_t *output);

/* L2_NORMALIZATION of rows of up to 32768 values, at output scale 1/128 and zero point 0. */
struct ww_l2_normalization {
    int32_t rows;
    int32_t depth;
    int32_t input_zero_point;
};
void ww_l2_normalization(const struct ww_l2_normalization *op, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif
#endif /* WW_KERNELS_FUNCTIONS_H */
