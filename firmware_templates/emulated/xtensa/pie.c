/*
 * The ESP32-S3's vector unit for QEMU's Xtensa cores, which do not have it: its instructions trap as illegal ones, and
 * pie_trap.S calls this interpreter of those that wwtool's kernels use. Any other stays illegal.
 *
 * Words and effects are those of the ESP32-S3 Technical Reference Manual (version 1.7), chapter 1, "Processor
 * Instruction Extensions"; it is written from that chapter, not from ww_pie.h, so that each holds the other.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pie.h"

#include <stddef.h>
#include <string.h>

enum { BLOCK = 16, HALF = 8, LANE_BITS = 20, WORDS_OF_HALF = 5 };
enum { ILLEGAL = 0, DISABLED = 32 + PIE_COPROCESSOR }; /* EXCCAUSE (Xtensa ISA manual, "Exception Causes") */
enum { ACCX_0 = 0, QACC_H_0 = 2, QACC_L_0 = 7 };       /* user registers (ESP-IDF, xtensa/config/tie.h of esp32s3) */

/* QACC_L is lanes 0 to 7, QACC_H lanes 8 to 15. */
static struct {
    int8_t q[8][BLOCK];
    int32_t qacc[BLOCK];
    int64_t accx;
    uint32_t sar_byte;
} unit;

static uint32_t bits(uint32_t word, int high, int low)
{
    return word >> low & ((2u << (high - low)) - 1u);
}

static void load(uint32_t number, uint32_t address)
{
    const uint32_t *from = (const uint32_t *)(uintptr_t)(address & ~15u);
    uint32_t words[BLOCK / 4];
    for (int i = 0; i < BLOCK / 4; i++) {
        words[i] = from[i];
    }
    memcpy(unit.q[number], words, BLOCK);
}

static void store(uint32_t number, uint32_t address)
{
    uint32_t *to = (uint32_t *)(uintptr_t)(address & ~15u);
    uint32_t words[BLOCK / 4];
    memcpy(words, unit.q[number], BLOCK);
    for (int i = 0; i < BLOCK / 4; i++) {
        to[i] = words[i];
    }
}

static void multiply_into_accx(uint32_t x, uint32_t y)
{
    const int64_t most = ((int64_t)1 << 39) - 1;
    for (int i = 0; i < BLOCK; i++) {
        unit.accx += unit.q[x][i] * unit.q[y][i];
    }
    unit.accx = unit.accx > most ? most : unit.accx < -most - 1 ? -most - 1 : unit.accx;
}

static void multiply_into_qacc(uint32_t x, uint32_t y)
{
    const int32_t most = (1 << (LANE_BITS - 1)) - 1;
    for (int i = 0; i < BLOCK; i++) {
        const int32_t sum = unit.qacc[i] + unit.q[x][i] * unit.q[y][i];
        unit.qacc[i] = sum > most ? most : sum < -most - 1 ? -most - 1 : sum;
    }
}

static void shift_pair(uint32_t to, uint32_t low, uint32_t high)
{
    int8_t pair[2 * BLOCK];
    memcpy(pair, unit.q[low], BLOCK);
    memcpy(pair + BLOCK, unit.q[high], BLOCK);
    memcpy(unit.q[to], pair + unit.sar_byte, BLOCK);
}

/* Word `number` of a half of QACC, whose lanes lie bit by bit behind each other. */
static uint32_t word_of(const int32_t *lanes, uint32_t number)
{
    uint32_t word = 0;
    for (uint32_t bit = 0; bit < 32u; bit++) {
        const uint32_t at = 32u * number + bit;
        word |= ((uint32_t)lanes[at / LANE_BITS] >> at % LANE_BITS & 1u) << bit;
    }
    return word;
}

static int read_user_register(uint32_t number, uint32_t *value)
{
    if (number == ACCX_0) {
        *value = (uint32_t)unit.accx;
    } else if (number >= QACC_H_0 && number < QACC_H_0 + WORDS_OF_HALF) {
        *value = word_of(unit.qacc + HALF, number - QACC_H_0);
    } else if (number >= QACC_L_0 && number < QACC_L_0 + WORDS_OF_HALF) {
        *value = word_of(unit.qacc, number - QACC_L_0);
    } else {
        return 0;
    }
    return 1;
}

/* Sign-extended, in steps of 16 bytes. */
static uint32_t step_of(uint32_t field, uint32_t sign)
{
    return ((field ^ sign) - sign) << 4;
}

/* Instructions of four bytes. */
static int wide(uint32_t word, uint32_t a[16])
{
    /* EE.VMULAS.S8.ACCX.LD.IP */
    if (bits(word, 31, 28) == 15u && bits(word, 22, 20) == 0 && bits(word, 18, 16) == 2u && bits(word, 3, 1) == 7u) {
        const uint32_t as = bits(word, 7, 4);
        const uint32_t x = bits(word, 0, 0) << 2 | bits(word, 15, 14);
        const uint32_t y = bits(word, 13, 12) << 1 | bits(word, 23, 23);
        multiply_into_accx(x, y);
        load(bits(word, 25, 24) << 1 | bits(word, 19, 19), a[as]);
        a[as] += step_of(bits(word, 27, 26) << 4 | bits(word, 11, 8), 32);
        return 4;
    }
    return 0;
}

/* Loads and a store of three bytes: their operands lie alike. */
static int moving(uint32_t word, uint32_t a[16])
{
    const uint32_t as = bits(word, 7, 4);
    const uint32_t qu = bits(word, 21, 20) << 1 | bits(word, 15, 15);
    const uint32_t by_register = bits(word, 23, 22) == 2u && bits(word, 19, 16) == 13u;
    const uint32_t kind = bits(word, 14, 12);

    if (bits(word, 23, 23) == 1u && (bits(word, 19, 16) == 3u || bits(word, 19, 16) == 10u)) {
        (bits(word, 19, 16) == 3u ? load : store)(qu, a[as]); /* EE.VLD.128.IP, EE.VST.128.IP */
        a[as] += step_of(bits(word, 22, 22) << 7 | bits(word, 14, 8), 128);
        return 3;
    }
    if (by_register && (kind == 0 || kind == 2u)) { /* EE.LD.128.USAR.XP, EE.VLD.128.XP */
        unit.sar_byte = kind == 0 ? a[as] & 15u : unit.sar_byte;
        load(qu, a[as]);
        a[as] += a[bits(word, 11, 8)];
        return 3;
    }
    return 0;
}

/* Instructions of three bytes whose lowest four bits are 4. */
static int narrow(uint32_t word, uint32_t a[16])
{
    if (word == 0x250804u) { /* EE.ZERO.ACCX */
        unit.accx = 0;
        return 3;
    }
    if (word == 0x250844u) { /* EE.ZERO.QACC */
        memset(unit.qacc, 0, sizeof unit.qacc);
        return 3;
    }
    if (bits(word, 23, 15) == 0x34u && bits(word, 7, 0) == 0xC4u) { /* EE.VMULAS.S8.ACCX, EE.VMULAS.S8.QACC */
        const uint32_t x = bits(word, 10, 8);
        const uint32_t y = bits(word, 14, 14) << 2 | bits(word, 12, 11);
        (bits(word, 13, 13) ? multiply_into_qacc : multiply_into_accx)(x, y);
        return 3;
    }
    if (bits(word, 23, 22) == 3u && bits(word, 19, 16) == 12u && bits(word, 11, 7) == 6u) { /* EE.SRC.Q */
        shift_pair(bits(word, 6, 4), bits(word, 14, 12), bits(word, 21, 20) << 1 | bits(word, 15, 15));
        return 3;
    }
    return moving(word, a);
}

static int of_the_unit(uint32_t word, uint32_t a[16])
{
    if (bits(word, 3, 0) == 4u) {
        return narrow(word & 0xFFFFFFu, a);
    }
    if (bits(word, 3, 1) == 7u) {
        return wide(word, a);
    }
    /* RUR */
    return bits(word, 23, 16) == 0xE3u && bits(word, 3, 0) == 0 &&
                   read_user_register(bits(word, 11, 4), &a[bits(word, 15, 12)])
               ? 3
               : 0;
}

/* The four bytes at an address of any alignment. */
static uint32_t word_at(uint32_t address)
{
    const uint32_t *from = (const uint32_t *)(uintptr_t)(address & ~3u);
    const uint32_t shift = 8u * (address & 3u);
    return shift ? from[0] >> shift | from[1] << (32u - shift) : from[0];
}

int pie_interpret(struct pie_frame *frame)
{
    static struct pie_frame tried;
    const uint32_t word = word_at(frame->pc);

    if (frame->cause != ILLEGAL) {
        return 0;
    }
    memcpy(&tried, frame, sizeof tried);
    const int length = of_the_unit(word, tried.a);
    if (length != 0 && (pie_enabled >> PIE_COPROCESSOR & 1u) == 0) {
        frame->cause = DISABLED;
        return 0;
    }
    memcpy(frame->a, tried.a, sizeof frame->a);
    return length;
}
