/*
 * Calls from code of the call0 ABI into the ROM, whose functions use register windows.
 *
 * WINDOWSTART gets this frame alone, so that none of the ROM's old frames is saved to a stack that is gone. Calls that go
 * deeper than the registers last save this frame, too: with the ROM's own handlers, to the places that the windowed ABI
 * has for it (Xtensa ISA manual, "Windowed Register Usage and Stack Layout"). The ROM's function may change a10 to a15,
 * four of which are the caller's. The assembler is the ESP8266's, whose core has no windows; so three instructions are
 * written as bytes (Xtensa ISA manual: RSR, WSR, CALLX8).
 *
 * An emulator whose core has no windows leaves out what is between rom_windows and rom_windows_end, and does the ROM's
 * work at rom_call_site (board_table.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
    .set WINDOWBASE, 72
    .set WINDOWSTART, 73
    .set PS_WITH_WINDOWS, 0x4002F   /* as in start.S, with windows on */
    .set PS_MASKED, 0x2F
    .set ROM_VECTORS, 0x40000000    /* ESP-IDF, xtensa/config/core-isa.h, XCHAL_WINDOW_VECTORS_VADDR */
    .set FRAME, 64                  /* from a1: a0, a12 to a15, VECBASE; from 32 on: room for a4 to a7 */

/* Addresses: ESP-IDF, esp_rom/esp32s3/ld/esp32s3.rom.ld. */
    .macro rom_function name, address
    .section .text.\name, "ax"
    .balign 4
    .literal_position
    .balign 4
    .global \name
    .type \name, @function
\name:
    movi a9, \address
    j rom_call
    .endm

    rom_function rom_i2c_write, 0x40005D6C      /* rom_i2c_writeReg_Mask */
    rom_function rom_cache_enable, 0x40001890   /* Cache_Enable_DCache */
    rom_function rom_cache_disable, 0x40001884  /* Cache_Disable_DCache */
    rom_function rom_cache_mode, 0x40001A28     /* rom_config_data_cache_mode */

    .section .text.rom_call, "ax"
    .balign 4
    .literal_position
    .balign 4
rom_call:
    addi a1, a1, -FRAME
    s32i a0, a1, 0
    s32i a12, a1, 4
    s32i a13, a1, 8
    s32i a14, a1, 12
    s32i a15, a1, 16
    rsr a8, vecbase
    s32i a8, a1, 20
    addi a8, a1, -16            /* where a caller's stack pointer is looked for: a4 to a7 go 32 bytes below it */
    addi a10, a1, FRAME
    s32i a10, a8, 4
    mov a10, a2                 /* a10 to a15 are a2 to a7 of the function that CALL8 calls */
    mov a11, a3
    mov a12, a4
    mov a13, a5
    mov a14, a6
    mov a15, a7
    mov a4, a9
    movi a2, ROM_VECTORS
    wsr a2, vecbase
    .global rom_windows, rom_windows_end, rom_call_site
rom_windows:
    .byte 0x20, WINDOWBASE, 0x03    /* rsr a2, windowbase */
    movi a3, 1
    ssl a2
    sll a3, a3
    .byte 0x30, WINDOWSTART, 0x13   /* wsr a3, windowstart */
rom_windows_end:
    rsync
    movi a2, PS_WITH_WINDOWS
    wsr a2, ps
    rsync
rom_call_site:
    .byte 0xE0, 0x04, 0x00          /* callx8 a4 */
    movi a2, PS_MASKED
    wsr a2, ps
    l32i a2, a1, 20
    wsr a2, vecbase
    rsync
    mov a2, a10
    l32i a0, a1, 0
    l32i a12, a1, 4
    l32i a13, a1, 8
    l32i a14, a1, 12
    l32i a15, a1, 16
    addi a1, a1, FRAME
    ret
