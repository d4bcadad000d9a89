/* Stand-in: Zephyr's documentation, "Kernel Services". */
#pragma once
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
struct k_mem_slab {
    size_t size;
    int used;
};
#define K_MEM_SLAB_DEFINE_STATIC(name, block_size, blocks, align) static struct k_mem_slab name = {(block_size), 0}
static inline void k_mem_slab_free(struct k_mem_slab *slab, void *block)
{
    slab->used--;
    free(block);
}
static inline uint32_t k_cycle_get_32(void)
{
    return 0;
}
static inline int64_t k_uptime_get(void)
{
    return 0;
}
