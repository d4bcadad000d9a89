/*
 * Elements of CAST: as ww_load and ww_store, and int64 and bool, too. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_CAST_H
#define WW_CAST_H

#include <string.h>

#include "ww_elements.h"
#include "ww_kernels_functions.h"

static inline int64_t ww_load_cast(const void *memory, int32_t index, enum ww_type type)
{
    if (type == WW_INT64) {
        int64_t value; /* may lie at any multiple of 4 */
        memcpy(&value, (const uint8_t *)memory + 8 * (size_t)index, sizeof value);
        return value;
    }
    return ww_load(memory, index, type == WW_BOOL ? WW_UINT8 : type);
}

/* High bits that the type does not hold are dropped; a bool is 1 for every value but 0. */
static inline void ww_store_cast(void *memory, int32_t index, enum ww_type type, int64_t value)
{
    if (type == WW_INT64) {
        memcpy((uint8_t *)memory + 8 * (size_t)index, &value, sizeof value);
    } else if (type == WW_BOOL) {
        ww_store(memory, index, WW_UINT8, value != 0);
    } else {
        ww_store(memory, index, type, (int32_t)value);
    }
}

#endif /* WW_CAST_H */
