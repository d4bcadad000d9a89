/*
 * Where illegal instructions of QEMU's Xtensa cores go that pie.c knows.
 *
 * CCOUNT counts such an instruction once: it gets back the value from before the trap. What runs outside of that is
 * PIE_UNCOUNTED instructions, for which PIE_COUNT is taken off again: both are chosen so that no fraction remains where
 * an instruction counts 1.28.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
    .set SAVED_SAR, 72
    .set SAVED_COUNT, 76

    .section .places, "a"       /* for the emulator of the ESP32-S3, which puts this beside a program */
    .word pie_trap
    .word pie_enabled
    .word pie_fault

    .section .text.pie, "ax"
    .align 4
    .literal_position
    .align 4
    .global pie_trap
    .type pie_trap, @function
pie_trap:                       /* a0 is in EXCSAVE1 */
    movi a0, frame
    s32i a2, a0, 8
    rsr a2, ccount
    s32i a2, a0, SAVED_COUNT
    s32i a1, a0, 4
    s32i a3, a0, 12
    s32i a4, a0, 16
    s32i a5, a0, 20
    s32i a6, a0, 24
    s32i a7, a0, 28
    s32i a8, a0, 32
    s32i a9, a0, 36
    s32i a10, a0, 40
    s32i a11, a0, 44
    s32i a12, a0, 48
    s32i a13, a0, 52
    s32i a14, a0, 56
    s32i a15, a0, 60
    rsr a2, excsave1
    s32i a2, a0, 0
    rsr a2, epc1
    s32i a2, a0, 64
    rsr a2, exccause
    s32i a2, a0, 68
    rsr a2, sar
    s32i a2, a0, SAVED_SAR
    movi a1, stack_end
    mov a2, a0
    movi a0, pie_interpret
    callx0 a0
    movi a15, frame
    l32i a3, a15, 68
    wsr a3, exccause
    l32i a3, a15, 64
    add a3, a3, a2
    wsr a3, epc1
    l32i a3, a15, SAVED_SAR
    wsr a3, sar
    l32i a0, a15, 0
    wsr a0, excsave1
    mov a14, a2
    l32i a1, a15, 4
    l32i a4, a15, 16
    l32i a5, a15, 20
    l32i a6, a15, 24
    l32i a7, a15, 28
    l32i a8, a15, 32
    l32i a9, a15, 36
    l32i a10, a15, 40
    l32i a11, a15, 44
    l32i a12, a15, 48
    l32i a13, a15, 52
    beqz a14, 1f
    mov a0, a15
    l32i a15, a0, 60
    l32i a14, a0, 56
    l32i a3, a0, 12
    l32i a2, a0, SAVED_COUNT
    addi a2, a2, -PIE_COUNT
    wsr a2, ccount
    .rept PIE_PADDING
    nop
    .endr
    l32i a2, a0, 8
    rsr a0, excsave1
    rfe
1:  movi a0, pie_fault          /* the program's own handler, with all registers as they were but a0, which is in EXCSAVE1 */
    l32i a0, a0, 0
    l32i a2, a15, 8
    l32i a3, a15, 12
    l32i a14, a15, 56
    l32i a15, a15, 60
    jx a0

    .section .data.pie, "aw"
    .align 16
    .global pie_enabled
pie_enabled:
    .word PIE_ENABLED
    .global pie_fault
pie_fault:                      /* where exceptions of the program go */
    .word PIE_FAULT
    .align 16
frame:
    .space 80
    .space 1024
    .align 16
stack_end:
