/*
 * Preferences in memory.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <cstdint>
#include <map>

namespace esphome
{

class ESPPreferenceObject
{
  public:
    ESPPreferenceObject() = default;
    explicit ESPPreferenceObject(uint32_t key) : key_(key)
    {
    }
    bool save(const bool *value)
    {
        kept[this->key_] = *value;
        return true;
    }
    bool load(bool *value) const
    {
        const auto place = kept.find(this->key_);
        if (place == kept.end())
            return false;
        *value = place->second;
        return true;
    }

    static inline std::map<uint32_t, bool> kept;

  private:
    uint32_t key_{0};
};

struct ESPPreferences {
    template <typename T> ESPPreferenceObject make_preference(uint32_t key)
    {
        return ESPPreferenceObject(key);
    }
};
inline ESPPreferences all_preferences;
inline ESPPreferences *global_preferences = &all_preferences;

} // namespace esphome
