/*
 * The RP2040's USB controller under the USB console (usb_controller.h). Section numbers are those of its datasheet.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "usb_controller.h"

#include "bare.h"
#include "clocks.h"
#include "rp2040.h"
#include "usb.h"
#include "usb_control.h"
#include "usb_data.h"
#include "usb_descriptors.h"
#include "usb_enumeration.h"
#include "usb_regs.h"

enum {
    ENDPOINT_IN = 0x80, /* in an endpoint address */

    NOTIFY_OFFSET = USB_DPRAM_PACKETS_OFFSET,
    DATA_OUT_OFFSET = NOTIFY_OFFSET + USB_PACKET_BYTES,
    DATA_IN_OFFSET = DATA_OUT_OFFSET + USB_PACKET_BYTES,

    /* Erratum RP2040-E15: a packet that is given in the last 200 us of a frame can stop the controller, behind some
       hubs. It waits for the next frame. */
    FRAME_SAFE_US = 700, /* the handler of the frame's start can be late by the rest */
    ABORT_TURNS = 1000,  /* of a loop: far more than an abort takes */
};

/* An endpoint for data. Its buffer can be given to the controller, or waits while the endpoint is halted. */
struct pipe {
    volatile uint32_t *control;
    uint32_t value; /* of the buffer that is given, without its toggle */
    uint8_t data1;  /* next data toggle, 0 or 1 */
    bool given;
    bool halted;
};

static struct {
    uint8_t ep0_data1;
    bool address_is_new;
    uint8_t address;
    bool in_waits; /* for the next frame */
    uint32_t frame_start_us;
    struct pipe out;
    struct pipe in;
    struct pipe notify;
    size_t out_length; /* of the packet that waits */
} state = {.out = {.control = &USB_DPRAM->buffer_control[USB_EP_DATA].out},
           .in = {.control = &USB_DPRAM->buffer_control[USB_EP_DATA].in},
           .notify = {.control = &USB_DPRAM->buffer_control[USB_EP_NOTIFY].in}};

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

static void copy_in(volatile uint8_t *buffer, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer[i] = bytes[i];
    }
}

static void give_pipe(struct pipe *pipe)
{
    give_buffer(pipe->control, pipe->value | toggled(&pipe->data1));
}

static void copy_out(const volatile uint8_t *buffer, uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bytes[i] = buffer[i];
    }
}

void usb_ep0_send(const uint8_t *bytes, size_t count)
{
    copy_in(USB_DPRAM->ep0_buffer, bytes, count);
    give_buffer(&USB_DPRAM->buffer_control[0].in, (uint32_t)count | BUFFER_FULL | toggled(&state.ep0_data1));
}

void usb_ep0_receive(void)
{
    give_buffer(&USB_DPRAM->buffer_control[0].out, USB_PACKET_BYTES | toggled(&state.ep0_data1));
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

static void let_host_send(void)
{
    state.out.value = USB_PACKET_BYTES;
    state.out.given = true;
    if (!state.out.halted) {
        give_pipe(&state.out);
    }
}

void usb_endpoints_open(void)
{
    USB_DPRAM->control[USB_EP_NOTIFY - 1].in =
        EP_CONTROL_ENABLE | EP_CONTROL_INTERRUPT_PER_BUFFER | EP_CONTROL_TYPE_INTERRUPT | NOTIFY_OFFSET;
    USB_DPRAM->control[USB_EP_DATA - 1].out =
        EP_CONTROL_ENABLE | EP_CONTROL_INTERRUPT_PER_BUFFER | EP_CONTROL_TYPE_BULK | DATA_OUT_OFFSET;
    USB_DPRAM->control[USB_EP_DATA - 1].in =
        EP_CONTROL_ENABLE | EP_CONTROL_INTERRUPT_PER_BUFFER | EP_CONTROL_TYPE_BULK | DATA_IN_OFFSET;
    state.out.data1 = 0;
    state.in.data1 = 0;
    let_host_send();
}

static void close_pipe(struct pipe *pipe)
{
    *pipe = (struct pipe){.control = pipe->control};
    *pipe->control = 0;
}

void usb_endpoints_close(void)
{
    state.in_waits = false;
    close_pipe(&state.out);
    close_pipe(&state.in);
    close_pipe(&state.notify);
}

/* If the start of the last frame is too long ago, or was not noticed, the packet waits for the next one. */
static void give_in(void)
{
    if ((USB->inte & USB_INT_SOF) == 0) {
        (void)USB->sof_rd; /* of a frame that nobody waited for */
        reg_set(&USB->inte, USB_INT_SOF);
    }
    state.in_waits = board_micros() - state.frame_start_us > FRAME_SAFE_US;
    if (!state.in_waits) {
        give_pipe(&state.in);
    }
}

/* Frames are only of interest while there is something to send. */
static void frame_started(void)
{
    (void)USB->sof_rd; /* clears the interrupt */
    state.frame_start_us = board_micros();
    if (state.in_waits) {
        state.in_waits = false;
        give_pipe(&state.in);
    } else if (!state.in.given) {
        reg_clear(&USB->inte, USB_INT_SOF);
    }
}

static struct pipe *pipe_of(uint8_t address)
{
    switch (address) {
    case USB_EP_DATA:
        return &state.out;
    case USB_EP_DATA | ENDPOINT_IN:
        return &state.in;
    case USB_EP_NOTIFY | ENDPOINT_IN:
        return &state.notify;
    default:
        return NULL;
    }
}

bool usb_endpoint_halt(uint8_t address)
{
    struct pipe *pipe = pipe_of(address);

    if (pipe == NULL) {
        return false;
    }
    pipe->halted = true;
    *pipe->control = BUFFER_STALL;
    if (pipe == &state.in) {
        state.in_waits = false;
    }
    return true;
}

bool usb_endpoint_unhalt(uint8_t address)
{
    struct pipe *pipe = pipe_of(address);

    if (pipe == NULL) {
        return false;
    }
    pipe->halted = false;
    pipe->data1 = 0;
    *pipe->control = 0;
    if (pipe->given) {
        if (pipe == &state.in) {
            give_in();
        } else {
            give_pipe(pipe);
        }
    }
    return true;
}

void usb_in_send(const uint8_t *bytes, size_t count)
{
    copy_in(packet_at(DATA_IN_OFFSET), bytes, count);
    state.in.value = (uint32_t)count | BUFFER_FULL;
    state.in.given = true;
    if (!state.in.halted) {
        give_in();
    }
}

size_t usb_out_take(uint8_t bytes[USB_PACKET_BYTES])
{
    const size_t count = state.out_length < USB_PACKET_BYTES ? state.out_length : USB_PACKET_BYTES;
    copy_out(packet_at(DATA_OUT_OFFSET), bytes, count);
    let_host_send();
    return count;
}

/*
 * A host can give up a request and start another while the controller still has the buffer of the first, which must not
 * be written then (4.1.2.5.1). Chips before B2 cannot abort (erratum RP2040-E2), so that they only take it away.
 */
static void take_ep0_back(void)
{
    volatile struct usb_endpoint_words *buffers = &USB_DPRAM->buffer_control[0];

    if (((buffers->in | buffers->out) & BUFFER_AVAILABLE) == 0) {
        return;
    }
    if (usb_chip_is_old()) {
        buffers->in = 0;
        buffers->out = 0;
        return;
    }
    reg_set(&USB->ep_abort, USB_ABORT_EP0);
    for (uint32_t turns = 0; (USB->ep_abort_done & USB_ABORT_EP0) != USB_ABORT_EP0 && turns < ABORT_TURNS; turns++) {
    }
    buffers->in = 0;
    buffers->out = 0;
    USB->ep_abort_done = USB_ABORT_EP0; /* written 1 to clear */
    reg_clear(&USB->ep_abort, USB_ABORT_EP0);
}

static void bus_reset(void)
{
    take_ep0_back();
    usb_enumeration_help();
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

    take_ep0_back();
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
        const size_t length = USB_DPRAM->buffer_control[0].out & BUFFER_LENGTH_MASK;
        const size_t count = length < USB_PACKET_BYTES ? length : USB_PACKET_BYTES;
        copy_out(USB_DPRAM->ep0_buffer, bytes, count);
        usb_control_received(bytes, count);
    }
    if ((finished & 1u << (2 * USB_EP_DATA)) != 0) {
        state.in.given = false;
        usb_data_sent();
    }
    if ((finished & 2u << (2 * USB_EP_DATA)) != 0) {
        state.out.given = false;
        state.out_length = *state.out.control & BUFFER_LENGTH_MASK;
        usb_data_arrived();
    }
}

void usb_handler(void)
{
    const uint32_t causes = USB->ints;

    if ((causes & USB_INT_SOF) != 0) {
        frame_started();
    }
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
    subsystems_restart(RESET_USBCTRL | RESET_SYSINFO); /* that says which revision it is */
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
