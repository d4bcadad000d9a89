/*
 * Vectors and start-up, for code of the call0 ABI: register windows are never used.
 *
 * The ROM enters `start` on core 0 with its own stack and windows on; core 1 stays in reset.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

/* No interrupt is enabled and no window can overflow, so whatever comes through the table is a fault. One jump every
   16 bytes serves every entry, wherever a core has it. */
    .section .vectors, "ax"
    .balign 1024
    .global vectors
vectors:
    .rept 64
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
    movi a2, 0x2F               /* PS: all interrupts masked, user mode, no windows (ISA manual, "PS register") */
    wsr a2, ps
    rsync
    movi a2, 0
    wsr a2, intenable
    movi a2, vectors
    wsr a2, vecbase
    rsync
    movi a1, stack_top

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
    movi a5, 0x2F
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
