/*
 * Runs the model on silence and prints its first output.
 */
#include <stdio.h>
#include <string.h>

#include "model.h"

static struct ww_model model;

void app_main(void)
{
    ww_model_init(&model);
    printf("%d bytes of arena, %d of state\n", WW_MODEL_ARENA_BYTES, WW_MODEL_STATE_BYTES);
    for (int i = 0; i < 5; i++) {
        memset(ww_model_input(&model), WW_MODEL_INPUT_ZERO_POINT, WW_MODEL_INPUT_BYTES);
        ww_model_invoke(&model);
        printf("%d: %d\n", i, (int)ww_model_output(&model)[0]);
    }
}
