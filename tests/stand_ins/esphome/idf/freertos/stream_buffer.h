/*
 * A stream buffer: bytes from one thread to another.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include "FreeRTOS.h"
#include "task.h"

#include <algorithm>
#include <chrono>
#include <deque>

struct StreamBuffer {
    size_t capacity;
    std::deque<uint8_t> bytes;
};
typedef StreamBuffer *StreamBufferHandle_t;

inline StreamBufferHandle_t xStreamBufferCreate(size_t capacity, size_t /*trigger_level*/)
{
    return new StreamBuffer{capacity, {}};
}

inline size_t xStreamBufferSend(StreamBufferHandle_t buffer, const void *data, size_t size, TickType_t /*wait*/)
{
    std::lock_guard<std::mutex> guard(stand_in::lock);
    const size_t fits = std::min(size, buffer->capacity - buffer->bytes.size());
    const auto *from = static_cast<const uint8_t *>(data);
    buffer->bytes.insert(buffer->bytes.end(), from, from + fits);
    if (fits > 0 && stand_in::latest != nullptr)
        stand_in::latest->waiting = false;
    stand_in::changed.notify_all();
    return fits;
}

inline size_t xStreamBufferReceive(StreamBufferHandle_t buffer, void *data, size_t size, TickType_t wait)
{
    std::unique_lock<std::mutex> guard(stand_in::lock);
    auto *task = stand_in::current;
    const auto ready = [&] { return !buffer->bytes.empty() && !task->suspended; };
    if (wait > 0 && !ready()) {
        task->waiting = true;
        stand_in::changed.notify_all();
        stand_in::changed.wait_for(guard, std::chrono::milliseconds(wait), ready);
        task->waiting = false;
        stand_in::changed.wait(guard, [&] { return !task->suspended; });
    }
    const size_t taken = std::min(size, buffer->bytes.size());
    std::copy_n(buffer->bytes.begin(), taken, static_cast<uint8_t *>(data));
    buffer->bytes.erase(buffer->bytes.begin(), buffer->bytes.begin() + taken);
    return taken;
}
