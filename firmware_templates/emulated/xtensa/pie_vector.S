/*
 * The vector of exceptions of QEMU's core dc232b, for programs with instructions of the vector unit (pie.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
    .section .vector, "ax"
    .align 4
place:
    .word pie_trap
    wsr a0, excsave1            /* the vector itself: see sim.ld */
    l32r a0, place
    jx a0

    .section .double_vector, "ax"
    .align 4
double_place:
    .word ww_fault
    l32r a0, double_place       /* an exception in pie.c, of a load */
    jx a0

    .section .text.pie_vector, "ax"
    .align 4
    .literal_position
    .align 4
    .global ww_fault
    .type ww_fault, @function
ww_fault:                       /* ends the program with the fault's cause, from 64 on */
    rsr a2, exccause
    addi a2, a2, 64
    movi a0, ww_machine_exit
    jx a0
