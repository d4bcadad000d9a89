/*
 * Tasks as threads. A task that suspends itself ends its thread; one that another suspends stops at its next wait.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include "FreeRTOS.h"

#include <thread>

namespace stand_in
{

struct Task {
    std::thread thread;
    bool alive{true};
    bool waiting{false};
    bool suspended{false};
};
struct TaskEnds {};

inline thread_local Task *current = nullptr;
inline Task *latest = nullptr;

} // namespace stand_in

typedef stand_in::Task *TaskHandle_t;
typedef void (*TaskFunction_t)(void *);

namespace stand_in
{

inline Task *start_task(TaskFunction_t function, void *parameter)
{
    Task *task = latest = new Task;
    task->thread = std::thread([=] {
        current = task;
        try {
            function(parameter);
        } catch (TaskEnds &) {
        }
        std::lock_guard<std::mutex> guard(lock);
        task->alive = false;
        changed.notify_all();
    });
    return task;
}

inline void remove_task(Task *task)
{
    task->thread.join();
    if (latest == task)
        latest = nullptr;
    delete task;
}

/* Waits until the task has nothing left to do. */
inline void settle()
{
    std::unique_lock<std::mutex> guard(lock);
    changed.wait(guard, [] { return latest == nullptr || !latest->alive || latest->waiting || latest->suspended; });
}

} // namespace stand_in

inline void vTaskSuspend(TaskHandle_t task)
{
    if (task == nullptr)
        throw stand_in::TaskEnds();
    std::lock_guard<std::mutex> guard(stand_in::lock);
    task->suspended = true;
    stand_in::changed.notify_all();
}

inline void vTaskResume(TaskHandle_t task)
{
    std::lock_guard<std::mutex> guard(stand_in::lock);
    task->suspended = false;
    task->waiting = false;
    stand_in::changed.notify_all();
}

inline TaskHandle_t xTaskGetCurrentTaskHandle()
{
    return stand_in::current;
}
inline void vTaskDelay(TickType_t)
{
}
inline BaseType_t xTaskNotifyGive(TaskHandle_t)
{
    return pdTRUE;
}
inline uint32_t ulTaskNotifyTake(BaseType_t, TickType_t)
{
    return 0;
}
inline void vTaskNotifyGiveFromISR(TaskHandle_t, BaseType_t *)
{
}
