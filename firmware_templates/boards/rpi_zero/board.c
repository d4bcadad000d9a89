/*
 * Raspberry Pi Zero, with the name that its device tree gives to the green LED.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

const struct board board = {.name = "rpi_zero", .led = "/sys/class/leds/ACT/brightness"};
