/*
 * Endpoint 0: enumeration and the CDC-ACM requests. For a board's controller; the rest of a board uses usb.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef USB_CDC_USB_CONTROL_H
#define USB_CDC_USB_CONTROL_H

#include <stddef.h>
#include <stdint.h>

struct usb_setup {
    uint8_t type;
    uint8_t request;
    uint16_t value;
    uint16_t index;
    uint16_t length;
};

/* From usb_handler(). */
void usb_control_bus_reset(void);
void usb_control_setup(const struct usb_setup *setup);
void usb_control_sent(void);                                   /* also for the packet of usb_ep0_acknowledge() */
void usb_control_received(const uint8_t *bytes, size_t count); /* also for that of usb_ep0_await_acknowledge() */

#endif /* USB_CDC_USB_CONTROL_H */
