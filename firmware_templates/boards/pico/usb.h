/*
 * USB console: a full-speed CDC-ACM device driven by interrupts.
 *
 * A full receive ring makes the controller answer NAK, so the host waits; what is sent while no program has the port
 * open is dropped. Opening the port at 1200 baud and closing it asks for the boot loader.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PICO_USB_H
#define PICO_USB_H

#include "bare.h"

void usb_init(void);
bool usb_waiting(void);
bool usb_bootsel_wanted(void);

void usb_handler(void);

#endif /* PICO_USB_H */
