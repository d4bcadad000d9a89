/*
 * Microphone. See adc.h.
 *
 * Two DMA channels take turns: each fills its own block of 256 samples, wraps its write address (ring mode), and
 * starts the other. Nothing has to be re-armed in time; a late interrupt costs samples, never the sequence.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "adc.h"

#include "board.h"
#include "clocks.h"
#include "rp2040.h"

enum {
    SAMPLE_RATE_HZ = 16000,
    CHANNELS = 2,
    BLOCK_SAMPLES = 256, /* 16 ms: the most of a hop of 30 ms that a DMA ring can be, so that the core sleeps long */
    BLOCK_RING_BITS = 9, /* log2 of a block's bytes */
    RING_SAMPLES = 2048, /* 128 ms: longer than any inference that keeps up */
    GAIN_SHIFT = 4,      /* 12 bits to 16 */
    DC_SHIFT = 12,       /* one-pole filter, 2^12 samples: 0.6 Hz */
    DC_FRACTION_BITS = 16,
    ADC_MIDDLE = 2048,
};
_Static_assert(BLOCK_SAMPLES * sizeof(uint16_t) == 1u << BLOCK_RING_BITS, "a DMA ring is a power of two bytes");

static struct {
    uint16_t blocks[CHANNELS][BLOCK_SAMPLES];
    int16_t ring[RING_SAMPLES];
    volatile uint32_t in;  /* count of samples put, wrapping */
    volatile uint32_t out; /* count of samples taken, wrapping */
    volatile uint32_t overruns;
    int32_t dc;       /* running mean, in 1 / 2^DC_FRACTION_BITS of an ADC step */
    bool first_block; /* still holds samples from before the last stop */
} state __attribute__((aligned(1u << BLOCK_RING_BITS)));

static void configure_dma(void)
{
    for (uint32_t channel = 0; channel < CHANNELS; channel++) {
        const uint32_t other = channel ^ 1u;
        struct dma_channel_regs *dma = DMA_CHANNEL(channel);
        dma->read_addr = (uint32_t)(uintptr_t)&ADC->fifo;
        dma->write_addr = (uint32_t)(uintptr_t)state.blocks[channel];
        dma->trans_count = BLOCK_SAMPLES;
        dma->al1_ctrl = DMA_CTRL_EN | DMA_CTRL_HIGH_PRIORITY | DMA_CTRL_SIZE_HALFWORD | DMA_CTRL_INCR_WRITE |
                        (uint32_t)BLOCK_RING_BITS << DMA_CTRL_RING_SIZE_SHIFT | DMA_CTRL_RING_SEL_WRITE |
                        other << DMA_CTRL_CHAIN_TO_SHIFT | DREQ_ADC << DMA_CTRL_TREQ_SHIFT;
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

void microphone_enable(bool on)
{
    irq_disable(IRQ_DMA_0);
    if (on) {
        /* The DMA waits in the middle of a block; the samples in it are old. */
        state.first_block = true;
        state.out = state.in;
        *DMA_INTS0 = (1u << CHANNELS) - 1u;
        irq_enable(IRQ_DMA_0);
        reg_set(&ADC->cs, ADC_CS_START_MANY);
    } else {
        reg_clear(&ADC->cs, ADC_CS_START_MANY);
        state.out = state.in;
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

static void take_block(const uint16_t *block)
{
    uint32_t in = state.in;

    for (uint32_t i = 0; i < BLOCK_SAMPLES; i++) {
        const int16_t sample = convert(block[i]);
        if (in - state.out == RING_SAMPLES) {
            state.overruns++;
        } else {
            state.ring[in % RING_SAMPLES] = sample;
            in++;
        }
    }
    state.in = in;
}

void adc_dma_handler(void)
{
    const uint32_t finished = *DMA_INTS0;

    *DMA_INTS0 = finished;
    for (uint32_t channel = 0; channel < CHANNELS; channel++) {
        if ((finished & 1u << channel) == 0) {
            continue;
        }
        if (state.first_block) {
            state.first_block = false;
        } else {
            take_block(state.blocks[channel]);
        }
    }
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
