/*
 * The microphone. See microphone.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "microphone.h"

#include "board_config.h"
#include "codec.h"
#include "dma.h"
#include "esp32s3.h"
#include "gpio.h"
#include "i2s.h"

enum {
    SETTLING_SAMPLES = 1024,                      /* 64 ms: filters of microphone and codec start from nothing */
    DC_SHIFT = 12,                                /* one-pole filter, 2^12 samples: 0.6 Hz */
    GAIN_SHIFT = 15 - BOARD_MICROPHONE_GAIN_BITS, /* from 31 bits to 16 */
};

static struct {
    uint32_t taken;    /* samples read of the oldest block */
    uint32_t settling; /* samples still to be thrown away */
    int32_t dc;        /* running mean, in 31 bits */
    uint32_t overruns;
    bool works;
} state;

static void connect_pins(void)
{
    if (BOARD_PIN_MCLK != BOARD_PIN_NONE) {
        gpio_output_signal(BOARD_PIN_MCLK, SIGNAL_I2S0_MCLK_OUT);
    }
    if (BOARD_PIN_BCLK != BOARD_PIN_NONE) {
        gpio_output_signal(BOARD_PIN_BCLK, SIGNAL_I2S0I_BCK_OUT);
    }
    gpio_output_signal(BOARD_PIN_WS, SIGNAL_I2S0I_WS_OUT);
    gpio_input_signal(BOARD_PIN_SD, SIGNAL_I2S0I_SD_IN);
}

bool microphone_init(void)
{
    connect_pins();
    dma_init();
    const bool right = BOARD_MICROPHONE_IS_RIGHT;
    state.works = BOARD_MICROPHONE_IS_PDM ? i2s_init_pdm(right) : i2s_init_standard(right);
    if (state.works && BOARD_CODEC != BOARD_CODEC_NONE) {
        microphone_enable(true); /* a codec that lives on the bit clock is set up while it runs */
        state.works = codec_init();
        i2s_stop();
        dma_stop();
    }
    return state.works;
}

__attribute__((noinline)) void microphone_enable(bool on)
{
    if (!state.works) {
        return;
    }
    i2s_stop();
    dma_stop();
    state.taken = 0;
    if (on) {
        state.settling = SETTLING_SAMPLES;
        i2s_reset(DMA_BLOCK_BYTES);
        dma_start();
        i2s_start();
    }
}

/* A sample as the DMA stores it, in 31 bits; I2S fills 32 from the left, PDM two times 16. */
static int32_t stored(const volatile uint32_t *block, size_t number)
{
    if (BOARD_MICROPHONE_IS_PDM) {
        return (int16_t)(block[number / 2u] >> 16u * (number % 2u)) * (1 << 15);
    }
    return (int32_t)block[number] >> 1;
}

/* Converts 31 bits around an unknown middle to 16 bits around 0. */
static int16_t convert(int32_t level)
{
    if (state.settling > 0) {
        state.settling--;
        state.dc = level;
    }
    state.dc += (level - state.dc) >> DC_SHIFT;
    const int32_t sample = (level - state.dc) >> GAIN_SHIFT;
    if (sample > INT16_MAX) {
        return INT16_MAX;
    }
    return sample < INT16_MIN ? INT16_MIN : (int16_t)sample;
}

/* Samples of the oldest block, up to max. Samples from before the filters have settled do not count. */
static size_t take(const volatile uint32_t *block, size_t in_block, int16_t *samples, size_t max)
{
    size_t count = 0;
    while (count < max && state.taken < in_block) {
        const bool settled = state.settling == 0;
        samples[count] = convert(stored(block, state.taken++));
        count += settled ? 1u : 0u;
    }
    return count;
}

bool microphone_waiting(void)
{
    size_t bytes;
    return state.works && dma_oldest(&bytes) != NULL;
}

__attribute__((noinline)) size_t microphone_read(int16_t *samples, size_t max)
{
    size_t count = 0;
    size_t bytes = 0;
    const volatile uint32_t *block;

    while (state.works && count < max && (block = dma_oldest(&bytes)) != NULL) {
        const uint32_t before = state.taken;
        const size_t got = take(block, bytes / DMA_SAMPLE_BYTES, samples + count, max - count);
        if (dma_lapped()) { /* perhaps while they were read */
            state.overruns += DMA_BLOCKS * DMA_BLOCK_SAMPLES - before;
            state.taken = 0;
            dma_catch_up();
            break;
        }
        count += got;
        if (state.taken >= bytes / DMA_SAMPLE_BYTES) {
            dma_release();
            state.taken = 0;
        }
    }
    return count;
}

uint32_t microphone_overruns(void)
{
    return state.overruns;
}
