/*
 * The fast square root at the squares and half-way points of roots, and at every size of a value, against the definition.
 * Its result is checked by its own remainder, so an exact one at these is exact between them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "check.h"
#include "frame/ww_levels.h"

enum { ROOTS = 1 << 24, STRIDE = 5 };

static uint32_t root_of(uint64_t value)
{
    return ww_rounded_root((uint32_t)(value >> 32), (uint32_t)value);
}

/* The root is r for values from r (r - 1) + 1 to r (r + 1); the greatest 32-bit values are rounded down. */
static void test_around(uint64_t r)
{
    const uint64_t first = r * (r - 1) + 1;
    const uint64_t last = r * (r + 1);
    CHECK(root_of(first - 1) == r - 1 || r == 1);
    CHECK(root_of(r * r - 1) == (r == 1 ? 0 : r));
    CHECK(root_of(r * r) == r);
    CHECK(root_of(last) == r);
    if (r != UINT16_MAX + UINT64_C(1)) {
        CHECK(root_of(first) == r);
    }
}

int main(void)
{
    for (uint64_t r = 1; r < 70000; ++r) {
        if (r != UINT16_MAX + 1) {
            test_around(r);
        }
    }
    for (uint64_t r = 70000; r < ROOTS; r += STRIDE) {
        test_around(r);
    }
    CHECK(root_of(0) == 0);
    CHECK(root_of(UINT32_MAX) == UINT16_MAX);
    CHECK(root_of(UINT64_C(1) << 32) == 65536);
    CHECK(root_of((UINT64_C(1) << 48) - 1) == ROOTS);
    for (unsigned bits = 1; bits <= 32; ++bits) {
        CHECK(ww_bit_length(UINT32_MAX >> (32 - bits)) == bits);
        CHECK(ww_bit_length(UINT32_C(1) << (bits - 1)) == bits);
    }
    CHECK(ww_bit_length(0) == 0);
    return 0;
}
