/*
 * Second-stage boot loader: makes the flash readable in place, then starts the program.
 *
 * The mask ROM copies these 256 bytes to SRAM, checks the CRC in the last four and jumps here (RP2040 datasheet
 * 2.8.1). It sets the SSI up for the dual-output fast read 3Bh at clk_sys / 2: 62.5 MHz at 125 MHz. 3Bh needs no mode
 * or status bit in the flash and is the same in the parts of all vendors (W25Q16JV datasheet 8.2.13: up to 104 MHz).
 * A word takes 8 + 24 + 8 + 16 bits' times of 2 cycles, 112 in all. Quad reads would take half of that, but need a bit
 * that some parts have to be told first. The plain read 03h at clk_sys / 4, as the SDK's boot2_generic_03h has it, is
 * what every part knows and takes 256 cycles (flash_read.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "flash_read.h"

        .syntax unified
        .cpu cortex-m0plus
        .thumb

        .equ XIP_SSI_BASE, 0x18000000   /* 4.10.13 */
        .equ SSI_CTRLR0, 0x00
        .equ SSI_CTRLR1, 0x04
        .equ SSI_SSIENR, 0x08
        .equ SSI_BAUDR, 0x14
        .equ SSI_RX_SAMPLE_DLY, 0xF0
        .equ SSI_SPI_CTRLR0, 0xF4
        .equ PADS_QSPI_BASE, 0x40020000 /* 2.19.6.4 */
        .equ PADS_SCLK, 0x04
        .equ PADS_SD0, 0x08
        .equ PADS_SD1, 0x0C
        .equ SCLK_8_MA_FAST_SLEW, 2 << 4 | 1
        .equ PAD_SCHMITT, 1 << 1

#if FLASH_READ_DUAL
        .equ CLOCK_DIVIDER, 2           /* even */
        .equ CTRLR0_FRF, 1 << 21        /* data on two lines; command and address stay on one */
        .equ READ_COMMAND, 0x3B << 24 | 8 << 11 /* and 8 cycles to wait */
#else
        .equ CLOCK_DIVIDER, 4           /* 31 MHz, of 33 that 03h allows */
        .equ CTRLR0_FRF, 0
        .equ READ_COMMAND, 0x03 << 24
#endif
        .equ CTRLR0_DFS_32_BITS, 31 << 16
        .equ CTRLR0_TMOD_EEPROM, 3 << 8 /* send command and address, then receive */
        .equ SPI_CTRLR0_INST_8_BITS, 2 << 8
        .equ SPI_CTRLR0_ADDR_24_BITS, 6 << 2

        .equ PROGRAM, 0x10000100        /* its vector table */
        .equ VTOR, 0xE000ED08

        .section .boot2, "ax"
        .global boot2
        .thumb_func
boot2:
        push    {lr}
        /* At this rate the clock needs a strong pad, and the data pads no hysteresis, which costs them time. */
        ldr     r3, =PADS_QSPI_BASE
        movs    r0, #SCLK_8_MA_FAST_SLEW
        str     r0, [r3, #PADS_SCLK]
        ldr     r0, [r3, #PADS_SD0]
        movs    r1, #PAD_SCHMITT
        bics    r0, r1
        str     r0, [r3, #PADS_SD0]
        str     r0, [r3, #PADS_SD1]
        ldr     r3, =XIP_SSI_BASE
        movs    r0, #0
        str     r0, [r3, #SSI_SSIENR]   /* off while it is set up */
        movs    r0, #CLOCK_DIVIDER
        str     r0, [r3, #SSI_BAUDR]
        movs    r1, #SSI_RX_SAMPLE_DLY
        movs    r0, #1                  /* sample a cycle later: the answer crosses the pads twice */
        str     r0, [r3, r1]
        ldr     r0, =(CTRLR0_FRF | CTRLR0_DFS_32_BITS | CTRLR0_TMOD_EEPROM)
        str     r0, [r3, #SSI_CTRLR0]
        ldr     r1, =(XIP_SSI_BASE + SSI_SPI_CTRLR0)
        ldr     r0, =(READ_COMMAND | SPI_CTRLR0_INST_8_BITS | SPI_CTRLR0_ADDR_24_BITS)
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
