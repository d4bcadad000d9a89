/*
 * Stand-in for the Pico SDK: whenever the program waits for an interrupt, DMA brings a block of standard input.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hardware/adc.h"
#include "hardware/dma.h"
#include "hardware/irq.h"
#include "hardware/pio.h"
#include "hardware/sync.h"
#include "pico/stdlib.h"
#include "stdin_audio.h"

static adc_hw_t adc_registers;
static pio_hw_t pio_registers;
adc_hw_t *const adc_hw = &adc_registers;
pio_hw_t *const pio0 = &pio_registers;

struct dma_channel stand_in_dma[STAND_IN_CHANNELS];
void (*stand_in_handler)(void);
uint stand_in_active = STAND_IN_CHANNELS;

void __wfi(void)
{
    if (stand_in_active < STAND_IN_CHANNELS) {
        struct dma_channel *channel = &stand_in_dma[stand_in_active];
        const bool adc = channel->from == &adc_hw->fifo;
        for (uint i = 0; i < channel->count; i++) {
            const int16_t sample = stdin_sample();
            channel->to[i] = adc ? (uint32_t)((sample >> 4) + 2048) : (uint32_t)sample << 13;
        }
        channel->done = true;
        stand_in_active = channel->next;
        stand_in_handler();
    }
}

bool time_reached(absolute_time_t when)
{
    return when == 0;
}
