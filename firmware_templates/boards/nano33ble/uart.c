/*
 * UARTE0. See uart.h.
 *
 * The receiver writes into one ring, chunk after chunk. When it starts a chunk, the handler tells it where the next one
 * begins, and the short-cut from the end of one to the start of the next leaves no gap. TIMER1 counts the bytes: a PPI
 * channel carries the event of each byte to it, so no interrupt has to be in time for a byte.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "uart.h"

#include "board.h"
#include "nrf52840.h"
#include "pins.h"

enum {
    RX_RING_BYTES = 2048, /* a whole PCM block and the next command, while an inference runs */
    RX_CHUNK_BYTES = 256, /* the handler has the time of as many bytes: 2.8 ms at 921600 baud */
    TX_BYTES = 256,
    TX_PATIENCE_US = 300000, /* so many bytes at 9600 baud take 267 ms */
    CC_RECEIVED = 0,
};

/* 6.34.9.27 BAUDRATE: the settings of the chip. */
struct rate {
    uint32_t baud;
    uint32_t setting;
};
static const struct rate rates[] = {
    {9600, 0x00275000u},   {19200, 0x004EA000u},  {38400, 0x009D0000u},  {57600, 0x00EB0000u},  {115200, 0x01D60000u},
    {230400, 0x03B00000u}, {250000, 0x04000000u}, {460800, 0x07400000u}, {921600, 0x0F000000u}, {1000000, 0x10000000u},
};

static struct {
    uint8_t rx[RX_RING_BYTES];
    uint8_t tx[TX_BYTES]; /* EasyDMA cannot read the flash */
    uint32_t next_chunk;  /* offset in rx */
    uint32_t out;         /* count of bytes taken, wrapping */
    bool sending;
} state;

/* 0 if there is none. */
static uint32_t setting_of(uint32_t baud)
{
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        if (rates[i].baud == baud) {
            return rates[i].setting;
        }
    }
    return 0;
}

static void offer_next_chunk(void)
{
    UARTE0->rxd_ptr = (uint32_t)(uintptr_t)&state.rx[state.next_chunk];
    state.next_chunk = (state.next_chunk + RX_CHUNK_BYTES) % RX_RING_BYTES;
}

static void start_receiving(void)
{
    state.next_chunk = 0;
    state.out = 0;
    TIMER1->tasks_clear = 1;
    UARTE0->rxd_maxcnt = RX_CHUNK_BYTES;
    offer_next_chunk();
    UARTE0->events_rxdrdy = 0;
    UARTE0->events_rxstarted = 0;
    UARTE0->shorts = UARTE_SHORTS_ENDRX_STARTRX;
    UARTE0->intenset = UARTE_INT_RXDRDY | UARTE_INT_RXSTARTED;
    UARTE0->tasks_startrx = 1;
}

static void stop_receiving(void)
{
    UARTE0->intenclr = UARTE_INT_RXDRDY | UARTE_INT_RXSTARTED;
    UARTE0->shorts = 0;
    UARTE0->events_rxto = 0;
    UARTE0->tasks_stoprx = 1;
    (void)wait_for(&UARTE0->events_rxto, 1);
}

/* Bytes that came while it stopped: they would become the first of the next buffer, uncounted (6.34.2). */
static void forget_received(void)
{
    UARTE0->rxd_ptr = (uint32_t)(uintptr_t)state.rx;
    UARTE0->rxd_maxcnt = RX_CHUNK_BYTES;
    UARTE0->events_endrx = 0;
    UARTE0->tasks_flushrx = 1;
    (void)wait_for(&UARTE0->events_endrx, 1);
    UARTE0->events_endrx = 0;
}

static void count_received_bytes(void)
{
    TIMER1->tasks_stop = 1; /* its mode must not change while it runs (6.30.6) */
    TIMER1->mode = TIMER_MODE_LOW_POWER_COUNTER;
    TIMER1->bitmode = TIMER_BITMODE_32;
    TIMER1->tasks_start = 1;
    *PPI_CH0_EEP = (uint32_t)(uintptr_t)&UARTE0->events_rxdrdy;
    *PPI_CH0_TEP = (uint32_t)(uintptr_t)&TIMER1->tasks_count;
    *PPI_CHENSET = 1u << 0;
}

void uart_init(uint32_t baud)
{
    pin_output(PIN_UART_TX, true);
    pin_input(PIN_UART_RX, true); /* an open line reads as idle */
    UARTE0->psel_txd = PIN_UART_TX;
    UARTE0->psel_rxd = PIN_UART_RX;
    UARTE0->psel_rts = PSEL_DISCONNECTED;
    UARTE0->psel_cts = PSEL_DISCONNECTED;
    UARTE0->config = UARTE_CONFIG_8N1;
    UARTE0->baudrate = setting_of(baud);
    UARTE0->enable = UARTE_ENABLED;
    count_received_bytes();
    start_receiving();
    irq_enable(IRQ_UARTE0);
}

void uart_handler(void)
{
    if (UARTE0->events_rxstarted != 0) {
        event_clear(&UARTE0->events_rxstarted);
        offer_next_chunk();
    }
    if (UARTE0->events_rxdrdy != 0) {
        event_clear(&UARTE0->events_rxdrdy); /* only ends the sleep */
    }
}

static uint32_t received(void)
{
    TIMER1->tasks_capture[CC_RECEIVED] = 1;
    return TIMER1->cc[CC_RECEIVED];
}

bool uart_waiting(void)
{
    return received() != state.out;
}

size_t uart_read(uint8_t *bytes, size_t max)
{
    const uint32_t in = received();
    const uint32_t available = in - state.out;
    const size_t count = max < available ? max : available;

    if (available > RX_RING_BYTES) {
        state.out = in; /* it was overwritten before anybody read it, so all of it is lost */
        return 0;
    }
    const volatile uint8_t *ring = state.rx;
    for (size_t i = 0; i < count; i++) {
        bytes[i] = ring[(state.out + i) % RX_RING_BYTES];
    }
    state.out += (uint32_t)count;
    return count;
}

static void wait_until_sent(void)
{
    const uint32_t since = board_micros();

    while (state.sending && UARTE0->events_endtx == 0 && board_micros() - since < TX_PATIENCE_US) {
    }
    state.sending = false;
}

void uart_write(const uint8_t *bytes, size_t count)
{
    while (count > 0) {
        const size_t part = count < TX_BYTES ? count : TX_BYTES;
        wait_until_sent();
        for (size_t i = 0; i < part; i++) {
            state.tx[i] = bytes[i];
        }
        UARTE0->txd_ptr = (uint32_t)(uintptr_t)state.tx;
        UARTE0->txd_maxcnt = (uint32_t)part;
        UARTE0->events_endtx = 0;
        __asm volatile("dsb" : : : "memory"); /* the bytes before the start */
        UARTE0->tasks_starttx = 1;
        state.sending = true;
        bytes += part;
        count -= part;
    }
}

bool uart_set_baud(uint32_t baud)
{
    const uint32_t setting = setting_of(baud);
    if (setting == 0) {
        return false;
    }
    wait_until_sent();
    stop_receiving();
    forget_received();
    UARTE0->baudrate = setting;
    start_receiving();
    return true;
}
