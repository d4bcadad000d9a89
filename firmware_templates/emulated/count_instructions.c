/*
 * Runs a generated model on rows from standard input and writes the ticks of every kernel call, summed over all
 * rows, as uint32 counts; the model is compiled with WW_MODEL_PROFILE. Without it the one count is of whole inferences.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model.h"
#include "stdio.h"
#include "ww_machine.h"

static struct ww_model model;
static uint32_t counts[WW_MODEL_CALLS + 1];
static uint32_t last;

void ww_model_profile(int call)
{
    counts[call] += ww_machine_ticks_since(last);
    last = ww_machine_ticks();
}

int main(void)
{
    ww_model_init(&model);
    while (fread(ww_model_input(&model), WW_MODEL_INPUT_BYTES, 1, stdin) == 1) {
        last = ww_machine_ticks();
        ww_model_invoke(&model);
        ww_model_profile(WW_MODEL_CALLS);
    }
    return fwrite(counts, sizeof counts, 1, stdout) == 1 ? 0 : 1;
}
