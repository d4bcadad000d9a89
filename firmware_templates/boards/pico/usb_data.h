/*
 * USB console: the two data pipes. Rings on the program's side, packets on the host's; knows nothing of requests.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PICO_USB_DATA_H
#define PICO_USB_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void usb_data_init(void);

/* From the main loop; usb.h describes them. */
bool usb_data_waiting(void);
size_t usb_data_read(uint8_t *bytes, size_t max);
void usb_data_write(const uint8_t *bytes, size_t count);

/* From the interrupt handler, for requests on endpoint 0 and for finished packets. */
void usb_data_start(void); /* the host has chosen the configuration */
void usb_data_stop(void);
void usb_data_set_open(bool open); /* what the program that had the port open did not take is not for the next one */
void usb_data_unhalt(uint8_t endpoint_address); /* it starts again with DATA0 (USB 2.0, 9.4.5) */
void usb_data_in_done(void);
void usb_data_out_done(void);

/* Hands a packet buffer of any endpoint to the controller. */
void usb_give_buffer(volatile uint32_t *buffer_control, uint32_t value);

#endif /* PICO_USB_DATA_H */
