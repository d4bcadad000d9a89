/*
 * Windows of streaming models move by the oldest frames (see ww_kernels_packed.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "ww_kernels_packed.h"

#if defined(__OPTIMIZE__) && defined(__thumb2__)
#define BLOCK    "{r3-r6, r8, r9, r10, r12}"
#define CLOBBERS "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r12"
enum { BLOCK_BYTES = 32 };
#elif defined(__ARM_ARCH_6M__)
#define BLOCK    "{r3-r6}"
#define CLOBBERS "r3", "r4", "r5", "r6"
enum { BLOCK_BYTES = 16 };
#endif

/* Returns how many bytes it has moved. */
static size_t move_blocks(int8_t *to, const int8_t *from, size_t bytes)
{
#ifdef BLOCK
    const size_t blocks = bytes & ~(size_t)(BLOCK_BYTES - 1);
    const int8_t *const end = from + blocks;
    if (((uintptr_t)to | (uintptr_t)from) % 4 != 0 || blocks == 0) {
        return 0;
    }
    __asm__ volatile(".syntax unified\n"
                     "0:\n\t"
                     "ldmia %[from]!, " BLOCK "\n\t"
                     "stmia %[to]!, " BLOCK "\n\t"
                     "cmp %[from], %[end]\n\t"
                     "bne 0b"
                     : [to] "+l"(to), [from] "+l"(from)
                     : [end] "r"(end)
                     : CLOBBERS, "cc", "memory");
    return blocks;
#else
    (void)to, (void)from, (void)bytes;
    return 0;
#endif
}

WW_KERNEL void ww_slide(int8_t *window, size_t oldest, size_t others)
{
    const size_t moved = move_blocks(window, window + oldest, others);
    memmove(window + moved, window + moved + oldest, others - moved);
}
