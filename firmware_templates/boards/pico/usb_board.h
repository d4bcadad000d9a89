/*
 * The Pico's part of the USB descriptors (usb_cdc/usb_descriptors.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PICO_USB_BOARD_H
#define PICO_USB_BOARD_H

/* The pair that the Pico's SDK gives a serial port. Operating systems and flash tools know it. */
#define USB_VENDOR  0x2E8A
#define USB_PRODUCT 0x000A

#define USB_BOARD_NAME   "Pico"
#define USB_MILLIAMPERES 250
/* The chip has none. The flash has one, but cannot be asked while the program runs from it. */
#define USB_HAS_SERIAL_NUMBER 0

#endif /* PICO_USB_BOARD_H */
