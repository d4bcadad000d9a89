/*
 * The application on its own painted stack, so that its deepest use can be measured as on a microcontroller.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LINUX_STACK_H
#define LINUX_STACK_H

#include <stdint.h>

/* Calls `body` and returns after it. To be used once. */
void stack_run(void (*body)(void));

/* Bytes. */
uint32_t stack_high_water(void);

#endif /* LINUX_STACK_H */
