/*
 * USB console: the two data pipes, between rings and packets. See usb_data.h, and usb.h for the main loop.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "usb_data.h"

#include "interrupts.h"
#include "ring.h"
#include "usb.h"
#include "usb_controller.h"

enum {
    RX_RING_BYTES = 512,
    TX_RING_BYTES = 1024,
    HOST_PATIENCE_US = 100000, /* a host that reads nothing for so long, with the port open, loses bytes */
};

static struct {
    uint8_t rx_bytes[RX_RING_BYTES];
    uint8_t tx_bytes[TX_RING_BYTES];
    struct ring rx;
    struct ring tx;
    volatile bool running;   /* the host has chosen the configuration */
    volatile bool open;      /* a program on the host has the port open (DTR) */
    volatile bool suspended; /* the host sleeps */
    volatile bool stuck;     /* the host has read no packet for too long */
    bool out_waiting;        /* a packet from the host waits */
    bool in_busy;            /* a packet is on its way to the host */
    bool in_was_full;        /* the last one filled a packet: the transfer ends with a short one (USB 2.0, 5.8.3) */
} state;

/* Reads the waiting packet if the ring has room for all of it. Called with interrupts off, or from the handler. */
static void take_out_packet(void)
{
    uint8_t packet[USB_PACKET_BYTES];

    if (!state.out_waiting || state.suspended || ring_free(&state.rx) < sizeof packet) {
        return;
    }
    state.out_waiting = false;
    const size_t count = usb_out_take(packet);
    for (size_t i = 0; i < count; i++) {
        (void)ring_put(&state.rx, packet[i]);
    }
}

void usb_data_arrived(void)
{
    state.out_waiting = state.running;
    take_out_packet();
}

/* Sends the next packet if there is one. Called with interrupts off, or from the handler. */
static void send_in_packet(void)
{
    uint8_t packet[USB_PACKET_BYTES];

    if (state.in_busy || !state.running || state.suspended) {
        return;
    }
    const size_t count = ring_take(&state.tx, packet, sizeof packet);
    if (count == 0 && !state.in_was_full) {
        return;
    }
    state.in_busy = true;
    state.in_was_full = count == sizeof packet;
    usb_in_send(packet, count);
}

void usb_data_sent(void)
{
    state.in_busy = false;
    state.stuck = false;
    send_in_packet();
}

void usb_data_start(void)
{
    usb_data_stop();
    usb_endpoints_open();
    state.running = true;
}

void usb_data_stop(void)
{
    state.running = false;
    state.suspended = false;
    state.out_waiting = false;
    state.in_busy = false;
    state.in_was_full = false;
    usb_endpoints_close();
    ring_clear(&state.tx);
}

void usb_data_set_open(bool open)
{
    state.open = open;
    state.stuck = false;
    if (!open) {
        ring_clear(&state.tx);
    }
}

void usb_data_suspend(bool suspended)
{
    state.suspended = suspended;
    take_out_packet();
    send_in_packet();
}

void usb_data_init(void)
{
    ring_init(&state.rx, state.rx_bytes, sizeof state.rx_bytes);
    ring_init(&state.tx, state.tx_bytes, sizeof state.tx_bytes);
}

bool usb_waiting(void)
{
    return ring_count(&state.rx) > 0;
}

size_t usb_read(uint8_t *bytes, size_t max)
{
    const size_t count = ring_take(&state.rx, bytes, max);

    if (count > 0) {
        const uint32_t primask = interrupts_off();
        take_out_packet();
        interrupts_restore(primask);
    }
    return count;
}

static bool port_open(void)
{
    return state.open && state.running && !state.suspended;
}

/* False if the host did not make room in time. */
static bool wait_for_room(void)
{
    const uint32_t since = board_micros();

    while (ring_free(&state.tx) == 0) {
        if (!port_open() || state.stuck) {
            return false;
        }
        state.stuck = board_micros() - since > HOST_PATIENCE_US;
    }
    return true;
}

void usb_write(const uint8_t *bytes, size_t count)
{
    if (!port_open()) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (ring_free(&state.tx) == 0 && !wait_for_room()) {
            return;
        }
        (void)ring_put(&state.tx, bytes[i]);
        if (i + 1 == count || ring_free(&state.tx) == 0) {
            const uint32_t primask = interrupts_off();
            send_in_packet();
            interrupts_restore(primask);
        }
    }
}
