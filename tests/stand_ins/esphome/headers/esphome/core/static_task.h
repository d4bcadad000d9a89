/*
 * A task.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <freertos/task.h>

namespace esphome
{

class StaticTask
{
  public:
    bool is_created() const
    {
        return this->handle_ != nullptr;
    }
    TaskHandle_t get_handle() const
    {
        return this->handle_;
    }
    bool create(TaskFunction_t function, const char * /*name*/, uint32_t /*stack*/, void *parameter,
                UBaseType_t /*priority*/, bool /*use_psram*/)
    {
        this->handle_ = stand_in::start_task(function, parameter);
        return true;
    }
    void deallocate()
    {
        stand_in::remove_task(this->handle_);
        this->handle_ = nullptr;
    }

  private:
    TaskHandle_t handle_{nullptr};
};

} // namespace esphome
