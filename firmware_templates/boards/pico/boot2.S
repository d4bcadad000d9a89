/*
 * Second-stage boot loader: makes the flash readable in place, then starts the program.
 *
 * The mask ROM copies these 256 bytes to SRAM, checks the CRC in the last four and jumps here (RP2040 datasheet
 * 2.8.1). flash_read.h chooses the read; a word takes as many cycles as it says here, two or four a bit's time:
 *
 * dual   3Bh at clk_sys / 2, 62.5 MHz at 125 MHz: 8 + 24 + 8 + 16 bits' times, 112 cycles. It needs no mode or status
 *        bit in the flash and is the same in the parts of all vendors (W25Q16JV datasheet 8.2.13: up to 104 MHz).
 * plain  03h at clk_sys / 4, as the SDK's boot2_generic_03h has it: 64 bits' times, 256 cycles. Every part knows it.
 * quad   EBh at clk_sys / 2 in continuous read, without its instruction: 8 + 4 + 8 bits' times, 40 cycles. It needs the
 *        bit QE of status register 2 (W25Q16JV datasheet 7.1, 8.2). A part that has none, or does not read back a
 *        word of this code, is read as with dual.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "flash_read.h"

        .syntax unified
        .cpu cortex-m0plus
        .thumb

        .equ XIP_SSI_BASE, 0x18         /* its highest byte, the others are 0 (4.10.13) */
        .equ SSI_CTRLR0, 0x00
        .equ SSI_CTRLR1, 0x04
        .equ SSI_SSIENR, 0x08
        .equ SSI_BAUDR, 0x14
        .equ SSI_SR, 0x28
        .equ SSI_DR0, 0x60
        .equ SSI_RX_SAMPLE_DLY, 0xF0
        .equ SSI_SPI_CTRLR0, 0xF4
        .equ PADS_QSPI_SCLK, 0x40020004 /* then SD0 to SD3 (2.19.6.4) */
        .equ SCLK_8_MA_FAST_SLEW, 2 << 4 | 1
        .equ PAD_SCHMITT, 1 << 1

#if FLASH_READ == FLASH_READ_PLAIN
        .equ CLOCK_DIVIDER, 4           /* 31 MHz, of 33 that 03h allows */
        .equ CTRLR0_FRF, 0
        .equ READ_COMMAND, 0x03 << 24
#else
        .equ CLOCK_DIVIDER, 2           /* even */
        .equ CTRLR0_FRF, 1 << 21        /* data on two lines; command and address stay on one */
        .equ READ_COMMAND, 0x3B << 24 | 8 << 11 /* and 8 cycles to wait */
#endif
        .equ CTRLR0_FRF_QUAD, 2 << 21
        .equ CTRLR0_DFS_32_BITS, 31 << 16
        .equ CTRLR0_TMOD_EEPROM, 3 << 8 /* send command and address, then receive */
        .equ SPI_CTRLR0_INST_8_BITS, 2 << 8
        .equ SPI_CTRLR0_ADDR_24_BITS, 6 << 2
        .equ SPI_CTRLR0_ADDR_32_BITS, 8 << 2 /* 24 and the mode bits */
        .equ SPI_CTRLR0_4_WAITS, 4 << 11
        .equ SPI_CTRLR0_ADDR_WIDE, 1    /* address on as many lines as data */
        .equ SPI_CTRLR0_ALL_WIDE, 2     /* what there is of an instruction, too */
        .equ SR_BUSY, 1 << 0
        .equ SR_TX_EMPTY, 1 << 2

        .equ READ_QUAD, 0xEB            /* W25Q16JV datasheet, 8.1 */
        .equ READ_STATUS_1, 0x05
        .equ READ_STATUS_2, 0x35
        .equ WRITE_STATUS_2, 0x31
        .equ ENABLE_VOLATILE_WRITE, 0x50
        .equ END_CONTINUOUS_READ, 0xFF
        .equ CONTINUOUS_READ, 0xA0      /* mode bits: the next read has no instruction */
        .equ STATUS_2_QE, 1 << 1

        .equ XIP_UNCACHED, 0x03000000   /* from a place in flash to the same place past the cache (2.6.3) */
        .equ PROGRAM, 0x10000100        /* its vector table */
        .equ VTOR, 0xE000ED08

        .section .boot2, "ax"
        .global boot2
        .thumb_func
boot2:
        push    {r4, lr}
        /* At this rate the clock needs a strong pad, and the data pads no hysteresis, which costs them time. */
        ldr     r3, =PADS_QSPI_SCLK
        movs    r0, #SCLK_8_MA_FAST_SLEW
        ldr     r1, [r3, #4]
        movs    r2, #PAD_SCHMITT
        bics    r1, r2
        movs    r2, r1
        stmia   r3!, {r0, r1, r2}
#if FLASH_READ == FLASH_READ_QUAD
        stmia   r3!, {r1, r2}
#endif
        movs    r3, #XIP_SSI_BASE
        lsls    r3, r3, #24

#if FLASH_READ == FLASH_READ_QUAD
        /* A program may call this after the flash has been set up: the flash takes no command then. */
        movs    r0, #END_CONTINUOUS_READ
        bl      send_byte
        movs    r4, #0                  /* QE has not been written */
is_quad_enabled:
        movs    r0, #READ_STATUS_2
        bl      read_status
        movs    r0, #STATUS_2_QE
        tst     r1, r0
        bne     quad
        cmp     r4, #0
        bne     other
        /* QE is set until power goes: the flash keeps nothing of it, a board is as it was when another program comes, and
         * nothing wears out. The other bits stay as they are, since some could never be cleared again. */
        movs    r4, #WRITE_STATUS_2
        lsls    r4, r4, #8
        orrs    r4, r0
        uxtb    r1, r1                  /* the line is not driven while the flash hears a command */
        orrs    r4, r1
        movs    r0, #ENABLE_VOLATILE_WRITE
        bl      send_byte
        movs    r0, r4
        bl      exchange
is_busy:
        movs    r0, #READ_STATUS_1
        bl      read_status
        subs    r4, #1                  /* as a number it is 12,544 at least: a bound of 100 ms and more after a reset */
        beq     other
        lsrs    r1, r1, #1              /* BUSY */
        bcs     is_busy
        b       is_quad_enabled

quad:
        ldr     r0, =(CTRLR0_FRF_QUAD | CTRLR0_DFS_32_BITS | CTRLR0_TMOD_EEPROM)
        ldr     r1, =(SPI_CTRLR0_INST_8_BITS | SPI_CTRLR0_ADDR_32_BITS | SPI_CTRLR0_4_WAITS | SPI_CTRLR0_ADDR_WIDE)
        bl      set_up
        movs    r1, #READ_QUAD
        str     r1, [r3, #SSI_DR0]
        movs    r1, #CONTINUOUS_READ    /* of address 0 */
        bl      push
        ldr     r1, =(CONTINUOUS_READ << 24 | SPI_CTRLR0_ADDR_32_BITS | SPI_CTRLR0_4_WAITS | SPI_CTRLR0_ALL_WIDE)
        bl      set_up
        ldr     r1, =(vtor + XIP_UNCACHED)
        ldr     r1, [r1]
        ldr     r2, vtor                /* has both a 0 and a 1 for each of the four lines */
        cmp     r1, r2
        beq     done
        movs    r0, #END_CONTINUOUS_READ
        bl      send_byte
other:
#endif
        ldr     r0, =(CTRLR0_FRF | CTRLR0_DFS_32_BITS | CTRLR0_TMOD_EEPROM)
        ldr     r1, =(READ_COMMAND | SPI_CTRLR0_INST_8_BITS | SPI_CTRLR0_ADDR_24_BITS)
        bl      set_up
done:
        ldr     r0, [sp, #4]            /* 0 from the ROM; a return address if a program called it */
        cmp     r0, #0
        beq     start
        pop     {r4, pc}
start:
        ldr     r0, =PROGRAM
        ldr     r1, vtor
        str     r0, [r1]
        ldmia   r0!, {r1, r2}
        msr     msp, r1
        bx      r2

#if FLASH_READ == FLASH_READ_QUAD
        /* Standard frames of 8 or 16 bits, of which the flash answers the last 8. r0: what to send; then r1: what came. */
send_byte:
        movs    r1, #8 - 1
        b       send
read_status:
        lsls    r0, r0, #8
exchange:
        movs    r1, #16 - 1
send:
        push    {r0, lr}
        lsls    r0, r1, #16             /* CTRLR0's frame size; SPI_CTRLR0 means nothing here */
        bl      set_up
        pop     {r1, r2}
        mov     lr, r2
        /* Sends r1 and waits until the chip select is back. r1: what came. Keeps r0. */
push:
        str     r1, [r3, #SSI_DR0]
is_sending:
        ldr     r1, [r3, #SSI_SR]
        movs    r2, #SR_TX_EMPTY | SR_BUSY
        ands    r1, r2
        cmp     r1, #SR_TX_EMPTY
        bne     is_sending
        ldr     r1, [r3, #SSI_DR0]
        bx      lr
#endif

        /* Sets the SSI up. r0: CTRLR0, r1: SPI_CTRLR0. */
set_up:
        movs    r2, #0
        str     r2, [r3, #SSI_SSIENR]   /* off while it is set up */
        str     r2, [r3, #SSI_CTRLR1]   /* one 32-bit frame a read */
        movs    r2, #CLOCK_DIVIDER
        str     r2, [r3, #SSI_BAUDR]
        str     r0, [r3, #SSI_CTRLR0]
        movs    r2, #SSI_SPI_CTRLR0
        str     r1, [r3, r2]
        movs    r2, #SSI_RX_SAMPLE_DLY
        movs    r1, #1                  /* sample a cycle later: the answer crosses the pads twice */
        str     r1, [r3, r2]
        str     r1, [r3, #SSI_SSIENR]
        bx      lr

        .balign 4
vtor:   .word   VTOR
        .ltorg
