/* Stand-in: ESP-IDF Programming Guide, "GPIO & RTC GPIO". */
#pragma once
#include "esp_err.h"
#include "hal/gpio_types.h"
#include <stdint.h>
typedef enum { GPIO_MODE_OUTPUT = 2 } gpio_mode_t;
static inline esp_err_t gpio_reset_pin(gpio_num_t pin)
{
    return pin < GPIO_NUM_MAX ? ESP_OK : ESP_FAIL;
}
static inline esp_err_t gpio_set_direction(gpio_num_t pin, gpio_mode_t mode)
{
    return mode == GPIO_MODE_OUTPUT ? gpio_reset_pin(pin) : ESP_FAIL;
}
static inline esp_err_t gpio_set_level(gpio_num_t pin, uint32_t level)
{
    return level < 2 ? gpio_reset_pin(pin) : ESP_FAIL;
}
