/*
 * The cycle counter.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <cstdint>

inline uint32_t esp_cpu_get_cycle_count()
{
    return 0;
}
