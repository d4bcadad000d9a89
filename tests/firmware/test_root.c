/*
 * The fast square root is exact for all values below 2^48. Its estimate is off by 1 at most: all are compared with the
 * root, by blocks. A remainder corrects that, as it does around the squares and half-way points of all roots.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdbool.h>

#include "check.h"
#include "frame/ww_levels.h"

enum { ROOTS = 1 << 24, BLOCK = 32 };

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

/* Whether two numbers differ by 1 at most. */
static bool near(uint64_t one, uint64_t other)
{
    return one <= other + 1 && other <= one + 1;
}

/* In a block there are two estimates at most, that of its first value and that of its last. */
static void test_estimates(void)
{
    uint64_t root = UINT64_C(1) << 23;
    for (uint64_t top = UINT64_C(1) << 30; top < UINT64_C(1) << 32; top += BLOCK) {
        const uint64_t last = ((top + BLOCK) << 16) - 1;
        const uint64_t before = root;
        root += (root + 1) * (root + 1) <= last;
        const uint64_t estimates[] = {ww_estimated_root((uint32_t)top), ww_estimated_root((uint32_t)top + BLOCK - 1)};
        CHECK(root * root <= last && last < (root + 1) * (root + 1));
        CHECK(near(estimates[0], before) && near(estimates[0], root));
        CHECK(near(estimates[1], before) && near(estimates[1], root));
    }
}

int main(void)
{
    test_estimates();
    for (uint64_t r = 1; r < ROOTS; ++r) {
        if (r != UINT16_MAX + 1) {
            test_around(r);
        }
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
