/*
 * Pins, by number: driven, read, or connected to a signal of a peripheral.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_GPIO_H
#define ESP32S3_GPIO_H

#include <stdbool.h>
#include <stdint.h>

/* A pin that follows gpio_write. Its first level is an argument, so that it does not flicker. */
void gpio_output(uint32_t pin, bool level);
void gpio_write(uint32_t pin, bool level);

/* A pin that gpio_pull drives low and a resistor pulls high. */
void gpio_open_drain(uint32_t pin);
void gpio_pull(uint32_t pin, bool low);
bool gpio_read(uint32_t pin);

/* A pin that follows a signal of a peripheral, or feeds one (TRM, "Peripheral Signal List"). */
void gpio_output_signal(uint32_t pin, uint32_t signal);
void gpio_input_signal(uint32_t pin, uint32_t signal);

#endif /* ESP32S3_GPIO_H */
