/*
 * Disables interrupts for a moment (PRIMASK).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CORTEX_M_INTERRUPTS_H
#define CORTEX_M_INTERRUPTS_H

#include <stdint.h>

/* Returns the argument for interrupts_restore(). */
static inline uint32_t interrupts_off(void)
{
    uint32_t primask;
    __asm volatile("mrs %0, primask\n cpsid i" : "=r"(primask) : : "memory");
    return primask;
}

static inline void interrupts_restore(uint32_t primask)
{
    __asm volatile("msr primask, %0" : : "r"(primask) : "memory");
}

#endif /* CORTEX_M_INTERRUPTS_H */
