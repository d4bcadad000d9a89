/*
 * A trigger calls one function.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <functional>

#include "esphome/core/component.h"

namespace esphome
{

template <typename... Ts> class Trigger
{
  public:
    void trigger(const Ts &...x)
    {
        this->handler(x...);
    }
    std::function<void(const Ts &...)> handler;
};

template <typename... Ts> class Action
{
  public:
    virtual ~Action() = default;
    virtual void play(const Ts &...x) = 0;
};

template <typename... Ts> class Condition
{
  public:
    virtual ~Condition() = default;
    virtual bool check(const Ts &...x) = 0;
};

} // namespace esphome
