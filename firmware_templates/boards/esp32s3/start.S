/*
 * Vectors and start-up, for code of the call0 ABI: register windows are never used.
 *
 * The ROM enters `start` on core 0 with its own stack and windows on; core 1 stays in reset.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

/* No window can overflow, and interrupts of level 2 are the only ones that are enabled (sleep.c), so whatever else comes
   through the table is a fault. One jump every 16 bytes serves every other entry, wherever a core has it. The vector of
   level 2 is 0x180 behind VECBASE (ESP-IDF, xtensa/config/core-isa.h, XCHAL_INTLEVEL2_VECOFS). */
    .set PS_MASKED, 0x2F        /* all interrupts masked, user mode, no windows (ISA manual, "PS register") */
    .set LEVEL_2, 0x180

    .set CPENABLE, 224
    .set VECTOR_UNIT, 3         /* its number as a coprocessor (ESP-IDF, xtensa/config/tie.h, XCHAL_CP_ID_COP_AI) */

    .section .vectors, "ax"
    .balign 1024
    .global vectors
vectors:
    .rept LEVEL_2 / 16
    j fault_entry
    .balign 16
    .endr
    movi a2, PS_MASKED          /* the interrupt has ended the wait, which is all that it is for */
    wsr a2, eps2
    rfi 2
    .balign 16
    .rept (1024 - LEVEL_2) / 16 - 1
    j fault_entry
    .balign 16
    .endr

    .section .start, "ax"
    .balign 4
    .literal_position
    .balign 4
    .global start
    .type start, @function
start:
    movi a2, PS_MASKED
    wsr a2, ps
    rsync
    movi a2, 0
    wsr a2, intenable
    movi a2, vectors
    wsr a2, vecbase
    rsync
#ifdef WW_VECTOR_UNIT
    movi a2, 1 << VECTOR_UNIT
    .byte 0x20, CPENABLE, 0x13  /* wsr a2, cpenable: the assembler's core has no coprocessors */
    rsync
#endif
    movi a1, stack_top

    call0 take_over
    movi a2, bss_start
    movi a3, bss_end
    movi a4, 0
    call0 fill
    movi a2, stack_bottom
    movi a3, stack_top
    movi a4, 0xC5C5C5C5         /* STACK_PAINT of board.c */
    call0 fill
    call0 main
1:  j 1b

/* See sleep.h. An interrupt is taken nowhere but here: it returns behind the `waiti`, with all masked again. */
    .balign 4
    .global wait_for_interrupt
    .type wait_for_interrupt, @function
wait_for_interrupt:
    wsr a2, intenable
    rsync
    waiti 0
    ret

/* Words from a2 to a3 become a4. */
    .balign 4
fill:
    bgeu a2, a3, 2f
    s32i a4, a2, 0
    addi a2, a2, 4
    j fill
2:  ret

/* A fault: its cause, its place and the stack to board_fault, on a stack of its own, as the old one may be what failed.
   A second fault, in the handler, waits for the watchdog. */
    .balign 4
    .literal_position
    .balign 4
fault_entry:
    movi a5, faulted
    l32i a6, a5, 0
3:  bnez a6, 3b
    s32i a5, a5, 0
    mov a6, a1
    movi a1, fault_stack_top
    rsr a2, exccause
    rsr a3, epc1
    rsr a4, excvaddr
    movi a5, PS_MASKED
    wsr a5, ps
    rsync
    mov a5, a6
    call0 board_fault
4:  j 4b

    .section .bss.fault, "aw", @nobits
    .balign 16
faulted:
    .space 256                  /* the word at its beginning, and the handler's stack above */
fault_stack_top:
