/*
 * A ring of bytes between one interrupt handler and the main loop; each side moves only its own index.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CORTEX_M_RING_H
#define CORTEX_M_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
    uint8_t *bytes;
    uint32_t size;         /* a power of two */
    volatile uint32_t in;  /* count of bytes put, wrapping */
    volatile uint32_t out; /* count of bytes taken, wrapping */
};

static inline void ring_init(struct ring *ring, uint8_t *bytes, uint32_t size)
{
    *ring = (struct ring){.bytes = bytes, .size = size};
}

static inline uint32_t ring_count(const struct ring *ring)
{
    return ring->in - ring->out;
}

static inline uint32_t ring_free(const struct ring *ring)
{
    return ring->size - ring_count(ring);
}

/* False if the ring is full; the byte is then lost. */
static inline bool ring_put(struct ring *ring, uint8_t byte)
{
    const uint32_t in = ring->in;
    if (in - ring->out == ring->size) {
        return false;
    }
    ring->bytes[in & (ring->size - 1)] = byte;
    __asm volatile("" : : : "memory"); /* the byte before the index */
    ring->in = in + 1;
    return true;
}

static inline size_t ring_take(struct ring *ring, uint8_t *bytes, size_t max)
{
    const uint32_t available = ring_count(ring);
    const size_t count = max < available ? max : available;
    const uint32_t out = ring->out;
    for (size_t i = 0; i < count; i++) {
        bytes[i] = ring->bytes[(out + i) & (ring->size - 1)];
    }
    __asm volatile("" : : : "memory");
    ring->out = out + (uint32_t)count;
    return count;
}

static inline void ring_clear(struct ring *ring)
{
    ring->out = ring->in;
}

#endif /* CORTEX_M_RING_H */
