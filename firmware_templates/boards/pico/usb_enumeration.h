/*
 * Erratum RP2040-E5: behind a hub that passes on packets for other devices, chips of revisions B0 and B1 never see the
 * 0.8 ms of idle bus after a reset that they wait for.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PICO_USB_ENUMERATION_H
#define PICO_USB_ENUMERATION_H

#include <stdbool.h>

/* The chip has a revision with the errata that B2 mended: E5, and E2 (endpoints cannot be aborted). */
bool usb_chip_is_old(void);

/* After a bus reset: shows the controller an idle bus for a millisecond, once the reset is over. */
void usb_enumeration_help(void);

void usb_enumeration_handler(void);

#endif /* PICO_USB_ENUMERATION_H */
