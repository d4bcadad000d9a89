/*
 * The vector unit of the ESP32-S3 ("processor instruction extensions", PIE), and the same in plain C, so that the
 * kernels that use it run and are tested anywhere. Private to the kernels.
 *
 * Eight registers of 16 bytes; sixteen products of int8 at once, added to one accumulator of 40 bits (ACCX) or each to
 * its own of 20 bits (QACC). Loads leave out the lowest four bits of an address: a block of 16 bytes that holds a byte
 * of an array can always be read.
 *
 * GCC for the ESP8266 does not know these instructions, so macros of the assembler write their words. Each is as the
 * ESP32-S3 Technical Reference Manual (version 1.7, 1.8 "Extended Instruction Functional Description") has it, and is
 * held to words of Espressif's assemblers, LLVM's (XtensaS3DSPInstrInfo.td and its test) and GNU's, by
 * tests/unit/test_vector_unit.py. For EE.VMULAS.S8.ACCX.LD.IP, manual and GNU agree, and LLVM does not. Numbers of user
 * registers: xtensa/config/tie-asm.h of ESP-IDF for this chip.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_PIE_H
#define WW_PIE_H

#include "ww_any.h"
#include "ww_kernels_packed.h"
#include "ww_lanes.h"

enum { WW_PIE_BLOCK = 16 };

/* How many blocks hold so many bytes. */
static inline int32_t ww_pie_blocks(int32_t bytes)
{
    return (bytes + WW_PIE_BLOCK - 1) / WW_PIE_BLOCK;
}

/* The first address at or behind `scratch` that a block may have: up to 12 bytes on. */
static inline int8_t *ww_pie_aligned(uint32_t *scratch)
{
    return (int8_t *)(((uintptr_t)scratch + WW_PIE_BLOCK - 1) & ~(uintptr_t)(WW_PIE_BLOCK - 1));
}

#if defined(__XTENSA__)

/* Operands are numbers of registers, and steps of addresses in bytes. */
__asm__(".macro ww_3_bytes word\n"
        ".byte (\\word) & 255, ((\\word) >> 8) & 255, (\\word) >> 16\n"
        ".endm\n"
        ".macro ww_ee_zero_accx\n"
        "ww_3_bytes 0x250804\n"
        ".endm\n"
        ".macro ww_ee_zero_qacc\n"
        "ww_3_bytes 0x250844\n"
        ".endm\n"
        ".macro ww_ee_vld_128_ip q, a, step\n"
        "ww_3_bytes (0x830004 | ((\\q) >> 1) << 20 | ((\\q) & 1) << 15 | (((\\step) >> 4) & 127) << 8 | (\\a) << 4)\n"
        ".endm\n"
        ".macro ww_ee_vst_128_ip q, a, step\n"
        "ww_3_bytes (0x8A0004 | ((\\q) >> 1) << 20 | ((\\q) & 1) << 15 | (((\\step) >> 4) & 127) << 8 | (\\a) << 4)\n"
        ".endm\n"
        ".macro ww_ee_vld_128_xp q, a, step\n"
        "ww_3_bytes (0x8D2004 | ((\\q) >> 1) << 20 | ((\\q) & 1) << 15 | (\\step) << 8 | (\\a) << 4)\n"
        ".endm\n"
        ".macro ww_ee_ld_128_usar_xp q, a, step\n"
        "ww_3_bytes (0x8D0004 | ((\\q) >> 1) << 20 | ((\\q) & 1) << 15 | (\\step) << 8 | (\\a) << 4)\n"
        ".endm\n"
        ".macro ww_ee_src_q q, low, high\n"
        "ww_3_bytes (0xCC0304 | ((\\high) >> 1) << 20 | ((\\high) & 1) << 15 | (\\low) << 12 | (\\q) << 4)\n"
        ".endm\n"
        ".macro ww_ee_vmulas_s8_accx x, y\n"
        "ww_3_bytes (0x1A00C4 | ((\\y) >> 2) << 14 | ((\\y) & 3) << 11 | (\\x) << 8)\n"
        ".endm\n"
        ".macro ww_ee_vmulas_s8_qacc x, y\n"
        "ww_3_bytes (0x1A20C4 | ((\\y) >> 2) << 14 | ((\\y) & 3) << 11 | (\\x) << 8)\n"
        ".endm\n"
        ".macro ww_ee_vmulas_s8_accx_ld_ip q, a, step, x, y\n"
        ".byte 14 | (\\x) >> 2 | (\\a) << 4, ((\\step) >> 4) & 15 | ((\\y) >> 1) << 4 | ((\\x) & 3) << 6\n"
        ".byte 2 | ((\\q) & 1) << 3 | ((\\y) & 1) << 7, 0xF0 | (\\q) >> 1 | (((\\step) >> 8) & 3) << 2\n"
        ".endm\n"
        ".macro ww_rur a, number\n"
        "ww_3_bytes (0xE30000 | (\\a) << 12 | (\\number) << 4)\n"
        ".endm\n"
        ".set WW_ACCX_0, 0\n"
        ".set WW_QACC_H_0, 2\n"
        ".set WW_QACC_L_0, 7\n");

/* Copies `count` bytes from any address to that of a block, whole blocks: what follows the bytes is of no use. */
static inline void ww_pie_copy(int8_t *to, const int8_t *from, int32_t count)
{
    register int8_t *at __asm__("a8") = to;
    register const int8_t *low __asm__("a9") = from;
    register const int8_t *high __asm__("a10");
    register int32_t step __asm__("a11") = WW_PIE_BLOCK;
    for (; count > 0; count -= WW_PIE_BLOCK) {
        high = low + (count < WW_PIE_BLOCK ? count : WW_PIE_BLOCK) - 1;
        __asm__ volatile("ww_ee_ld_128_usar_xp 0, 9, 11\n"
                         "ww_ee_vld_128_ip 1, 10, 0\n"
                         "ww_ee_src_q 2, 0, 1\n"
                         "ww_ee_vst_128_ip 2, 8, 16\n"
                         : "+r"(at), "+r"(low)
                         : "r"(high), "r"(step)
                         : "memory");
    }
}

/* The sum of `depth` products of two arrays of blocks. One of them is zero from there on. Reads a block more of `w`. */
static inline int32_t ww_pie_dot(const int8_t *x, const int8_t *w, int32_t depth)
{
    const int32_t blocks = ww_pie_blocks(depth);
    register const int8_t *at __asm__("a8") = x;
    register const int8_t *weights __asm__("a9") = w;
    register int32_t ones __asm__("a10") = blocks & 3;
    register int32_t fours __asm__("a11") = blocks >> 2;
    /* What is loaded is used two instructions later, where there is something to do in between. */
    __asm__ volatile("ww_ee_zero_accx\n"
                     "ww_ee_vld_128_ip 0, 9, 16\n"
                     "beqz a10, 2f\n"
                     "1: ww_ee_vld_128_ip 1, 8, 16\n"
                     "addi a10, a10, -1\n"
                     "ww_ee_vmulas_s8_accx_ld_ip 0, 9, 16, 1, 0\n"
                     "bnez a10, 1b\n"
                     "2: beqz a11, 4f\n"
                     "3: ww_ee_vld_128_ip 1, 8, 16\n"
                     "ww_ee_vld_128_ip 3, 8, 16\n"
                     "ww_ee_vmulas_s8_accx_ld_ip 2, 9, 16, 1, 0\n"
                     "ww_ee_vld_128_ip 4, 8, 16\n"
                     "ww_ee_vmulas_s8_accx_ld_ip 0, 9, 16, 3, 2\n"
                     "ww_ee_vld_128_ip 5, 8, 16\n"
                     "ww_ee_vmulas_s8_accx_ld_ip 2, 9, 16, 4, 0\n"
                     "addi a11, a11, -1\n"
                     "ww_ee_vmulas_s8_accx_ld_ip 0, 9, 16, 5, 2\n"
                     "bnez a11, 3b\n"
                     "4: nop\n"
                     "ww_rur 10, WW_ACCX_0\n"
                     : "+r"(at), "+r"(weights), "+r"(ones), "+r"(fours)
                     :
                     : "memory");
    return ones;
}

static inline void ww_pie_start_lanes(int32_t sums[WW_PIE_BLOCK])
{
    (void)sums;
    __asm__ volatile("ww_ee_zero_qacc");
}

/* Adds to each of `lanes` sums its products of `taps` inputs that lie `apart` with weights, blocks of them. */
static inline void ww_pie_add_taps(int32_t sums[WW_PIE_BLOCK], const int8_t *x, int32_t apart, const int8_t *w,
                                   int32_t taps, int32_t lanes)
{
    register const int8_t *low __asm__("a8") = x;
    register const int8_t *high __asm__("a9") = x + lanes - 1;
    register const int8_t *weights __asm__("a10") = w;
    register int32_t left __asm__("a11") = taps;
    register int32_t step __asm__("a14") = apart;
    (void)sums;
    __asm__ volatile("1: ww_ee_ld_128_usar_xp 0, 8, 14\n"
                     "ww_ee_vld_128_xp 1, 9, 14\n"
                     "ww_ee_vld_128_ip 3, 10, 16\n"
                     "ww_ee_src_q 2, 0, 1\n"
                     "addi a11, a11, -1\n"
                     "ww_ee_vmulas_s8_qacc 2, 3\n"
                     "bnez a11, 1b\n"
                     : "+r"(low), "+r"(high), "+r"(weights), "+r"(left)
                     : "r"(step)
                     : "memory");
}

/* The lowest 20 bits with their sign. */
static inline int32_t ww_pie_lane(uint32_t bits)
{
    return (int32_t)(bits << 12) >> 12;
}

/* Eight lanes of 20 bits, which lie bit by bit behind each other in five words. */
static inline void ww_pie_unpack(int32_t sums[WW_PIE_BLOCK / 2], const uint32_t w[5])
{
    sums[0] = ww_pie_lane(w[0]);
    sums[1] = ww_pie_lane(w[0] >> 20 | w[1] << 12);
    sums[2] = ww_pie_lane(w[1] >> 8);
    sums[3] = ww_pie_lane(w[1] >> 28 | w[2] << 4);
    sums[4] = ww_pie_lane(w[2] >> 16 | w[3] << 16);
    sums[5] = ww_pie_lane(w[3] >> 4);
    sums[6] = ww_pie_lane(w[3] >> 24 | w[4] << 8);
    sums[7] = (int32_t)w[4] >> 12;
}

#define WW_PIE_READ(first)                                                                                             \
    "ww_rur 8, " first "\n"                                                                                            \
    "ww_rur 9, " first " + 1\n"                                                                                        \
    "ww_rur 10, " first " + 2\n"                                                                                       \
    "ww_rur 11, " first " + 3\n"                                                                                       \
    "ww_rur 14, " first " + 4\n"

static inline void ww_pie_take_lanes(int32_t sums[WW_PIE_BLOCK])
{
    register uint32_t w0 __asm__("a8");
    register uint32_t w1 __asm__("a9");
    register uint32_t w2 __asm__("a10");
    register uint32_t w3 __asm__("a11");
    register uint32_t w4 __asm__("a14");
    __asm__ volatile(WW_PIE_READ("WW_QACC_L_0") : "=r"(w0), "=r"(w1), "=r"(w2), "=r"(w3), "=r"(w4));
    ww_pie_unpack(sums, (const uint32_t[]){w0, w1, w2, w3, w4});
    __asm__ volatile(WW_PIE_READ("WW_QACC_H_0") : "=r"(w0), "=r"(w1), "=r"(w2), "=r"(w3), "=r"(w4));
    ww_pie_unpack(sums + WW_PIE_BLOCK / 2, (const uint32_t[]){w0, w1, w2, w3, w4});
}

#else

static inline void ww_pie_copy(int8_t *to, const int8_t *from, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        to[i] = from[i];
    }
}

static inline int32_t ww_pie_dot(const int8_t *x, const int8_t *w, int32_t depth)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < depth; i++) {
        sum += x[i] * w[i];
    }
    return sum;
}

static inline void ww_pie_start_lanes(int32_t sums[WW_PIE_BLOCK])
{
    for (int i = 0; i < WW_PIE_BLOCK; i++) {
        sums[i] = 0;
    }
}

static inline void ww_pie_add_taps(int32_t sums[WW_PIE_BLOCK], const int8_t *x, int32_t apart, const int8_t *w,
                                   int32_t taps, int32_t lanes)
{
    const int32_t most = (1 << 19) - 1;
    for (; taps > 0; taps--, x += apart, w += WW_PIE_BLOCK) {
        for (int32_t i = 0; i < lanes; i++) {
            const int32_t sum = sums[i] + x[i] * w[i];
            sums[i] = sum > most ? most : sum < -most - 1 ? -most - 1 : sum;
        }
    }
}

static inline void ww_pie_take_lanes(int32_t sums[WW_PIE_BLOCK])
{
    (void)sums;
}

#endif

/* The output of a sum; `scales` are the four words of a channel (ww_kernels_packed.h). */
static inline int8_t ww_pie_directly(const struct ww_channel_records *records, int32_t sum, const uint32_t *scales)
{
    return ww_scale_directly(sum + (int32_t)scales[0], scales + 1, records->low_shift, records->shift);
}

/* The same without a shift of the layer. Any channel may be one that ww_any.h describes. */
static inline int8_t ww_pie_one_by_one(const struct ww_channel_records *records, int32_t sum, const uint32_t *scales)
{
    const uint32_t total = (uint32_t)sum + scales[0];
    return ww_is_any(scales[3])
               ? ww_rescale_any(total, scales[2], scales[1], scales[3], records->round_once)
               : ww_scale_by_halves((int32_t)total, scales + 1, scales[2], scales[3], records->round_once);
}

#endif /* WW_PIE_H */
