/*
 * UART0. See uart.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "uart.h"

#include "board.h"
#include "clocks.h"
#include "ring.h"
#include "rp2040.h"

enum {
    RX_RING_BYTES = 2048, /* a whole PCM block and the next command, while an inference runs */
    MAX_BAUD_ERROR_PERCENT = 2,
    FRACTION_BITS = 6, /* of the divisor (4.2.7.1) */
};

#define RUNNING (UART_CR_UARTEN | UART_CR_TXE | UART_CR_RXE)

static struct {
    uint8_t rx_bytes[RX_RING_BYTES];
    struct ring rx;
} state;

/* The UART samples a bit 16 times; its divisor counts clk_peri in 1/64. */
#define SCALED_CLOCK_HZ (SYSTEM_HZ / 16u * (1u << FRACTION_BITS))

static uint32_t divisor_64ths(uint32_t baud)
{
    return (SCALED_CLOCK_HZ + baud / 2u) / baud;
}

/* Also latches the divisor, which takes effect with a write to LCR_H (4.2.7.1). */
static void set_divisor(uint32_t divisor)
{
    UART0->ibrd = divisor >> FRACTION_BITS;
    UART0->fbrd = divisor & ((1u << FRACTION_BITS) - 1u);
    UART0->lcr_h = UART_LCR_H_WLEN_8 | UART_LCR_H_FEN;
}

void uart_init(uint32_t baud)
{
    ring_init(&state.rx, state.rx_bytes, sizeof state.rx_bytes);
    subsystems_restart(RESET_UART0);
    set_divisor(divisor_64ths(baud));
    UART0->cr = RUNNING;

    *PAD(PIN_UART_RX) = PAD_IE | PAD_PUE | PAD_SCHMITT | PAD_DRIVE_4MA; /* an open line reads as idle */
    GPIO(PIN_UART_TX)->ctrl = GPIO_FUNC_UART;
    GPIO(PIN_UART_RX)->ctrl = GPIO_FUNC_UART;

    UART0->imsc = UART_INT_RX | UART_INT_RX_TIMEOUT;
    irq_enable(IRQ_UART0);
}

void uart_handler(void)
{
    UART0->icr = UART_INT_RX | UART_INT_RX_TIMEOUT;
    while ((UART0->fr & UART_FR_RXFE) == 0) {
        (void)ring_put(&state.rx, (uint8_t)UART0->dr);
    }
}

bool uart_waiting(void)
{
    return ring_count(&state.rx) > 0;
}

size_t uart_read(uint8_t *bytes, size_t max)
{
    return ring_take(&state.rx, bytes, max);
}

void uart_write(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        while ((UART0->fr & UART_FR_TXFF) != 0) {
        }
        UART0->dr = bytes[i];
    }
}

bool uart_set_baud(uint32_t baud)
{
    const uint32_t divisor = divisor_64ths(baud);
    if (divisor < 1u << FRACTION_BITS || divisor >> FRACTION_BITS > 0xFFFFu) {
        return false;
    }
    const uint32_t made = SCALED_CLOCK_HZ / divisor;
    const uint32_t error = made > baud ? made - baud : baud - made;
    if (error > baud / 100u * MAX_BAUD_ERROR_PERCENT) {
        return false;
    }
    while ((UART0->fr & UART_FR_BUSY) != 0) {
    }
    UART0->cr = 0; /* LCR_H must not change while the UART runs (4.2.7.1) */
    set_divisor(divisor);
    UART0->cr = RUNNING;
    return true;
}
