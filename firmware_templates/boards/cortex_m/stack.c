/*
 * The deepest use of the stack (bare.h). A board's reset handler paints it, its link.ld places it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "stack.h"

#include "bare.h"

uint32_t board_stack_high_water(void)
{
    const volatile uint32_t *word = &stack_bottom;
    while (word < &stack_top && *word == STACK_PAINT) {
        word++;
    }
    return (uint32_t)((uintptr_t)&stack_top - (uintptr_t)word);
}
