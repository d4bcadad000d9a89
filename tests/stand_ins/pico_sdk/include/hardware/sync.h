/* Stand-in: Raspberry Pi Pico-series C/C++ SDK, hardware_sync. */
#pragma once
static inline void __mem_fence_release(void)
{
}
/* Until the interrupt of a block of samples. */
void __wfi(void);
