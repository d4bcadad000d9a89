/*
 * Runs a generated model on rows from standard input, one output row a line of bytes, state carried from row to row.
 * With WW_MODEL_TRACE every tensor is written too, each behind its number and size (two int32). Used by the host
 * engine and its tests.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "model.h"

static struct ww_model model;

#ifdef WW_MODEL_TRACE
void ww_model_trace(int tensor, const void *data, uint32_t bytes)
{
    const int32_t header[2] = {tensor, (int32_t)bytes};
    fwrite(header, sizeof header, 1, stdout);
    fwrite(data, 1, bytes, stdout);
}
#endif

int main(void)
{
    ww_model_init(&model);
    while (fread(ww_model_input(&model), WW_MODEL_INPUT_BYTES, 1, stdin) == 1) {
        ww_model_invoke(&model);
#ifndef WW_MODEL_TRACE
        fwrite(ww_model_output(&model), WW_MODEL_OUTPUT_BYTES, 1, stdout);
#endif
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
