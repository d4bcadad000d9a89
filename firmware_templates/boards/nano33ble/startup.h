/*
 * Start-up code: see startup.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NANO33BLE_STARTUP_H
#define NANO33BLE_STARTUP_H

#include <stdint.h>

/* Deepest stack use since reset, in bytes. */
uint32_t stack_high_water_bytes(void);

#endif /* NANO33BLE_STARTUP_H */
