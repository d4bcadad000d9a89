/*
 * The functions of a board's controller that the USB console needs, besides usb_init() and usb_handler() (usb.h).
 *
 * Each function is called from usb_handler(), or with interrupts off.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef USB_CDC_USB_CONTROLLER_H
#define USB_CDC_USB_CONTROLLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { USB_PACKET_BYTES = 64 };

/* Sends a packet to the host, and calls usb_control_sent() when the host has it. */
void usb_ep0_send(const uint8_t *bytes, size_t count);

/* Lets the host send a packet, and calls usb_control_received() with it. */
void usb_ep0_receive(void);

/* Ends a request that had no data, or whose data came from the host. */
void usb_ep0_acknowledge(void);

/* Ends a request whose data the host has read; the host acknowledges. */
void usb_ep0_await_acknowledge(void);

/* Ends the request SET_ADDRESS; then the new address takes effect. */
void usb_ep0_set_address(uint8_t address);

/* Refuses the request. */
void usb_ep0_stall(void);

/* The two data endpoints begin with DATA0, and the host may send. */
void usb_endpoints_open(void);
void usb_endpoints_close(void);

/*
 * The endpoint of this address (bit 7: IN) refuses all packets, or goes on with DATA0 and with the packet that it had (USB
 * 2.0, 9.4.5). False if there is no such endpoint.
 */
bool usb_endpoint_halt(uint8_t address);
bool usb_endpoint_unhalt(uint8_t address);

/* Sends a packet, and calls usb_data_sent() when the host has it. */
void usb_in_send(const uint8_t *bytes, size_t count);

/* Takes the packet that usb_data_arrived() announced, and lets the host send the next one. Returns its size. */
size_t usb_out_take(uint8_t bytes[USB_PACKET_BYTES]);

#endif /* USB_CDC_USB_CONTROLLER_H */
