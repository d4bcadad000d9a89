/*
 * The place of the stack, and the value that it is painted with.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CORTEX_M_STACK_H
#define CORTEX_M_STACK_H

#include <stdint.h>

extern uint32_t stack_bottom, stack_top; /* link.ld */

#define STACK_PAINT 0xC5C5C5C5u

/* For the reset handler, while the stack is shallow. Not with memset, whose frame would lie in the painted part. */
__attribute__((always_inline)) static inline void stack_paint(void)
{
    const volatile uint32_t *end = __builtin_frame_address(0);
    for (volatile uint32_t *to = &stack_bottom; to < end - 16; to++) {
        *to = STACK_PAINT;
    }
}

#endif /* CORTEX_M_STACK_H */
