/* Stand-in: Raspberry Pi Pico-series C/C++ SDK, hardware_clocks. */
#pragma once
#include <stdint.h>
enum { clk_sys = 5 };
static inline uint32_t clock_get_hz(int clock)
{
    return clock == clk_sys ? 125000000 : 0;
}
