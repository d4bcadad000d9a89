/*
 * Where the boot ROM enters a program in RAM (ram.ld): as boot2 does for one in flash, it takes the stack pointer and the
 * entry from the vector table. The image for flash does not hold it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
        .syntax unified
        .cpu cortex-m0plus
        .thumb

        .equ VTOR, 0xE000ED08

        .section .ram_entry, "ax"
        .global ram_entry
        .thumb_func
ram_entry:
        ldr     r0, =ram_vectors
        ldr     r1, =VTOR
        str     r0, [r1]
        ldmia   r0!, {r1, r2}
        msr     msp, r1
        bx      r2
        .ltorg
