/*
 * The application on a painted stack of its own, so that its deepest use can be told as on a microcontroller.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LINUX_STACK_H
#define LINUX_STACK_H

#include <stdint.h>

/* Calls `body`, which may be done once, and returns when it has. */
void stack_run(void (*body)(void));

/* Bytes. */
uint32_t stack_high_water(void);

#endif /* LINUX_STACK_H */
