/*
 * Listens for the wake word, prints it, and lights the board's LED for a second.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <zephyr/audio/dmic.h>
#include <zephyr/devicetree.h>
#include <zephyr/drivers/gpio.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include "wakeword.h"

enum {
    BLOCK_SAMPLES = WAKEWORD_SAMPLE_RATE_HZ / 50, /* 20 ms */
    BLOCK_BYTES = BLOCK_SAMPLES * sizeof(int16_t),
    BLOCKS = 8,
    TIMEOUT_MS = 1000,
    INDICATE_MS = 1000,
};

K_MEM_SLAB_DEFINE_STATIC(slab, BLOCK_BYTES, BLOCKS, 4);

static const struct device *const microphone = DEVICE_DT_GET(DT_NODELABEL(dmic_dev));
static const struct gpio_dt_spec led = GPIO_DT_SPEC_GET(DT_ALIAS(led0), gpios);

static int start_microphone(void)
{
    struct pcm_stream_cfg stream = {
        .pcm_rate = WAKEWORD_SAMPLE_RATE_HZ,
        .pcm_width = 16,
        .block_size = BLOCK_BYTES,
        .mem_slab = &slab,
    };
    struct dmic_cfg config = {
        .io =
            {
                .min_pdm_clk_freq = 1000000,
                .max_pdm_clk_freq = 3250000, /* MP34DT05-A datasheet */
                .min_pdm_clk_dc = 40,
                .max_pdm_clk_dc = 60,
            },
        .streams = &stream,
        .channel =
            {
                .req_num_streams = 1,
                .req_num_chan = 1,
                .req_chan_map_lo = dmic_build_channel_map(0, 0, PDM_CHAN_LEFT),
            },
    };
    if (!device_is_ready(microphone)) {
        return -ENODEV;
    }
    const int result = dmic_configure(microphone, &config);
    return result < 0 ? result : dmic_trigger(microphone, DMIC_TRIGGER_START);
}

static void report(uint32_t words)
{
    for (unsigned int word = 0; word < WAKEWORD_COUNT; word++) {
        if ((words >> word & 1u) != 0) {
            printk("heard \"%s\"\n", wakeword_phrase(word));
        }
    }
}

/* Hears one block; false if none came. */
static bool hear(uint32_t *words)
{
    void *block;
    size_t bytes;

    if (dmic_read(microphone, 0, &block, &bytes, TIMEOUT_MS) < 0) {
        return false;
    }
    *words = wakeword_hear(block, bytes / sizeof(int16_t));
    k_mem_slab_free(&slab, block);
    return true;
}

int main(void)
{
    int64_t off_at = 0;

    gpio_pin_configure_dt(&led, GPIO_OUTPUT_INACTIVE);
    if (!wakeword_begin()) {
        printk("the settings of a detector in ww_config.c are out of range\n");
        return 0;
    }
    const int result = start_microphone();
    if (result < 0) {
        printk("the microphone cannot be started: error %d\n", result);
        return 0;
    }
    for (;;) {
        uint32_t words = 0;
        if (!hear(&words)) {
            printk("no audio came; starting the microphone again\n");
            dmic_trigger(microphone, DMIC_TRIGGER_STOP);
            dmic_trigger(microphone, DMIC_TRIGGER_START);
            wakeword_reset();
        }
        if (words != 0) {
            report(words);
            gpio_pin_set_dt(&led, 1);
            off_at = k_uptime_get() + INDICATE_MS;
        } else if (k_uptime_get() >= off_at) {
            gpio_pin_set_dt(&led, 0);
        }
    }
    return 0;
}
