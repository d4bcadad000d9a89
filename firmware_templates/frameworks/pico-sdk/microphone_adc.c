/*
 * An analogue microphone module, biased to half the supply, on GP26. See microphone.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "blocks.h"
#include "hardware/adc.h"
#include "hardware/dma.h"
#include "microphone.h"
#include "wakeword.h"

enum {
    PIN = 26,
    INPUT = 0,
    ADC_HZ = 48000000,
    MOST_SAMPLES = 160,
    GAIN = 16, /* 12 bits to 16 */
    MIDDLE = 2048
};

static int64_t mean = (int64_t)MIDDLE * GAIN << 16;

void microphone_start(void)
{
    adc_init();
    adc_gpio_init(PIN);
    adc_select_input(INPUT);
    adc_fifo_setup(true, true, 1, false, false);
    adc_set_clkdiv((float)(ADC_HZ / WAKEWORD_SAMPLE_RATE_HZ - 1)); /* a period is 1 + divider */
    blocks_start(&adc_hw->fifo, DREQ_ADC);
    adc_run(true);
}

size_t microphone_read(int16_t *samples, size_t max)
{
    static uint32_t words[MOST_SAMPLES];
    const size_t count = blocks_read(words, max < MOST_SAMPLES ? max : MOST_SAMPLES);

    for (size_t i = 0; i < count; i++) {
        samples[i] = wakeword_sample((int32_t)(words[i] & 0xFFFu) * GAIN, &mean, 0);
    }
    return count;
}
