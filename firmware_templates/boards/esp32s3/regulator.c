/*
 * The regulators' biases. See regulator.h.
 *
 * What is written is what ESP-IDF's boot loader writes (esp_hw_support/port/esp32s3, rtc_init.c and rtc_clk.c): biases
 * of 27 up to 160 MHz and 28 for 240 MHz, 40 us, and all the regulator's slaves on. ESP-IDF's applications then read
 * the chip's own biases from its fuses; this does not.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "regulator.h"

#include "clock.h"
#include "esp32s3.h"

enum {
    BLOCK = 0x6D, /* soc/regi2c_dig_reg.h */
    HOST = 1,
    RTC_BIAS = 4,
    DIGITAL_BIAS = 6,
    BIAS_HIGH_BIT = 4,
    POWER = 13, /* bits 2 and 3: the biases come from elsewhere */
    BIAS_160_MHZ = 27,
    BIAS_240_MHZ = 28,
    SETTLES_US = 40,
};

void regulator_raise(uint32_t mhz)
{
    const uint32_t bias = mhz > 160 ? BIAS_240_MHZ : BIAS_160_MHZ;

    rom_i2c_write(BLOCK, HOST, POWER, 3, 2, 0);
    rom_i2c_write(BLOCK, HOST, RTC_BIAS, BIAS_HIGH_BIT, 0, bias);
    rom_i2c_write(BLOCK, HOST, DIGITAL_BIAS, BIAS_HIGH_BIT, 0, bias);
    clock_wait_us(SETTLES_US);
    RTC_DATE &= ~RTC_DATE_SLAVES_OFF;
}
