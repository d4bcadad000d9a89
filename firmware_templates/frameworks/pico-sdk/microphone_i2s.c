/*
 * A microphone that speaks I2S, such as an INMP441 with L/R to ground, read by a PIO state machine. See microphone.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "blocks.h"
#include "hardware/clocks.h"
#include "hardware/pio.h"
#include "i2s_microphone.pio.h"
#include "microphone.h"
#include "wakeword.h"

enum {
    PIN_BCLK = 10, /* the word select is the next pin */
    PIN_WS = 11,
    PIN_SD = 12,
    CYCLES_A_SAMPLE = 128, /* of the program: 64 bits, 2 instructions each */
    GAIN_BITS = 3,         /* 18 dB */
    SHIFT = 16 - GAIN_BITS,
    MOST_SAMPLES = 160
};

static int64_t mean;

void microphone_start(void)
{
    const uint machine = (uint)pio_claim_unused_sm(pio0, true);
    const uint offset = (uint)pio_add_program(pio0, &i2s_microphone_program);
    pio_sm_config config = i2s_microphone_program_get_default_config(offset);

    sm_config_set_sideset_pins(&config, PIN_BCLK);
    sm_config_set_in_pins(&config, PIN_SD);
    sm_config_set_in_shift(&config, false, true, 32);
    sm_config_set_fifo_join(&config, PIO_FIFO_JOIN_RX);
    sm_config_set_clkdiv(&config, (float)clock_get_hz(clk_sys) / (WAKEWORD_SAMPLE_RATE_HZ * CYCLES_A_SAMPLE));
    for (uint pin = PIN_BCLK; pin <= PIN_SD; pin++) {
        pio_gpio_init(pio0, pin);
    }
    pio_sm_set_consecutive_pindirs(pio0, machine, PIN_BCLK, 2, true);
    pio_sm_set_consecutive_pindirs(pio0, machine, PIN_SD, 1, false);
    pio_sm_init(pio0, machine, offset, &config);
    blocks_start(&pio0->rxf[machine], pio_get_dreq(pio0, machine, false));
    pio_sm_set_enabled(pio0, machine, true);
}

size_t microphone_read(int16_t *samples, size_t max)
{
    static uint32_t words[MOST_SAMPLES];
    const size_t count = blocks_read(words, max < MOST_SAMPLES ? max : MOST_SAMPLES);

    for (size_t i = 0; i < count; i++) {
        samples[i] = wakeword_sample((int32_t)words[i], &mean, SHIFT);
    }
    return count;
}
