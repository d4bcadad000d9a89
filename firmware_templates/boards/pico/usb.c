/*
 * USB console: the two data pipes and the interrupt. See usb.h; requests on endpoint 0 are in usb_control.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "usb.h"

#include "clocks.h"
#include "ring.h"
#include "rp2040.h"
#include "system.h"
#include "usb_control.h"
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
    if (!state.out_armed && usb_control_configured() && ring_free(&state.rx) >= USB_PACKET_BYTES) {
        state.out_armed = true;
        usb_give_buffer(&USB_DPRAM->buffer_control[USB_EP_DATA].out,
                        USB_PACKET_BYTES | (uint32_t)state.out_data1 << BUFFER_DATA1_SHIFT);
        state.out_data1 ^= 1u;
    }
}

static void take_out_packet(void)
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

    if (state.in_busy || !usb_control_configured()) {
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
    stop_out();
    stop_in();
    ring_clear(&state.tx);
}

void usb_data_forget(void)
{
    ring_clear(&state.tx);
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

void usb_handler(void)
{
    const uint32_t causes = USB->ints;

    if ((causes & USB_INT_BUS_RESET) != 0) {
        USB->sie_status = USB_SIE_STATUS_BUS_RESET;
        usb_control_bus_reset();
        usb_data_stop();
    }
    if ((causes & USB_INT_BUFF_STATUS) != 0) {
        const uint32_t finished = USB->buff_status;
        USB->buff_status = finished;
        usb_control_buffers((finished & 1u) != 0, (finished & 2u) != 0);
        if ((finished & 1u << (2 * USB_EP_DATA)) != 0) {
            state.in_busy = false;
            send_in_packet();
        }
        if ((finished & 2u << (2 * USB_EP_DATA)) != 0) {
            take_out_packet();
        }
    }
    if ((causes & USB_INT_SETUP) != 0) {
        USB->sie_status = USB_SIE_STATUS_SETUP;
        usb_control_setup();
    }
}

void usb_init(void)
{
    volatile uint32_t *word = USB_DPRAM->setup;

    ring_init(&state.rx, state.rx_bytes, sizeof state.rx_bytes);
    ring_init(&state.tx, state.tx_bytes, sizeof state.tx_bytes);
    subsystems_restart(RESET_USBCTRL);
    for (size_t i = 0; i < sizeof(struct usb_dpram) / sizeof *word; i++) {
        word[i] = 0;
    }
    USB->usb_muxing = USB_MUXING_TO_PHY | USB_MUXING_SOFTCON;
    USB->usb_pwr = USB_PWR_VBUS_DETECT | USB_PWR_VBUS_OVERRIDE; /* VBUS is not wired to a pin: take it as present */
    USB->main_ctrl = USB_MAIN_CTRL_ENABLE;
    USB->sie_ctrl = USB_SIE_CTRL_EP0_INT_PER_BUFFER;
    USB->inte = USB_INT_BUFF_STATUS | USB_INT_BUS_RESET | USB_INT_SETUP;
    irq_enable(IRQ_USBCTRL);
    reg_set(&USB->sie_ctrl, USB_SIE_CTRL_PULLUP); /* now the host sees a device */
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
        arm_out();
        interrupts_restore(primask);
    }
    return count;
}

/* False if the host did not make room in time. */
static bool wait_for_room(void)
{
    const uint32_t since = system_micros();

    while (ring_free(&state.tx) == 0) {
        if (!usb_control_port_open() || system_micros() - since > HOST_PATIENCE_US) {
            return false;
        }
    }
    return true;
}

void usb_write(const uint8_t *bytes, size_t count)
{
    if (!usb_control_port_open()) {
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

bool usb_bootsel_wanted(void)
{
    return usb_control_bootsel_wanted();
}
