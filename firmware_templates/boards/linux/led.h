/*
 * An LED of the computer, through the kernel's file of its brightness.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LINUX_LED_H
#define LINUX_LED_H

#include <stdbool.h>

/* Takes the LED at `asked`, or ends the program with a sentence; NULL: the one at `usual`, if there is one that this
   user may use. Returns a descriptor, -1: none. */
int led_open(const char *asked, const char *usual);

void led_set(int led, bool on);

#endif /* LINUX_LED_H */
