/*
 * A call from code of the call0 ABI into the ROM, whose functions use register windows.
 *
 * WINDOWSTART gets this frame alone, so that none of the ROM's old frames is saved to a stack that is gone: calls five
 * deep then fit the 64 registers, and no window overflows. The assembler is the ESP8266's, whose core has no windows;
 * so three instructions are written as bytes (Xtensa ISA manual: RSR, WSR, CALLX8).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
    .set WINDOWBASE, 72
    .set WINDOWSTART, 73
    .set ROM_I2C_WRITE_REG_MASK, 0x40005D6C /* ESP-IDF, esp_rom/esp32s3/ld/esp32s3.rom.ld */

    .section .text.rom_i2c_write, "ax"
    .balign 4
    .literal_position
    .balign 4
    .global rom_i2c_write
    .type rom_i2c_write, @function
rom_i2c_write:
    addi a1, a1, -16
    s32i a0, a1, 0
    mov a10, a2                 /* a10 to a15 are a2 to a7 of the function that CALL8 calls */
    mov a11, a3
    mov a12, a4
    mov a13, a5
    mov a14, a6
    mov a15, a7
    .byte 0x20, WINDOWBASE, 0x03    /* rsr a2, windowbase */
    movi a3, 1
    ssl a2
    sll a3, a3
    .byte 0x30, WINDOWSTART, 0x13   /* wsr a3, windowstart */
    rsync
    movi a2, 0x4002F            /* PS: as in start.S, with windows on */
    wsr a2, ps
    rsync
    movi a4, ROM_I2C_WRITE_REG_MASK
    .byte 0xE0, 0x04, 0x00          /* callx8 a4 */
    movi a2, 0x2F
    wsr a2, ps
    rsync
    l32i a0, a1, 0
    addi a1, a1, 16
    ret
