/*
 * The RP2040's USB controller under the USB console (usb_controller.h). Section numbers are those of its datasheet.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "usb_controller.h"

#include "clocks.h"
#include "rp2040.h"
#include "usb.h"
#include "usb_control.h"
#include "usb_data.h"
#include "usb_descriptors.h"
#include "usb_regs.h"

enum {
    ENDPOINT_IN = 0x80, /* in an endpoint address */

    NOTIFY_OFFSET = USB_DPRAM_PACKETS_OFFSET,
    DATA_OUT_OFFSET = NOTIFY_OFFSET + USB_PACKET_BYTES,
    DATA_IN_OFFSET = DATA_OUT_OFFSET + USB_PACKET_BYTES,
};

static struct {
    uint8_t ep0_data1; /* next data toggles, 0 or 1 */
    uint8_t out_data1;
    uint8_t in_data1;
    bool address_is_new;
    uint8_t address;
} state;

static volatile uint8_t *packet_at(uint32_t offset)
{
    return (volatile uint8_t *)USB_DPRAM + offset;
}

static void give_buffer(volatile uint32_t *buffer_control, uint32_t value)
{
    /* AVAILABLE must follow the other bits by three cycles of clk_usb, eight of clk_sys (4.1.2.5.1). */
    *buffer_control = value;
    __asm volatile("nop\n nop\n nop\n nop\n nop\n nop\n nop\n nop" : : : "memory");
    *buffer_control = value | BUFFER_AVAILABLE;
}

static uint32_t toggled(uint8_t *data1)
{
    const uint32_t bit = (uint32_t)*data1 << BUFFER_DATA1_SHIFT;
    *data1 ^= 1u;
    return bit;
}

static void give_in(uint32_t endpoint, volatile uint8_t *buffer, uint8_t *data1, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer[i] = bytes[i];
    }
    give_buffer(&USB_DPRAM->buffer_control[endpoint].in, (uint32_t)count | BUFFER_FULL | toggled(data1));
}

static void give_out(uint32_t endpoint, uint8_t *data1)
{
    give_buffer(&USB_DPRAM->buffer_control[endpoint].out, USB_PACKET_BYTES | toggled(data1));
}

static size_t take_out(uint32_t endpoint, const volatile uint8_t *buffer, uint8_t bytes[USB_PACKET_BYTES])
{
    const size_t length = USB_DPRAM->buffer_control[endpoint].out & BUFFER_LENGTH_MASK;
    const size_t count = length < USB_PACKET_BYTES ? length : USB_PACKET_BYTES;
    for (size_t i = 0; i < count; i++) {
        bytes[i] = buffer[i];
    }
    return count;
}

void usb_ep0_send(const uint8_t *bytes, size_t count)
{
    give_in(0, USB_DPRAM->ep0_buffer, &state.ep0_data1, bytes, count);
}

void usb_ep0_receive(void)
{
    give_out(0, &state.ep0_data1);
}

void usb_ep0_acknowledge(void)
{
    state.ep0_data1 = 1;
    usb_ep0_send(NULL, 0);
}

void usb_ep0_await_acknowledge(void)
{
    state.ep0_data1 = 1;
    usb_ep0_receive();
}

void usb_ep0_set_address(uint8_t address)
{
    state.address = address;
    state.address_is_new = true; /* it takes effect when the request is acknowledged */
    usb_ep0_acknowledge();
}

void usb_ep0_stall(void)
{
    USB->ep_stall_arm = USB_STALL_ARM_EP0_IN | USB_STALL_ARM_EP0_OUT;
    USB_DPRAM->buffer_control[0].in = BUFFER_STALL;
    USB_DPRAM->buffer_control[0].out = BUFFER_STALL;
}

void usb_endpoints_open(void)
{
    USB_DPRAM->control[USB_EP_NOTIFY - 1].in =
        EP_CONTROL_ENABLE | EP_CONTROL_INTERRUPT_PER_BUFFER | EP_CONTROL_TYPE_INTERRUPT | NOTIFY_OFFSET;
    USB_DPRAM->control[USB_EP_DATA - 1].out =
        EP_CONTROL_ENABLE | EP_CONTROL_INTERRUPT_PER_BUFFER | EP_CONTROL_TYPE_BULK | DATA_OUT_OFFSET;
    USB_DPRAM->control[USB_EP_DATA - 1].in =
        EP_CONTROL_ENABLE | EP_CONTROL_INTERRUPT_PER_BUFFER | EP_CONTROL_TYPE_BULK | DATA_IN_OFFSET;
    state.in_data1 = 0;
    state.out_data1 = 0;
    give_out(USB_EP_DATA, &state.out_data1);
}

void usb_endpoints_close(void)
{
    USB_DPRAM->buffer_control[USB_EP_DATA].out = 0;
    USB_DPRAM->buffer_control[USB_EP_DATA].in = 0;
}

/* A buffer that the controller already has carries its toggle with it. */
static void restart_toggle(volatile uint32_t *buffer_control, uint8_t *data1)
{
    const uint32_t value = *buffer_control;

    *data1 = 0;
    if ((value & BUFFER_AVAILABLE) != 0) {
        const uint32_t others = BUFFER_AVAILABLE | 1u << BUFFER_DATA1_SHIFT;
        give_buffer(buffer_control, (value & ~others) | toggled(data1));
    }
}

void usb_endpoint_unhalt(uint8_t address)
{
    if (address == USB_EP_DATA) {
        restart_toggle(&USB_DPRAM->buffer_control[USB_EP_DATA].out, &state.out_data1);
    } else if (address == (USB_EP_DATA | ENDPOINT_IN)) {
        restart_toggle(&USB_DPRAM->buffer_control[USB_EP_DATA].in, &state.in_data1);
    }
}

void usb_in_send(const uint8_t *bytes, size_t count)
{
    give_in(USB_EP_DATA, packet_at(DATA_IN_OFFSET), &state.in_data1, bytes, count);
}

size_t usb_out_take(uint8_t bytes[USB_PACKET_BYTES])
{
    const size_t count = take_out(USB_EP_DATA, packet_at(DATA_OUT_OFFSET), bytes);
    give_out(USB_EP_DATA, &state.out_data1);
    return count;
}

static void bus_reset(void)
{
    state.address_is_new = false;
    USB->addr_endp[0] = 0;
    usb_control_bus_reset();
}

static void setup_arrived(void)
{
    const uint32_t low = USB_DPRAM->setup[0];
    const uint32_t high = USB_DPRAM->setup[1];
    const struct usb_setup setup = {
        .type = (uint8_t)low,
        .request = (uint8_t)(low >> 8),
        .value = (uint16_t)(low >> 16),
        .index = (uint16_t)high,
        .length = (uint16_t)(high >> 16),
    };

    state.ep0_data1 = 1; /* the stage after SETUP starts with DATA1 */
    usb_control_setup(&setup);
}

static void buffers_finished(uint32_t finished)
{
    uint8_t bytes[USB_PACKET_BYTES];

    if ((finished & 1u) != 0) {
        if (state.address_is_new) {
            state.address_is_new = false;
            USB->addr_endp[0] = state.address;
        }
        usb_control_sent();
    }
    if ((finished & 2u) != 0) {
        usb_control_received(bytes, take_out(0, USB_DPRAM->ep0_buffer, bytes));
    }
    if ((finished & 1u << (2 * USB_EP_DATA)) != 0) {
        usb_data_sent();
    }
    if ((finished & 2u << (2 * USB_EP_DATA)) != 0) {
        usb_data_arrived();
    }
}

void usb_handler(void)
{
    const uint32_t causes = USB->ints;

    if ((causes & USB_INT_BUS_RESET) != 0) {
        USB->sie_status = USB_SIE_STATUS_BUS_RESET;
        bus_reset();
    }
    if ((causes & USB_INT_BUFF_STATUS) != 0) {
        const uint32_t finished = USB->buff_status;
        USB->buff_status = finished;
        buffers_finished(finished);
    }
    if ((causes & USB_INT_SETUP) != 0) {
        USB->sie_status = USB_SIE_STATUS_SETUP;
        setup_arrived();
    }
}

void usb_init(void)
{
    volatile uint32_t *word = USB_DPRAM->setup;

    usb_data_init();
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
