/*
 * Helpers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <cstdint>
#include <string>

namespace esphome
{

inline uint32_t fnv1_hash(const std::string &text)
{
    uint32_t hash = 2166136261u;
    for (const char c : text)
        hash = (hash * 16777619u) ^ static_cast<uint8_t>(c);
    return hash;
}

template <typename T> class Parented
{
  public:
    void set_parent(T *parent)
    {
        this->parent_ = parent;
    }

  protected:
    T *parent_{nullptr};
};

} // namespace esphome
