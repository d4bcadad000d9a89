/*
 * Endpoint 0: enumeration and the CDC-ACM requests. Private to the USB console; usb.h is what the board uses.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PICO_USB_CONTROL_H
#define PICO_USB_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

/* From the interrupt handler in usb.c. */
void usb_control_bus_reset(void);
void usb_control_setup(void);
void usb_control_buffers(bool in_done, bool out_done);

bool usb_control_bootsel_wanted(void);

#endif /* PICO_USB_CONTROL_H */
