/*
 * Second-stage boot loader: makes the flash readable in place, then starts the program.
 *
 * The mask ROM copies these 256 bytes to SRAM, checks the CRC in the last four and jumps here (RP2040 datasheet
 * 2.8.1). It sets the SSI up for the plain 03h read, which every serial NOR flash knows, at clk_sys / 4: 31 MHz at
 * 125 MHz, below the 33 MHz that the slowest parts allow for 03h. Quad reads would be faster but differ by vendor.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
        .syntax unified
        .cpu cortex-m0plus
        .thumb

        .equ XIP_SSI_BASE, 0x18000000   /* 4.10.13 */
        .equ SSI_CTRLR0, 0x00
        .equ SSI_CTRLR1, 0x04
        .equ SSI_SSIENR, 0x08
        .equ SSI_BAUDR, 0x14
        .equ SSI_SPI_CTRLR0, 0xF4

        .equ CLOCK_DIVIDER, 4           /* even */
        .equ CTRLR0_DFS_32_BITS, 31 << 16
        .equ CTRLR0_TMOD_EEPROM, 3 << 8 /* send command and address, then receive */
        .equ SPI_CTRLR0_COMMAND, 0x03 << 24
        .equ SPI_CTRLR0_INST_8_BITS, 2 << 8
        .equ SPI_CTRLR0_ADDR_24_BITS, 6 << 2

        .equ PROGRAM, 0x10000100        /* its vector table */
        .equ VTOR, 0xE000ED08

        .section .boot2, "ax"
        .global boot2
        .thumb_func
boot2:
        push    {lr}
        ldr     r3, =XIP_SSI_BASE
        movs    r0, #0
        str     r0, [r3, #SSI_SSIENR]   /* off while it is set up */
        movs    r0, #CLOCK_DIVIDER
        str     r0, [r3, #SSI_BAUDR]
        ldr     r0, =(CTRLR0_DFS_32_BITS | CTRLR0_TMOD_EEPROM)
        str     r0, [r3, #SSI_CTRLR0]
        ldr     r1, =(XIP_SSI_BASE + SSI_SPI_CTRLR0)
        ldr     r0, =(SPI_CTRLR0_COMMAND | SPI_CTRLR0_INST_8_BITS | SPI_CTRLR0_ADDR_24_BITS)
        str     r0, [r1]
        movs    r0, #0
        str     r0, [r3, #SSI_CTRLR1]   /* one 32-bit frame a read */
        movs    r0, #1
        str     r0, [r3, #SSI_SSIENR]

        pop     {r0}                    /* 0 from the ROM; a return address if a program called it */
        cmp     r0, #0
        beq     start
        bx      r0
start:
        ldr     r0, =PROGRAM
        ldr     r1, =VTOR
        str     r0, [r1]
        ldmia   r0!, {r1, r2}
        msr     msp, r1
        bx      r2
        .ltorg
