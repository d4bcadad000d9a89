/* Stand-in: Raspberry Pi Pico-series C/C++ SDK. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
typedef unsigned int uint;
typedef uint64_t absolute_time_t;
#define PICO_DEFAULT_LED_PIN 25
static inline bool stdio_init_all(void)
{
    return true;
}
static inline void gpio_init(uint pin)
{
    (void)pin;
}
static inline void gpio_set_dir(uint pin, bool out)
{
    (void)pin, (void)out;
}
static inline void gpio_put(uint pin, bool on)
{
    (void)pin, (void)on;
}
static inline absolute_time_t get_absolute_time(void)
{
    return 0;
}
static inline absolute_time_t make_timeout_time_us(uint64_t us)
{
    return us;
}
bool time_reached(absolute_time_t when);
#define panic(...) (printf(__VA_ARGS__), exit(1))
