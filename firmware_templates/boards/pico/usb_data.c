/*
 * USB console: the two data pipes, between rings and packets. See usb_data.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "usb_data.h"

#include "bare.h"
#include "ring.h"
#include "rp2040.h"
#include "usb_descriptors.h"
#include "usb_regs.h"

enum {
    RX_RING_BYTES = 512,
    TX_RING_BYTES = 1024,
    HOST_PATIENCE_US = 100000, /* a host that has the port open and takes nothing for that long loses bytes */

    ENDPOINT_IN = 0x80, /* in an endpoint address */

    NOTIFY_OFFSET = USB_DPRAM_PACKETS_OFFSET,
    DATA_OUT_OFFSET = NOTIFY_OFFSET + USB_PACKET_BYTES,
    DATA_IN_OFFSET = DATA_OUT_OFFSET + USB_PACKET_BYTES,
};

static struct {
    uint8_t rx_bytes[RX_RING_BYTES];
    uint8_t tx_bytes[TX_RING_BYTES];
    struct ring rx;
    struct ring tx;
    volatile bool running; /* the host has chosen the configuration */
    volatile bool open;    /* a program on the host has the port open (DTR) */
    bool out_armed;  /* the controller may take a packet from the host */
    bool in_busy;    /* a packet is on its way to the host */
    bool in_was_full; /* the last one filled a packet: the transfer ends with a short one (USB 2.0, 5.8.3) */
    uint8_t out_data1; /* next data toggle, 0 or 1 */
    uint8_t in_data1;
} state;

static volatile uint8_t *packet_at(uint32_t offset)
{
    return (volatile uint8_t *)USB_DPRAM + offset;
}

void usb_give_buffer(volatile uint32_t *buffer_control, uint32_t value)
{
    /* AVAILABLE must follow the other bits by three cycles of clk_usb, eight of clk_sys (4.1.2.5.1). */
    *buffer_control = value;
    __asm volatile("nop\n nop\n nop\n nop\n nop\n nop\n nop\n nop" : : : "memory");
    *buffer_control = value | BUFFER_AVAILABLE;
}

/* Lets the host send a packet if the ring has room for all of it. Called with interrupts off, or from the handler. */
static void arm_out(void)
{
    if (!state.out_armed && state.running && ring_free(&state.rx) >= USB_PACKET_BYTES) {
        state.out_armed = true;
        usb_give_buffer(&USB_DPRAM->buffer_control[USB_EP_DATA].out,
                        USB_PACKET_BYTES | (uint32_t)state.out_data1 << BUFFER_DATA1_SHIFT);
        state.out_data1 ^= 1u;
    }
}

void usb_data_out_done(void)
{
    const uint32_t length = USB_DPRAM->buffer_control[USB_EP_DATA].out & BUFFER_LENGTH_MASK;
    const volatile uint8_t *packet = packet_at(DATA_OUT_OFFSET);

    for (uint32_t i = 0; i < length; i++) {
        (void)ring_put(&state.rx, packet[i]);
    }
    state.out_armed = false;
    arm_out();
}

/* Sends the next packet if there is one. Called with interrupts off, or from the handler. */
static void send_in_packet(void)
{
    uint8_t bytes[USB_PACKET_BYTES];

    if (state.in_busy || !state.running) {
        return;
    }
    const size_t count = ring_take(&state.tx, bytes, sizeof bytes);
    if (count == 0 && !state.in_was_full) {
        return;
    }
    volatile uint8_t *packet = packet_at(DATA_IN_OFFSET);
    for (size_t i = 0; i < count; i++) {
        packet[i] = bytes[i];
    }
    state.in_busy = true;
    state.in_was_full = count == USB_PACKET_BYTES;
    usb_give_buffer(&USB_DPRAM->buffer_control[USB_EP_DATA].in,
                    (uint32_t)count | BUFFER_FULL | (uint32_t)state.in_data1 << BUFFER_DATA1_SHIFT);
    state.in_data1 ^= 1u;
}

void usb_data_start(void)
{
    USB_DPRAM->control[USB_EP_NOTIFY - 1].in =
        EP_CONTROL_ENABLE | EP_CONTROL_INTERRUPT_PER_BUFFER | EP_CONTROL_TYPE_INTERRUPT | NOTIFY_OFFSET;
    USB_DPRAM->control[USB_EP_DATA - 1].out =
        EP_CONTROL_ENABLE | EP_CONTROL_INTERRUPT_PER_BUFFER | EP_CONTROL_TYPE_BULK | DATA_OUT_OFFSET;
    USB_DPRAM->control[USB_EP_DATA - 1].in =
        EP_CONTROL_ENABLE | EP_CONTROL_INTERRUPT_PER_BUFFER | EP_CONTROL_TYPE_BULK | DATA_IN_OFFSET;
    usb_data_stop();
    state.running = true;
    arm_out();
}

static void stop_out(void)
{
    USB_DPRAM->buffer_control[USB_EP_DATA].out = 0;
    state.out_armed = false;
    state.out_data1 = 0;
}

static void stop_in(void)
{
    USB_DPRAM->buffer_control[USB_EP_DATA].in = 0;
    state.in_busy = false;
    state.in_was_full = false;
    state.in_data1 = 0;
}

void usb_data_stop(void)
{
    state.running = false;
    stop_out();
    stop_in();
    ring_clear(&state.tx);
}

void usb_data_set_open(bool open)
{
    state.open = open;
    if (!open) {
        ring_clear(&state.tx);
    }
}

void usb_data_unhalt(uint8_t endpoint_address)
{
    if (endpoint_address == USB_EP_DATA) {
        stop_out();
        arm_out();
    } else if (endpoint_address == (USB_EP_DATA | ENDPOINT_IN)) {
        stop_in();
        send_in_packet();
    }
}

void usb_data_in_done(void)
{
    state.in_busy = false;
    send_in_packet();
}

void usb_data_init(void)
{
    ring_init(&state.rx, state.rx_bytes, sizeof state.rx_bytes);
    ring_init(&state.tx, state.tx_bytes, sizeof state.tx_bytes);
}

bool usb_data_waiting(void)
{
    return ring_count(&state.rx) > 0;
}

size_t usb_data_read(uint8_t *bytes, size_t max)
{
    const size_t count = ring_take(&state.rx, bytes, max);

    if (count > 0) {
        const uint32_t primask = interrupts_off();
        arm_out();
        interrupts_restore(primask);
    }
    return count;
}

static bool port_open(void)
{
    return state.open && state.running;
}

/* False if the host did not make room in time. */
static bool wait_for_room(void)
{
    const uint32_t since = board_micros();

    while (ring_free(&state.tx) == 0) {
        if (!port_open() || board_micros() - since > HOST_PATIENCE_US) {
            return false;
        }
    }
    return true;
}

void usb_data_write(const uint8_t *bytes, size_t count)
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
