/*
 * A long short-term memory over one sequence (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "ww_fixed_point.h"

static int32_t dot(const int8_t *a, const int8_t *b, int32_t count, int32_t sum)
{
    for (int32_t i = 0; i < count; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* The input of a gate's activation, in Q3.12; every part saturates. */
static int32_t gate(const struct ww_lstm *op, const struct ww_lstm_gate *g, int32_t cell, const int8_t *input,
                    const int8_t *hidden, int16_t content)
{
    const int32_t from_input = dot(input, g->input_weights + cell * op->inputs, op->inputs, g->input_bias[cell]);
    const int32_t from_hidden =
        dot(hidden, g->recurrent_weights + cell * op->outputs, op->outputs, g->recurrent_bias[cell]);
    int32_t sum = ww_saturate_16(ww_multiply(from_input, g->input_multiplier));
    sum = ww_saturate_16(ww_wrapping_add(ww_multiply(from_hidden, g->recurrent_multiplier), sum));
    if (g->peephole_weights != NULL) {
        const int32_t from_cell = g->peephole_weights[cell] * content;
        sum = ww_saturate_16(ww_wrapping_add(ww_multiply(from_cell, g->peephole_multiplier), sum));
    }
    return sum;
}

/* Forgets a part of the cell's content and adds a part of the new content. */
static int16_t renewed(const struct ww_lstm *op, int32_t cell, const int8_t *input, const int8_t *hidden,
                       int16_t content)
{
    const int32_t keep = ww_logistic_16(gate(op, &op->forget, cell, input, hidden, content));
    const int32_t take = op->input.input_weights == NULL
                             ? 32767 - keep
                             : ww_logistic_16(gate(op, &op->input, cell, input, hidden, content));
    const int32_t fresh = ww_tanh_16(gate(op, &op->cell, cell, input, hidden, content), 3);
    const int32_t kept = ww_divide_by_power_of_two(keep * content, 15);
    const int32_t sum = kept + ww_divide_by_power_of_two(take * fresh, 15 + op->cell_bits);
    return ww_saturate_16(op->cell_clip > 0 ? ww_limit(sum, -op->cell_clip, op->cell_clip) : sum);
}

static void project(const struct ww_lstm *op, const int8_t *hidden, int8_t *output)
{
    for (int32_t i = 0; i < op->outputs; i++) {
        const int32_t sum = dot(hidden, op->projection_weights + i * op->cells, op->cells, op->projection_bias[i]);
        const int32_t scaled = ww_wrapping_add(ww_multiply(sum, op->projection_multiplier), op->output_zero_point);
        const int8_t y = ww_saturate_8(scaled);
        output[i] = op->output_clip > 0 ? (int8_t)ww_limit(y, -op->output_clip, op->output_clip) : y;
    }
}

WW_KERNEL void ww_lstm(const struct ww_lstm *op, const int8_t *input, int8_t *state, void *cells, int8_t *scratch,
                       int8_t *output)
{
    int16_t *contents = cells;
    const int8_t *hidden = state; /* the output of the step before */
    for (int32_t step = 0; step < op->steps; step++, input += op->inputs, output += op->outputs) {
        int8_t *shown = op->projection_weights == NULL ? output : scratch;
        for (int32_t cell = 0; cell < op->cells; cell++) {
            const int16_t content = renewed(op, cell, input, hidden, contents[cell]);
            const int32_t show = ww_logistic_16(gate(op, &op->output, cell, input, hidden, content));
            const int32_t product = show * ww_tanh_16(content, op->cell_bits);
            shown[cell] =
                ww_saturate_8(ww_wrapping_add(ww_multiply(product, op->hidden_multiplier), op->hidden_zero_point));
            contents[cell] = content;
        }
        if (op->projection_weights != NULL) {
            project(op, shown, output);
        }
        hidden = output;
    }
    memcpy(state, hidden, (size_t)op->outputs);
}
