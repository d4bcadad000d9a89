/*
 * Take-over from the program before this one. Runs first of all, before any variable has its value.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_TAKEOVER_H
#define ESP32S3_TAKEOVER_H

/* Stops what writes to memory, and lets the serial port send again. */
void take_over(void);

#endif /* ESP32S3_TAKEOVER_H */
