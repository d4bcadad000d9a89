/*
 * Microphone. See pdm.h.
 *
 * 1.280 MHz / 80 is 16 kHz without a remainder. Each time the interface starts on a block, the handler reads
 * the other block and offers it as the next one. It has the time of a block for that.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pdm.h"

#include "audio_block.h"
#include "board.h"
#include "nrf52840.h"
#include "pins.h"

enum {
    BLOCKS = 2,
    BLOCK_SAMPLES = AUDIO_BLOCK_SAMPLES,
    RING_SAMPLES = 2048, /* 128 ms: longer than any inference that keeps up */
    SETTLING_BLOCKS = 2, /* MP34DT05-A datasheet, table 4: 10 ms from power to valid data; and the filter's start */
    GAIN_DB = 20,        /* speech of 60 dB SPL at -40 dB of full scale: the part gives -26 dB at 94 dB SPL */
};

static struct {
    int16_t blocks[BLOCKS][BLOCK_SAMPLES];
    int16_t ring[RING_SAMPLES];
    uint32_t offered;      /* the block that the interface fills next */
    uint32_t settling;     /* blocks still to be thrown away */
    volatile uint32_t in;  /* count of samples put, wrapping */
    volatile uint32_t out; /* count of samples taken, wrapping */
    volatile uint32_t overruns;
    bool running;
} state;

static void offer(uint32_t block)
{
    PDM->sample_ptr = (uint32_t)(uintptr_t)state.blocks[block];
}

void pdm_init(void)
{
    pin_output(PIN_PDM_POWER, false);
    pin_output(PIN_PDM_CLK, false);
    pin_input(PIN_PDM_DIN, false);
    PDM->psel_clk = PIN_PDM_CLK;
    PDM->psel_din = PIN_PDM_DIN;
    PDM->pdmclkctrl = PDM_CLOCK_1280_KHZ;
    PDM->ratio = PDM_RATIO_80;
    PDM->mode = PDM_MODE_MONO_LEFT_FALLING;
    PDM->gainl = PDM_GAIN_0_DB + 2 * GAIN_DB;
    PDM->gainr = PDM_GAIN_0_DB + 2 * GAIN_DB;
    PDM->sample_maxcnt = BLOCK_SAMPLES;
}

static void stop(void)
{
    if (!state.running) {
        return;
    }
    irq_disable(IRQ_PDM);
    PDM->events_stopped = 0;
    PDM->tasks_stop = 1;
    (void)wait_for(&PDM->events_stopped, 1);
    PDM->enable = 0;
    pin_output(PIN_PDM_POWER, false);
    state.running = false;
}

static void start(void)
{
    state.offered = 0;
    state.settling = SETTLING_BLOCKS;
    state.running = true;
    pin_output(PIN_PDM_POWER, true);
    PDM->enable = 1;
    PDM->events_started = 0;
    PDM->intenset = PDM_INT_STARTED;
    offer(0);
    irq_enable(IRQ_PDM);
    PDM->tasks_start = 1;
}

void microphone_enable(bool on)
{
    stop();
    state.out = state.in;
    if (on) {
        start();
    }
}

static void take_block(const int16_t *block)
{
    uint32_t in = state.in;

    for (uint32_t i = 0; i < BLOCK_SAMPLES; i++) {
        if (in - state.out == RING_SAMPLES) {
            state.overruns++;
        } else {
            state.ring[in % RING_SAMPLES] = block[i];
            in++;
        }
    }
    state.in = in;
}

/* STARTED: the interface has begun on the block that was offered last, so the other one is full. */
void pdm_handler(void)
{
    event_clear(&PDM->events_started);
    const uint32_t other = state.offered ^ 1u;
    if (state.settling > 0) {
        state.settling--;
    } else {
        take_block(state.blocks[other]);
    }
    offer(other);
    state.offered = other;
}

bool microphone_waiting(void)
{
    return state.in != state.out;
}

size_t microphone_read(int16_t *samples, size_t max)
{
    const uint32_t out = state.out;
    const uint32_t available = state.in - out;
    const size_t count = max < available ? max : available;

    for (size_t i = 0; i < count; i++) {
        samples[i] = state.ring[(out + i) % RING_SAMPLES];
    }
    __asm volatile("" : : : "memory"); /* the samples before their room is free again */
    state.out = out + (uint32_t)count;
    return count;
}

uint32_t microphone_overruns(void)
{
    return state.overruns;
}
