/*
 * USB console: the two data pipes. Rings on the program's side, packets on the host's; knows nothing of requests.
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
void usb_data_set_open(bool open); /* what the program that had the port open did not take is not for the next one */
void usb_data_suspend(bool suspended); /* the host sleeps: nothing is sent or taken */
void usb_data_sent(void);
void usb_data_arrived(void);

#endif /* USB_CDC_USB_DATA_H */
