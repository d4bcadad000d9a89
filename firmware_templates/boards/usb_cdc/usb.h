/*
 * USB console: a full-speed CDC-ACM device with interrupts, on any controller that implements usb_controller.h.
 *
 * While the receive ring is full the host has to wait. While no program has the port open, bytes to it are dropped.
 * Opening the port at 1200 baud and closing it asks for the boot loader.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef USB_CDC_USB_H
#define USB_CDC_USB_H

#include "bare.h"

void usb_init(void);
bool usb_waiting(void);
bool usb_boot_loader_wanted(void);

void usb_handler(void);

#endif /* USB_CDC_USB_H */
