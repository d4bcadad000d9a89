/*
 * Reset vector and start-up of QEMU's `sim` machine (core dc232b) for call0 code.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
    .section .reset, "ax"
    .global ww_reset
ww_reset:
    j 1f
    .align 4
    .literal_position
1:  movi a0, ww_start
    jx a0

    .section .text.start, "ax"
    .align 4
    .literal_position
ww_start:
    movi a2, 0x2F               /* PS: all interrupts masked, exceptions taken in user mode */
    wsr a2, ps
    rsync
    movi a1, ww_stack_top
    movi a2, ww_bss_start
    movi a3, ww_bss_end
    movi a4, 0
2:  bgeu a2, a3, 3f
    s32i a4, a2, 0
    addi a2, a2, 4
    j 2b
3:  movi a0, main
    callx0 a0
    movi a0, ww_machine_exit
    callx0 a0
