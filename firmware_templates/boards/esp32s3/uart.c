/*
 * UART0. See uart.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "uart.h"

#include "clock.h"
#include "esp32s3.h"

enum {
    PIN_TX = 43, /* the pins that the IO MUX gives U0TXD and U0RXD (TRM, "IO MUX Functions List") */
    PIN_RX = 44,
    IO_MUX_UART = 0,
    FIFO_BYTES = 128,
    MIN_BAUD = 10000, /* the divisor's integer part has 12 bits */
    /* The receive FIFO must last for a feature frame and an inference: 5.5 ms at 160 MHz, and as many cycles at others. */
    MAX_BAUD = 1440 * CORE_MHZ,
    DRAIN_US = 150000, /* a full FIFO at MIN_BAUD takes 128 ms */
    ROOM_US = 3000,    /* a character at MIN_BAUD takes 1 ms */
};

static bool is_stuck; /* the transmitter has sent nothing since the wait for room ended */

static bool is_sending(void)
{
    return UART_TX_COUNT(UART_STATUS) > 0 || (UART_FSM_STATUS & UART_TX_STATE_MASK) != 0;
}

/* The clock may be slower than the one by which this time is counted, never faster. */
static bool has_passed(uint32_t us, uint32_t since)
{
    return clock_cycles() - since >= us * (uint32_t)CORE_MHZ;
}

void uart_drain(void)
{
    const uint32_t since = clock_cycles();
    while (is_sending() && !has_passed(DRAIN_US, since)) {
    }
}

/* The board goes on without a transmitter that sends nothing: USB is a console, too. */
static bool wait_for_room(void)
{
    const uint32_t since = clock_cycles();
    while (UART_TX_COUNT(UART_STATUS) >= FIFO_BYTES - 1) {
        if (is_stuck || has_passed(ROOM_US, since)) {
            is_stuck = true;
            return false;
        }
    }
    is_stuck = false;
    return true;
}

static void set_divisor(uint32_t baud)
{
    const uint32_t sixteenths = (16u * CRYSTAL_HZ + baud / 2u) / baud;
    UART_CLKDIV = sixteenths >> 4 | (sixteenths & 15u) << UART_CLKDIV_FRACTION_SHIFT;
}

void uart_init(uint32_t baud)
{
    IO_MUX(PIN_TX) = IO_MUX_FUNCTION(IO_MUX_UART) | IO_MUX_DRIVE_20MA;
    IO_MUX(PIN_RX) = IO_MUX_FUNCTION(IO_MUX_UART) | IO_MUX_INPUT | IO_MUX_PULL_UP; /* an open line is idle */
    GPIO_IN_SELECT(SIGNAL_U0RXD) = 0;                                              /* from the IO MUX, not the matrix */
    UART_CLK_CONF = UART_CLK_CONF_CRYSTAL | UART_CLK_CONF_ENABLE | UART_CLK_CONF_RX;
    set_divisor(baud);
    uart_drain(); /* the reset of the FIFO would eat what waits there */
    const uint32_t format = UART_CONF0_8_BITS | UART_CONF0_1_STOP | UART_CONF0_CLOCK_ON;
    UART_CONF0 = format | UART_CONF0_RX_RESET | UART_CONF0_TX_RESET;
    UART_CONF0 = format;
}

bool uart_waiting(void)
{
    return UART_RX_COUNT(UART_STATUS) > 0;
}

__attribute__((noinline)) size_t uart_read(uint8_t *bytes, size_t max)
{
    size_t count = 0;
    while (count < max && UART_RX_COUNT(UART_STATUS) > 0) {
        bytes[count++] = (uint8_t)UART_FIFO;
    }
    return count;
}

__attribute__((noinline)) void uart_write(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count && wait_for_room(); i++) {
        UART_FIFO = bytes[i];
    }
}

bool uart_set_baud(uint32_t baud)
{
    if (baud < MIN_BAUD || baud > MAX_BAUD) {
        return false;
    }
    uart_drain();
    set_divisor(baud);
    return true;
}
