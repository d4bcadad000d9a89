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

bool usb_control_configured(void);
bool usb_control_port_open(void); /* a program on the host has the port open (DTR) */
bool usb_control_bootsel_wanted(void);

/* Of usb.c, used here. */
void usb_give_buffer(volatile uint32_t *buffer_control, uint32_t value);
void usb_data_start(void);
void usb_data_stop(void);
void usb_data_forget(void); /* what the program that had the port open did not take is not for the next one */
void usb_data_unhalt(uint8_t endpoint_address); /* it starts again with DATA0 (USB 2.0, 9.4.5) */

#endif /* PICO_USB_CONTROL_H */
