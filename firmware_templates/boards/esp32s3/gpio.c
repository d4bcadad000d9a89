/*
 * Pins. See gpio.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "gpio.h"

#include "esp32s3.h"

enum { IO_MUX_GPIO = 1 };

void gpio_write(uint32_t pin, bool level)
{
    if (level) {
        GPIO_OUT_SET(pin) = GPIO_BIT(pin);
    } else {
        GPIO_OUT_CLEAR(pin) = GPIO_BIT(pin);
    }
}

static void drive(uint32_t pin, uint32_t select)
{
    GPIO_OUT_SELECT(pin) = select | GPIO_OUT_SELECT_BY_GPIO;
    IO_MUX(pin) = IO_MUX_FUNCTION(IO_MUX_GPIO) | IO_MUX_DRIVE_20MA;
    GPIO_ENABLE_SET(pin) = GPIO_BIT(pin);
}

void gpio_output(uint32_t pin, bool level)
{
    gpio_write(pin, level);
    drive(pin, GPIO_OUT_SELECT_GPIO);
}

void gpio_output_signal(uint32_t pin, uint32_t signal)
{
    drive(pin, signal);
}

void gpio_input_signal(uint32_t pin, uint32_t signal)
{
    GPIO_ENABLE_CLEAR(pin) = GPIO_BIT(pin);
    IO_MUX(pin) = IO_MUX_FUNCTION(IO_MUX_GPIO) | IO_MUX_INPUT;
    GPIO_IN_SELECT(signal) = pin | GPIO_IN_SELECT_MATRIX;
}

void gpio_open_drain(uint32_t pin)
{
    gpio_pull(pin, false);
    gpio_write(pin, false);
    GPIO_OUT_SELECT(pin) = GPIO_OUT_SELECT_GPIO | GPIO_OUT_SELECT_BY_GPIO;
    IO_MUX(pin) = IO_MUX_FUNCTION(IO_MUX_GPIO) | IO_MUX_INPUT | IO_MUX_PULL_UP | IO_MUX_DRIVE_20MA;
}

void gpio_pull(uint32_t pin, bool low)
{
    if (low) {
        GPIO_ENABLE_SET(pin) = GPIO_BIT(pin);
    } else {
        GPIO_ENABLE_CLEAR(pin) = GPIO_BIT(pin);
    }
}

bool gpio_read(uint32_t pin)
{
    return (GPIO_IN(pin) & GPIO_BIT(pin)) != 0;
}
