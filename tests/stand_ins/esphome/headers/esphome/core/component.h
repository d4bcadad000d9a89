/*
 * A component that is set up.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <cstdint>

#include "esphome/core/defines.h"
#include "esphome/core/helpers.h"

namespace esphome
{

namespace setup_priority
{
inline constexpr float AFTER_CONNECTION = 100.0f;
} // namespace setup_priority

class Component
{
  public:
    virtual ~Component() = default;
    virtual void setup()
    {
    }
    virtual void loop()
    {
    }
    virtual void dump_config()
    {
    }
    virtual float get_setup_priority() const
    {
        return 0;
    }
    virtual void mark_failed()
    {
        this->failed_ = true;
    }
    bool is_failed() const
    {
        return this->failed_;
    }
    bool is_ready() const
    {
        return true;
    }
    bool status_has_error() const
    {
        return false;
    }
    void status_momentary_error(const char * /*name*/, uint32_t /*length*/)
    {
    }

  private:
    bool failed_{false};
};

} // namespace esphome
