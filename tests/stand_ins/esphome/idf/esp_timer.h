/*
 * The clock.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <cstdint>

extern "C" int64_t esp_timer_get_time(void);
