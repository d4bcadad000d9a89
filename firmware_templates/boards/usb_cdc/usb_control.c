/*
 * Endpoint 0. See usb_control.h. Requests: USB 2.0 section 9.4, PSTN 1.20 section 6.3.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "usb_control.h"

#include <stdbool.h>

#include "usb.h"
#include "usb_controller.h"
#include "usb_data.h"
#include "usb_descriptors.h"

enum {
    TYPE_MASK = 0x60, /* of bmRequestType */
    TYPE_STANDARD = 0x00,
    TYPE_CLASS = 0x20,
    TO_ENDPOINT = 0x02, /* standard request, host to device, recipient endpoint */
    OF_ENDPOINT = 0x82, /* the same to the host */
    ENDPOINT_HALT = 0,  /* a feature */

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
    BOOT_LOADER_BAUD = 1200,
};

static struct {
    const uint8_t *in_next; /* the rest of the answer to the host */
    size_t in_left;
    bool in_ends_short; /* shorter than requested: the last packet must not be full (USB 2.0, 5.5.3) */
    bool answering;
    bool expecting_line_coding;
    uint8_t configuration;
    uint32_t halted; /* bit n: endpoint n OUT, bit 16 + n: IN */
    volatile bool boot_loader_wanted;
    uint8_t line_coding[LINE_CODING_BYTES];
    uint8_t scratch[USB_STRING_MAX_BYTES];
} state = {.line_coding = {0x00, 0xC2, 0x01, 0x00, 0, 0, 8}}; /* 115200 8N1 */

static void send_packet(void)
{
    const size_t count = state.in_left < USB_PACKET_BYTES ? state.in_left : USB_PACKET_BYTES;
    const uint8_t *bytes = state.in_next;

    state.in_next += count;
    state.in_left -= count;
    state.in_ends_short = state.in_ends_short && count == USB_PACKET_BYTES;
    usb_ep0_send(bytes, count);
}

static void answer(const uint8_t *bytes, size_t available, size_t wanted)
{
    if (wanted == 0) {
        usb_ep0_acknowledge();
        return;
    }
    state.answering = true;
    state.in_next = bytes;
    state.in_left = available < wanted ? available : wanted;
    state.in_ends_short = available < wanted;
    send_packet();
}

static uint32_t halt_bit(uint16_t address)
{
    return 1u << ((address & 0xFu) + ((address & 0x80u) != 0 ? 16u : 0u));
}

static void set_halt(const struct usb_setup *setup, bool halt)
{
    const uint8_t address = (uint8_t)setup->index;

    if (!halt && setup->type == TO_ENDPOINT && (address & 0xFu) == 0) {
        usb_ep0_acknowledge(); /* it never stays halted */
        return;
    }
    if (setup->type != TO_ENDPOINT || setup->value != ENDPOINT_HALT || state.configuration == 0 ||
        !(halt ? usb_endpoint_halt(address) : usb_endpoint_unhalt(address))) {
        usb_ep0_stall();
        return;
    }
    state.halted = halt ? state.halted | halt_bit(address) : state.halted & ~halt_bit(address);
    usb_ep0_acknowledge();
}

static void standard_request(const struct usb_setup *setup)
{
    size_t length = 0;

    switch (setup->request) {
    case GET_DESCRIPTOR: {
        const uint8_t *descriptor =
            usb_descriptor((uint8_t)(setup->value >> 8), (uint8_t)setup->value, state.scratch, &length);
        if (descriptor == NULL) {
            usb_ep0_stall();
        } else {
            answer(descriptor, length, setup->length);
        }
        break;
    }
    case SET_ADDRESS:
        usb_ep0_set_address((uint8_t)(setup->value & 0x7Fu));
        break;
    case SET_CONFIGURATION:
        state.configuration = (uint8_t)setup->value;
        state.halted = 0;
        if (state.configuration != 0) {
            usb_data_start();
        } else {
            usb_data_stop();
        }
        usb_ep0_acknowledge();
        break;
    case GET_CONFIGURATION:
        state.scratch[0] = state.configuration;
        answer(state.scratch, 1, setup->length);
        break;
    case GET_STATUS:
    case GET_INTERFACE:
        state.scratch[0] = setup->type == OF_ENDPOINT && (state.halted & halt_bit(setup->index)) != 0;
        state.scratch[1] = 0;
        answer(state.scratch, setup->request == GET_STATUS ? 2 : 1, setup->length);
        break;
    case CLEAR_FEATURE:
    case SET_FEATURE:
        set_halt(setup, setup->request == SET_FEATURE);
        break;
    case SET_INTERFACE:
        usb_ep0_acknowledge();
        break;
    default:
        usb_ep0_stall();
        break;
    }
}

static uint32_t line_baud(void)
{
    const uint8_t *coding = state.line_coding;
    return coding[0] | (uint32_t)coding[1] << 8 | (uint32_t)coding[2] << 16 | (uint32_t)coding[3] << 24;
}

static void class_request(const struct usb_setup *setup)
{
    const bool open = (setup->value & CDC_DTR) != 0;

    switch (setup->request) {
    case CDC_SET_LINE_CODING:
        state.expecting_line_coding = true;
        usb_ep0_receive();
        break;
    case CDC_GET_LINE_CODING:
        answer(state.line_coding, LINE_CODING_BYTES, setup->length);
        break;
    case CDC_SET_CONTROL_LINE_STATE:
        usb_data_set_open(open);
        if (!open && line_baud() == BOOT_LOADER_BAUD) {
            state.boot_loader_wanted = true;
        }
        usb_ep0_acknowledge();
        break;
    case CDC_SEND_BREAK:
        usb_ep0_acknowledge();
        break;
    default:
        usb_ep0_stall();
        break;
    }
}

void usb_control_setup(const struct usb_setup *setup)
{
    state.answering = false;
    state.expecting_line_coding = false;
    if ((setup->type & TYPE_MASK) == TYPE_STANDARD) {
        standard_request(setup);
    } else if ((setup->type & TYPE_MASK) == TYPE_CLASS) {
        class_request(setup);
    } else {
        usb_ep0_stall();
    }
}

void usb_control_sent(void)
{
    if (!state.answering) {
        return;
    }
    if (state.in_left > 0 || state.in_ends_short) {
        send_packet();
    } else {
        state.answering = false;
        usb_ep0_await_acknowledge();
    }
}

void usb_control_received(const uint8_t *bytes, size_t count)
{
    if (!state.expecting_line_coding) {
        return;
    }
    state.expecting_line_coding = false;
    if (count < LINE_CODING_BYTES) {
        usb_ep0_stall();
        return;
    }
    for (size_t i = 0; i < LINE_CODING_BYTES; i++) {
        state.line_coding[i] = bytes[i];
    }
    usb_ep0_acknowledge();
}

void usb_control_bus_reset(void)
{
    state.answering = false;
    state.expecting_line_coding = false;
    state.configuration = 0;
    state.halted = 0;
    usb_data_set_open(false);
    usb_data_stop();
}

bool usb_boot_loader_wanted(void)
{
    return state.boot_loader_wanted;
}
