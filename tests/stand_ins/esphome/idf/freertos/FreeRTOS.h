/*
 * FreeRTOS as ESPHome uses it, for tests on this machine: tasks are threads, and one lock guards everything.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

typedef uint32_t TickType_t;
typedef int BaseType_t;
typedef unsigned UBaseType_t;
typedef uint8_t StackType_t;
struct StaticTask_t {};

#define pdMS_TO_TICKS(ms)  (ms)
#define pdFALSE            0
#define pdTRUE             1
#define portMAX_DELAY      0xFFFFFFFFu
#define portTICK_PERIOD_MS 1

inline BaseType_t xPortInIsrContext()
{
    return 0;
}
inline void vPortYield()
{
}

namespace stand_in
{

inline std::mutex lock;
inline std::condition_variable changed;

} // namespace stand_in
