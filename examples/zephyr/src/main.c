/*
 * Runs the model on silence and prints its first output.
 */
#include <string.h>

#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include "model.h"

static struct ww_model model;

int main(void)
{
    ww_model_init(&model);
    for (int i = 0; i < 5; i++) {
        memset(ww_model_input(&model), WW_MODEL_INPUT_ZERO_POINT, WW_MODEL_INPUT_BYTES);
        const uint32_t start = k_cycle_get_32();
        ww_model_invoke(&model);
        const uint32_t cycles = k_cycle_get_32() - start;
        printk("%d: %d, %u cycles\n", i, (int)ww_model_output(&model)[0], (unsigned int)cycles);
    }
    return 0;
}
