/*
 * Interrupts that end a wait. See sleep.h.
 *
 * They have no other use: all are masked but while the core waits, the handler only masks them again (start.S), and what
 * has come is read by polling. So an interrupt that does not work as it should costs time until the next tick. If it is a
 * console's, the tick becomes so fast that no bytes are lost.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "sleep.h"

#include <stdbool.h>

#include "esp32s3.h"

enum {
    TICK_HZ = 10,       /* less than the microphone's ring lasts */
    FAST_TICK_HZ = 100, /* 10 ms: less than the UART's FIFO lasts at 115200 baud */
};

/* Source numbers: ESP-IDF, soc/interrupts.h. Registers: TRM, each chapter's "Register Summary". */
struct source {
    uint32_t enable, raw, clear; /* addresses */
    uint16_t bits;
    uint16_t number;
};
static const struct source sources[] = {
    {0x6000000Cu, 0x60000004u, 0x60000010u, 1u << 8 | 1u << 0, 27}, /* UART0: RXFIFO_TOUT, RXFIFO_FULL */
    {0x60038010u, 0x60038008u, 0x60038014u, 1u << 2, 96},           /* USB: SERIAL_OUT_RECV_PKT */
    {0x6003F010u, 0x6003F008u, 0x6003F014u, 1u << 1, 66}, /* receive channel 0 of the DMA: SUC_EOF, after a block */
    {0x60023064u, 0x60023068u, 0x6002306Cu, 1u << 0, 57}, /* system timer: TARGET0 */
};
enum { SOURCES = sizeof sources / sizeof sources[0], CONSOLES = 1 << 0 | 1 << 1 };

/*
 * What ESP-IDF's start-up switches off as well (esp_system/port/soc/esp32s3/clk.c, esp_perip_clk_init): UART1, SPI2 to
 * SPI4 and their DMA, both I2C, UHCI0, RMT, PCNT, LEDC, timer group 1, PWM0 to PWM3, TWAI, I2S1, USB OTG; UART2.
 */
#define UNUSED0 0x8EFF8FE0u
#define UNUSED1 (1u << 9)

/* The order is the TRM's ("System Timer", "Programming Procedures"). */
static void start_tick(uint32_t hz)
{
    SYSTIMER_CONF &= ~SYSTIMER_CONF_TARGET0;
    SYSTIMER_TARGET0_CONF = SYSTIMER_HZ / hz;
    SYSTIMER_COMP0_LOAD = 1;
    SYSTIMER_TARGET0_CONF = SYSTIMER_HZ / hz | SYSTIMER_TARGET_PERIOD;
    SYSTIMER_CONF |= SYSTIMER_CONF_TARGET0;
}

void sleep_init(void)
{
    SYSTEM_PERIP_CLK_EN0 &= ~UNUSED0;
    SYSTEM_PERIP_CLK_EN1 &= ~UNUSED1;
    SYSTEM_CPU_PER_CONF &= ~SYSTEM_CPU_WAIT_CLOCK_ON;
    UART_CONF1 = (UART_CONF1 & ~UART_CONF1_RX_FULL_MASK) | UART_CONF1_RX_TIMEOUT | 1u;
    start_tick(TICK_HZ);
    for (const struct source *source = sources; source < sources + SOURCES; source++) {
        REG(source->enable) = source->bits;
        INTERRUPT_MAP(source->number) = WAKING_INTERRUPT;
    }
}

uint32_t sleep_clear(void)
{
    uint32_t come = 0;

    for (uint32_t i = 0; i < SOURCES; i++) {
        if ((REG(sources[i].raw) & sources[i].bits) != 0) {
            REG(sources[i].clear) = sources[i].bits;
            come |= 1u << i;
        }
    }
    return come;
}

/* A console that is alone has ended the wait. One that is not has perhaps waited for the others. */
void sleep_adapt(uint32_t come)
{
    static bool fast;

    if ((come & CONSOLES) != 0) {
        const bool others = come > CONSOLES;
        if (others != fast) {
            fast = others;
            start_tick(fast ? FAST_TICK_HZ : TICK_HZ);
        }
    }
}
