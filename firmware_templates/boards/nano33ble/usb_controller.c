/*
 * The nRF52840's USB device under the USB console (usb_controller.h). Section numbers are those of the product
 * specification v1.7.
 *
 * EasyDMA copies packets between RAM and the device's buffers, one at a time (6.35.8). The program waits for it, as it
 * takes only a few microseconds.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "usb_controller.h"

#include "usb.h"
#include "usb_control.h"
#include "usb_data.h"
#include "usb_descriptors.h"
#include "usb_power.h"
#include "usb_regs.h"

enum {
    ENDPOINT_IN = 0x80, /* in an endpoint address, and in DTOGGLE */
    PACKET_WORDS = USB_PACKET_BYTES / 4,
    DMA_PATIENCE = 10000, /* turns of a loop: without a bus the copying might not end */
};

static struct {
    uint32_t packet[PACKET_WORDS]; /* what EasyDMA copies: in RAM, and aligned */
    bool odd_dma;                  /* EasyDMA has copied an odd number of bytes in all */
    bool ep0_receiving;
    bool suspended;
} state;

/* Erratum 199: without this register the device ignores tasks while it copies. */
static void copy(struct usbd_dma *dma, volatile uint32_t *task, volatile uint32_t *end, size_t count)
{
    dma->ptr = (uint32_t)(uintptr_t)state.packet;
    dma->maxcnt = (uint32_t)count;
    *end = 0;
    *USBD_ERRATUM_199 = USBD_ERRATUM_199_DMA;
    __asm volatile("dsb" : : : "memory"); /* the bytes before the start */
    *task = 1;
    for (uint32_t turns = 0; *end == 0 && turns < DMA_PATIENCE; turns++) {
    }
    event_clear(end);
    *USBD_ERRATUM_199 = 0;
    state.odd_dma ^= (count & 1u) != 0;
    __asm volatile("" : : : "memory");
}

static void send(uint32_t endpoint, const uint8_t *bytes, size_t count)
{
    uint8_t *packet = (uint8_t *)state.packet;

    for (size_t i = 0; i < count; i++) {
        packet[i] = bytes[i];
    }
    copy(&USBD->epin[endpoint], &USBD->tasks_startepin[endpoint], &USBD->events_endepin[endpoint], count);
}

/* Also lets the host send the next packet to a data endpoint: after the copy, or after a write to SIZE. */
static size_t take(uint32_t endpoint, uint8_t bytes[USB_PACKET_BYTES])
{
    const uint8_t *packet = (const uint8_t *)state.packet;
    const size_t size = USBD->size_epout[endpoint];
    const size_t count = size < USB_PACKET_BYTES ? size : USB_PACKET_BYTES;

    if (count == 0) {
        USBD->size_epout[endpoint] = 0;
        return 0;
    }
    copy(&USBD->epout[endpoint], &USBD->tasks_startepout[endpoint], &USBD->events_endepout[endpoint], count);
    for (size_t i = 0; i < count; i++) {
        bytes[i] = packet[i];
    }
    return count;
}

void usb_even_dma(void)
{
    if (state.odd_dma) {
        copy(&USBD->epin[0], &USBD->tasks_startepin[0], &USBD->events_endepin[0], 1);
    }
}

void usb_ep0_send(const uint8_t *bytes, size_t count)
{
    send(0, bytes, count);
}

void usb_ep0_receive(void)
{
    state.ep0_receiving = true;
    USBD->tasks_ep0rcvout = 1;
}

void usb_ep0_acknowledge(void)
{
    USBD->tasks_ep0status = 1;
}

void usb_ep0_await_acknowledge(void)
{
    USBD->tasks_ep0status = 1;
}

/* The device has done all of it (6.35.9). */
void usb_ep0_set_address(uint8_t address)
{
    (void)address;
}

void usb_ep0_stall(void)
{
    USBD->tasks_ep0stall = 1;
}

static bool is_there(uint8_t address)
{
    return address == USB_EP_DATA || address == (USB_EP_DATA | ENDPOINT_IN) || address == (USB_EP_NOTIFY | ENDPOINT_IN);
}

bool usb_endpoint_halt(uint8_t address)
{
    if (!is_there(address)) {
        return false;
    }
    USBD->epstall = address | USBD_EPSTALL_STALL;
    return true;
}

bool usb_endpoint_unhalt(uint8_t address)
{
    if (!is_there(address)) {
        return false;
    }
    USBD->dtoggle = address | USBD_DTOGGLE_SELECT;
    USBD->dtoggle = address | USBD_DTOGGLE_DATA0;
    USBD->epstall = address;
    return true;
}

void usb_endpoints_open(void)
{
    USBD->epdatastatus = USBD_EPDATASTATUS_ALL;
    USBD->epinen = 1u << 0 | 1u << USB_EP_NOTIFY | 1u << USB_EP_DATA;
    USBD->epouten = 1u << 0 | 1u << USB_EP_DATA;
    (void)usb_endpoint_unhalt(USB_EP_NOTIFY | ENDPOINT_IN);
    (void)usb_endpoint_unhalt(USB_EP_DATA | ENDPOINT_IN);
    (void)usb_endpoint_unhalt(USB_EP_DATA);
    USBD->size_epout[USB_EP_DATA] = 0; /* any write: the endpoint takes a packet */
}

void usb_endpoints_close(void)
{
    USBD->epinen = 1u << 0;
    USBD->epouten = 1u << 0;
}

void usb_in_send(const uint8_t *bytes, size_t count)
{
    send(USB_EP_DATA, bytes, count);
}

size_t usb_out_take(uint8_t bytes[USB_PACKET_BYTES])
{
    return take(USB_EP_DATA, bytes);
}

static void set_suspended(bool suspended)
{
    if (suspended == state.suspended) {
        return;
    }
    state.suspended = suspended;
    USBD->lowpower = suspended;
    usb_data_suspend(suspended);
}

/* A reset that has come as well wakes the device: the bus was idle before it, as on a hub's port that was disabled. */
static void bus_event(bool was_reset)
{
    const uint32_t causes = USBD->eventcause;

    USBD->eventcause = causes; /* written 1 to clear */
    if ((causes & USBD_EVENTCAUSE_SUSPEND) != 0 && !was_reset) {
        set_suspended(true);
    }
    if ((causes & USBD_EVENTCAUSE_RESUME) != 0) {
        set_suspended(false);
    }
}

static void setup_arrived(void)
{
    const volatile uint32_t *bytes = USBD->setup;
    const struct usb_setup setup = {
        .type = (uint8_t)bytes[0],
        .request = (uint8_t)bytes[1],
        .value = (uint16_t)(bytes[2] | bytes[3] << 8),
        .index = (uint16_t)(bytes[4] | bytes[5] << 8),
        .length = (uint16_t)(bytes[6] | bytes[7] << 8),
    };

    state.ep0_receiving = false;
    usb_control_setup(&setup);
}

static void ep0_data_done(void)
{
    uint8_t bytes[USB_PACKET_BYTES];

    if (state.ep0_receiving) {
        state.ep0_receiving = false;
        const size_t count = take(0, bytes);
        usb_control_received(bytes, count);
    } else {
        usb_control_sent();
    }
}

static void data_moved(void)
{
    const uint32_t moved = USBD->epdatastatus;

    USBD->epdatastatus = moved; /* written 1 to clear */
    if ((moved & USBD_EPDATASTATUS_IN(USB_EP_DATA)) != 0) {
        usb_data_sent();
    }
    if ((moved & USBD_EPDATASTATUS_OUT(USB_EP_DATA)) != 0) {
        usb_data_arrived();
    }
}

static bool happened(volatile uint32_t *event)
{
    const bool set = *event != 0;
    if (set) {
        event_clear(event);
    }
    return set;
}

void usb_handler(void)
{
    const bool was_reset = happened(&USBD->events_usbreset);
    if (was_reset) {
        usb_control_bus_reset();
        set_suspended(false);
    }
    if (happened(&USBD->events_usbevent)) {
        bus_event(was_reset);
    }
    if (happened(&USBD->events_ep0setup)) {
        event_clear(&USBD->events_ep0datadone); /* of a request that the host gave up */
        set_suspended(false);
        setup_arrived();
    }
    if (happened(&USBD->events_ep0datadone)) {
        ep0_data_done();
    }
    if (happened(&USBD->events_epdata)) {
        data_moved();
    }
}

void usb_init(void)
{
    usb_data_init();
    usb_power_init();
    irq_enable(IRQ_USBD);
}
