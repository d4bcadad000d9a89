/*
 * USB console: the two data pipes, with rings on the program's side and packets on the host's. No requests here.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef USB_CDC_USB_DATA_H
#define USB_CDC_USB_DATA_H

#include <stdbool.h>
#include <stdint.h>

void usb_data_init(void);

/* From usb_handler(), for requests on endpoint 0 and for packets. */
void usb_data_start(void); /* the host has chosen the configuration */
void usb_data_stop(void);
void usb_data_set_open(bool open);     /* the next program does not get bytes for the last one */
void usb_data_suspend(bool suspended); /* the host sleeps: no packet moves */
void usb_data_sent(void);
void usb_data_arrived(void);

#endif /* USB_CDC_USB_DATA_H */
