/*
 * Endpoint 0. See usb_control.h. Requests: USB 2.0 section 9.4, PSTN 1.20 section 6.3.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "usb_control.h"

#include <stddef.h>

#include "usb_data.h"
#include "usb_descriptors.h"
#include "usb_regs.h"

enum {
    TYPE_MASK = 0x60, /* of bmRequestType */
    TYPE_STANDARD = 0x00,
    TYPE_CLASS = 0x20,
    TO_ENDPOINT = 0x02, /* standard request, host to device, recipient endpoint */

    GET_STATUS = 0,
    CLEAR_FEATURE = 1,
    SET_FEATURE = 3,
    SET_ADDRESS = 5,
    GET_DESCRIPTOR = 6,
    GET_CONFIGURATION = 8,
    SET_CONFIGURATION = 9,
    GET_INTERFACE = 10,
    SET_INTERFACE = 11,

    CDC_SET_LINE_CODING = 0x20,
    CDC_GET_LINE_CODING = 0x21,
    CDC_SET_CONTROL_LINE_STATE = 0x22,
    CDC_SEND_BREAK = 0x23,
    CDC_DTR = 1,

    LINE_CODING_BYTES = 7, /* rate (4, little-endian), stop bits, parity, data bits */
    BOOTSEL_BAUD = 1200,
};

struct setup {
    uint8_t type;
    uint8_t request;
    uint16_t value;
    uint16_t index;
    uint16_t length;
};

static struct {
    const uint8_t *in_next; /* what is left of the answer to the host */
    size_t in_left;
    uint8_t data1; /* next data toggle */
    bool answering; /* with data: the host ends the request, with an empty packet */
    bool expecting_line_coding;
    bool address_is_new;
    uint8_t address;
    uint8_t configuration;
    volatile bool bootsel_wanted;
    uint8_t line_coding[LINE_CODING_BYTES];
    uint8_t scratch[USB_STRING_MAX_BYTES];
} state = {.line_coding = {0x00, 0xC2, 0x01, 0x00, 0, 0, 8}}; /* 115200 8N1 */

static void send_packet(void)
{
    const size_t count = state.in_left < USB_PACKET_BYTES ? state.in_left : USB_PACKET_BYTES;

    for (size_t i = 0; i < count; i++) {
        USB_DPRAM->ep0_buffer[i] = state.in_next[i];
    }
    state.in_next += count;
    state.in_left -= count;
    usb_give_buffer(&USB_DPRAM->buffer_control[0].in,
                    (uint32_t)count | BUFFER_FULL | (uint32_t)state.data1 << BUFFER_DATA1_SHIFT);
    state.data1 ^= 1u;
}

static void receive_packet(void)
{
    usb_give_buffer(&USB_DPRAM->buffer_control[0].out,
                    USB_PACKET_BYTES | (uint32_t)state.data1 << BUFFER_DATA1_SHIFT);
    state.data1 ^= 1u;
}

/* An empty packet to the host ends a request without data, or with data from the host. */
static void acknowledge(void)
{
    state.in_left = 0;
    state.data1 = 1;
    send_packet();
}

static void answer(const uint8_t *bytes, size_t available, size_t wanted)
{
    state.answering = true;
    state.in_next = bytes;
    state.in_left = available < wanted ? available : wanted; /* never a whole number of packets: no empty one is due */
    send_packet();
}

static void stall(void)
{
    USB->ep_stall_arm = USB_STALL_ARM_EP0_IN | USB_STALL_ARM_EP0_OUT;
    USB_DPRAM->buffer_control[0].in = BUFFER_STALL;
    USB_DPRAM->buffer_control[0].out = BUFFER_STALL;
}

static void standard_request(const struct setup *setup)
{
    size_t length = 0;

    switch (setup->request) {
    case GET_DESCRIPTOR: {
        const uint8_t *descriptor =
            usb_descriptor((uint8_t)(setup->value >> 8), (uint8_t)setup->value, state.scratch, &length);
        if (descriptor == NULL) {
            stall();
        } else {
            answer(descriptor, length, setup->length);
        }
        break;
    }
    case SET_ADDRESS:
        state.address = (uint8_t)(setup->value & 0x7Fu);
        state.address_is_new = true; /* it counts once this request is acknowledged */
        acknowledge();
        break;
    case SET_CONFIGURATION:
        state.configuration = (uint8_t)setup->value;
        if (state.configuration != 0) {
            usb_data_start();
        } else {
            usb_data_stop();
        }
        acknowledge();
        break;
    case GET_CONFIGURATION:
        state.scratch[0] = state.configuration;
        answer(state.scratch, 1, setup->length);
        break;
    case GET_STATUS:
    case GET_INTERFACE:
        state.scratch[0] = 0;
        state.scratch[1] = 0;
        answer(state.scratch, setup->request == GET_STATUS ? 2 : 1, setup->length);
        break;
    case CLEAR_FEATURE:
        if (setup->type == TO_ENDPOINT && state.configuration != 0) {
            usb_data_unhalt((uint8_t)setup->index);
        }
        acknowledge();
        break;
    case SET_FEATURE:
    case SET_INTERFACE:
        acknowledge();
        break;
    default:
        stall();
        break;
    }
}

static uint32_t line_baud(void)
{
    const uint8_t *coding = state.line_coding;
    return coding[0] | (uint32_t)coding[1] << 8 | (uint32_t)coding[2] << 16 | (uint32_t)coding[3] << 24;
}

static void class_request(const struct setup *setup)
{
    const bool open = (setup->value & CDC_DTR) != 0;

    switch (setup->request) {
    case CDC_SET_LINE_CODING:
        state.expecting_line_coding = true;
        receive_packet();
        break;
    case CDC_GET_LINE_CODING:
        answer(state.line_coding, LINE_CODING_BYTES, setup->length);
        break;
    case CDC_SET_CONTROL_LINE_STATE:
        usb_data_set_open(open);
        if (!open && line_baud() == BOOTSEL_BAUD) {
            state.bootsel_wanted = true;
        }
        acknowledge();
        break;
    case CDC_SEND_BREAK:
        acknowledge();
        break;
    default:
        stall();
        break;
    }
}

void usb_control_setup(void)
{
    const uint32_t low = USB_DPRAM->setup[0];
    const uint32_t high = USB_DPRAM->setup[1];
    const struct setup setup = {
        .type = (uint8_t)low,
        .request = (uint8_t)(low >> 8),
        .value = (uint16_t)(low >> 16),
        .index = (uint16_t)high,
        .length = (uint16_t)(high >> 16),
    };

    state.data1 = 1; /* the stage after SETUP starts with DATA1 */
    state.in_left = 0;
    state.answering = false;
    state.expecting_line_coding = false;
    if ((setup.type & TYPE_MASK) == TYPE_STANDARD) {
        standard_request(&setup);
    } else if ((setup.type & TYPE_MASK) == TYPE_CLASS) {
        class_request(&setup);
    } else {
        stall();
    }
}

/* A packet has gone to the host: the next one, or the host's empty packet that ends the request. */
static void in_done(void)
{
    if (state.address_is_new) {
        state.address_is_new = false;
        USB->addr_endp[0] = state.address;
    }
    if (state.in_left > 0) {
        send_packet();
    } else if (state.answering) {
        state.answering = false;
        state.data1 = 1;
        receive_packet();
    }
}

static void out_done(void)
{
    if (!state.expecting_line_coding) {
        return;
    }
    state.expecting_line_coding = false;
    for (size_t i = 0; i < LINE_CODING_BYTES; i++) {
        state.line_coding[i] = USB_DPRAM->ep0_buffer[i];
    }
    acknowledge();
}

void usb_control_buffers(bool in_finished, bool out_finished)
{
    if (in_finished) {
        in_done();
    }
    if (out_finished) {
        out_done();
    }
}

void usb_control_bus_reset(void)
{
    state.in_left = 0;
    state.answering = false;
    state.expecting_line_coding = false;
    state.address_is_new = false;
    state.configuration = 0;
    usb_data_set_open(false);
    USB->addr_endp[0] = 0;
}

bool usb_control_bootsel_wanted(void)
{
    return state.bootsel_wanted;
}
