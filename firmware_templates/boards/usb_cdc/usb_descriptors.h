/*
 * What the board tells a USB host about itself: one CDC-ACM serial port, with the names and numbers
 * of usb_board.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef USB_CDC_USB_DESCRIPTORS_H
#define USB_CDC_USB_DESCRIPTORS_H

#include <stddef.h>
#include <stdint.h>

/* Endpoints of the two interfaces. */
enum { USB_EP_NOTIFY = 1, USB_EP_DATA = 2 };

/*
 * Finds a descriptor by the high (type) and low (index) byte of wValue; NULL if there is none.
 *
 * Strings are composed into scratch, which must hold USB_STRING_MAX_BYTES and outlive the transfer.
 */
enum { USB_STRING_MAX_BYTES = 64 };
const uint8_t *usb_descriptor(uint8_t type, uint8_t index, uint8_t scratch[USB_STRING_MAX_BYTES], size_t *length);

#endif /* USB_CDC_USB_DESCRIPTORS_H */
