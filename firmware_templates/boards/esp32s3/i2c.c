/*
 * I2C by hand. See i2c.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "i2c.h"

#include "board_config.h"
#include "clock.h"
#include "gpio.h"

/* Of a bit; the standard mode wants 4.7 us before a start and 4 us after it (UM10204, table 10). */
enum { QUARTER_US = 5 };

static void line(uint32_t pin, bool high)
{
    gpio_pull(pin, !high);
    clock_wait_us(QUARTER_US);
}

static void start(void)
{
    line(BOARD_PIN_SDA, true);
    line(BOARD_PIN_SCL, true);
    line(BOARD_PIN_SDA, false);
    line(BOARD_PIN_SCL, false);
}

static void stop(void)
{
    line(BOARD_PIN_SDA, false);
    line(BOARD_PIN_SCL, true);
    line(BOARD_PIN_SDA, true);
}

/* Sends one bit, and returns the level of the line: a device answers by pulling it low. */
static bool bit(bool high)
{
    line(BOARD_PIN_SDA, high);
    line(BOARD_PIN_SCL, true);
    const bool seen = gpio_read(BOARD_PIN_SDA);
    clock_wait_us(QUARTER_US);
    line(BOARD_PIN_SCL, false);
    return seen;
}

static bool byte(uint8_t value)
{
    for (int i = 7; i >= 0; i--) {
        (void)bit((value >> i & 1) != 0);
    }
    return !bit(true);
}

void i2c_init(void)
{
    gpio_open_drain(BOARD_PIN_SDA);
    gpio_open_drain(BOARD_PIN_SCL);
    for (int i = 0; i < 9; i++) { /* so that a device that was reset in the middle of a byte finishes it */
        (void)bit(true);
    }
    stop();
}

bool i2c_write_register(uint8_t address, uint8_t number, uint8_t value)
{
    start();
    const bool taken = byte((uint8_t)(address << 1)) && byte(number) && byte(value);
    stop();
    return taken;
}
