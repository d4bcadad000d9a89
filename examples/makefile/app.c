/*
 * Runs the model on rows from standard input and prints the first output of each as real numbers.
 */
#include <stdio.h>

#include "model.h"

static struct ww_model model;

int main(void)
{
    ww_model_init(&model);
    while (fread(ww_model_input(&model), WW_MODEL_INPUT_BYTES, 1, stdin) == 1) {
        ww_model_invoke(&model);
        for (int i = 0; i < WW_MODEL_OUTPUT_LENGTH; i++) {
            const int steps = (int)ww_model_output(&model)[i] - WW_MODEL_OUTPUT_ZERO_POINT;
            printf("%s%g", i ? " " : "", (double)(WW_MODEL_OUTPUT_SCALE * (float)steps));
        }
        printf("\n");
    }
    return 0;
}
