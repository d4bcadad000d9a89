/*
 * Microphone. See adc.h.
 *
 * DMA channels take turns: each fills a block in a ring of its own and starts the next channel. Nothing has to be
 * re-armed in time. A ring is a power of two bytes, and a block is a hop, which is not: so a channel's next block begins
 * where its last one has ended. The interrupt counts blocks; the samples stay where they are until they are read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "adc.h"

#include "audio_block.h"
#include "board.h"
#include "clocks.h"
#include "rp2040.h"

enum {
    SAMPLE_RATE_HZ = 16000,
    BLOCK_SAMPLES = AUDIO_BLOCK_SAMPLES,
    CHANNELS = BLOCK_SAMPLES > 512 ? 3 : 5,    /* four short blocks or two long ones: 120 ms at a hop of 30 ms */
    RING_BITS = BLOCK_SAMPLES > 512 ? 11 : 10, /* log2 of a ring's bytes */
    RING_SAMPLES = 1 << (RING_BITS - 1),
    GAIN_SHIFT = 4, /* 12 bits to 16 */
    DC_SHIFT = 12,  /* one-pole filter, 2^12 samples: 0.6 Hz */
    DC_FRACTION_BITS = 16,
    ADC_MIDDLE = 2048,
};
_Static_assert(BLOCK_SAMPLES <= RING_SAMPLES, "a block must fit into its ring");

static volatile uint16_t rings[CHANNELS][RING_SAMPLES] __attribute__((aligned(1u << RING_BITS)));

/* The oldest block: its number, its channel, where it begins in its ring, and how many of its samples have been read. */
static struct {
    volatile uint32_t filled; /* count of blocks, wrapping */
    uint32_t oldest;
    uint32_t channel;
    uint32_t begin;
    uint32_t position;
    uint32_t overruns;
    int32_t dc; /* running mean, in 1 / 2^DC_FRACTION_BITS of an ADC step */
} state;

static void configure_dma(void)
{
    for (uint32_t channel = 0; channel < CHANNELS; channel++) {
        const uint32_t next = channel + 1u < CHANNELS ? channel + 1u : 0;
        struct dma_channel_regs *dma = DMA_CHANNEL(channel);
        dma->read_addr = (uint32_t)(uintptr_t)&ADC->fifo;
        dma->write_addr = (uint32_t)(uintptr_t)rings[channel];
        dma->trans_count = BLOCK_SAMPLES;
        dma->al1_ctrl = DMA_CTRL_EN | DMA_CTRL_HIGH_PRIORITY | DMA_CTRL_SIZE_HALFWORD | DMA_CTRL_INCR_WRITE |
                        (uint32_t)RING_BITS << DMA_CTRL_RING_SIZE_SHIFT | DMA_CTRL_RING_SEL_WRITE |
                        next << DMA_CTRL_CHAIN_TO_SHIFT | DREQ_ADC << DMA_CTRL_TREQ_SHIFT;
    }
    *DMA_INTE0 = (1u << CHANNELS) - 1u;
    *DMA_MULTI_CHAN_TRIGGER = 1u << 0;
}

void adc_init(void)
{
    subsystems_restart(RESET_ADC | RESET_DMA);
    GPIO(PIN_MICROPHONE)->ctrl = GPIO_FUNC_NULL;
    *PAD(PIN_MICROPHONE) = PAD_OD; /* no digital input, no pulls */

    ADC->cs = ADC_CS_EN; /* input 0 is GP26 */
    await_bits(&ADC->cs, ADC_CS_READY);
    ADC->div = (USB_HZ / SAMPLE_RATE_HZ - 1u) << ADC_DIV_INT_SHIFT; /* period is 1 + div (4.9.2.2) */
    ADC->fcs = ADC_FCS_EN | ADC_FCS_DREQ_EN | ADC_FCS_THRESH_1;
    state.dc = ADC_MIDDLE << DC_FRACTION_BITS;
    configure_dma();
}

void adc_dma_handler(void)
{
    uint32_t finished = *DMA_INTS0;

    *DMA_INTS0 = finished;
    for (; finished != 0; finished &= finished - 1u) {
        state.filled++;
    }
}

static void next_block(void)
{
    state.oldest++;
    state.position = 0;
    if (++state.channel == CHANNELS) {
        state.channel = 0;
        state.begin += BLOCK_SAMPLES;
    }
}

void microphone_enable(bool on)
{
    irq_disable(IRQ_DMA_0);
    if (on) {
        adc_dma_handler();                          /* a block can have ended since */
        while (state.oldest != state.filled + 1u) { /* the DMA waits in a block whose first samples are old */
            next_block();
        }
        irq_enable(IRQ_DMA_0);
        reg_set(&ADC->cs, ADC_CS_START_MANY);
    } else {
        reg_clear(&ADC->cs, ADC_CS_START_MANY);
    }
}

uint32_t microphone_rest(void)
{
    return ((uint32_t)state.dc >> DC_FRACTION_BITS) * 1000u / (2u * ADC_MIDDLE);
}

/* Converts unsigned 12 bits around an unknown middle to signed 16 bits around 0. */
static int16_t convert(uint16_t raw)
{
    const int32_t level = (int32_t)raw << DC_FRACTION_BITS;
    state.dc += (level - state.dc) >> DC_SHIFT;
    const int32_t sample = ((int32_t)raw - (state.dc >> DC_FRACTION_BITS)) * (1 << GAIN_SHIFT);
    if (sample > INT16_MAX) {
        return INT16_MAX;
    }
    return sample < INT16_MIN ? INT16_MIN : (int16_t)sample;
}

bool microphone_waiting(void)
{
    return (int32_t)(state.filled - state.oldest) > 0;
}

/* Whether the DMA has come round to the oldest block, perhaps while it was read. */
static bool is_lapped(void)
{
    return (int32_t)(state.filled - state.oldest) >= CHANNELS;
}

size_t microphone_read(int16_t *samples, size_t max)
{
    size_t count = 0;

    while (count < max && microphone_waiting()) {
        const uint32_t before = state.position;
        size_t end = count;
        while (end < max && state.position < BLOCK_SAMPLES) {
            samples[end++] = convert(rings[state.channel][(state.begin + state.position++) % RING_SAMPLES]);
        }
        if (is_lapped()) {
            state.overruns += BLOCK_SAMPLES - before;
            next_block();
            for (; is_lapped(); next_block()) {
                state.overruns += BLOCK_SAMPLES;
            }
            continue;
        }
        count = end;
        if (state.position == BLOCK_SAMPLES) {
            next_block();
        }
    }
    return count;
}

uint32_t microphone_overruns(void)
{
    return state.overruns;
}
