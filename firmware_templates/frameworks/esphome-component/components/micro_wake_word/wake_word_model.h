/*
 * The compiled models as ESPHome knows them: what they are called, whether they listen, and when they detect.
 *
 * enable(), disable() and set_probability_cutoff() may be called from any thread. apply() belongs to the task that
 * listens.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include "esphome/core/preferences.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace esphome::micro_wake_word
{

/// A model by its number in wakeword.h.
class CompiledModel
{
  public:
    /// @param window how many outputs are averaged
    /// @param probability_cutoff the average that is a detection, in steps of 1/255
    CompiledModel(uint8_t number, uint8_t window, uint16_t probability_cutoff)
        : number_(number), window_(window), default_probability_cutoff_(probability_cutoff),
          probability_cutoff_(probability_cutoff)
    {
    }

    uint8_t get_number() const
    {
        return this->number_;
    }
    uint8_t get_sliding_window_size() const
    {
        return this->window_;
    }
    uint16_t get_default_probability_cutoff() const
    {
        return this->default_probability_cutoff_;
    }
    uint16_t get_probability_cutoff() const
    {
        return this->probability_cutoff_;
    }
    void set_probability_cutoff(uint8_t probability_cutoff)
    {
        this->probability_cutoff_ = probability_cutoff == 0 ? 1 : probability_cutoff;
    }
    bool is_enabled() const
    {
        return this->enabled_;
    }

    /// Tells the listener what it does not know yet. After wakeword_begin() that is everything.
    void apply(bool begun);

  protected:
    const uint8_t number_;
    const uint8_t window_;
    const uint16_t default_probability_cutoff_;
    std::atomic<uint16_t> probability_cutoff_;
    std::atomic<bool> enabled_{true};
    uint16_t applied_cutoff_{0};
    bool applied_enabled_{false};
};

/// The model that tells speech from the rest. What others detect counts only while it hears speech.
class VADModel final : public CompiledModel
{
  public:
    using CompiledModel::CompiledModel;
};

class WakeWordModel final : public CompiledModel
{
  public:
    /// @param id keeps its place in flash and names it to Home Assistant
    /// @param default_enabled whether it listens as long as nobody has switched it
    /// @param internal_only Home Assistant does not see it
    WakeWordModel(uint8_t number, uint8_t window, uint16_t probability_cutoff, const std::string &id,
                  const std::string &wake_word, bool default_enabled, bool internal_only);

    const std::string &get_id() const
    {
        return this->id_;
    }
    const std::string &get_wake_word() const
    {
        return this->wake_word_;
    }
    bool get_internal_only() const
    {
        return this->internal_only_;
    }

    void add_trained_language(const std::string &language)
    {
        this->trained_languages_.push_back(language);
    }
    const std::vector<std::string> &get_trained_languages() const
    {
        return this->trained_languages_;
    }

    /// Both are kept in flash unless the model is internal.
    void enable()
    {
        this->set_enabled_(true);
    }
    void disable()
    {
        this->set_enabled_(false);
    }

  protected:
    void set_enabled_(bool enabled);

    std::string id_;
    std::string wake_word_;
    std::vector<std::string> trained_languages_;
    bool internal_only_;
    ESPPreferenceObject preference_;
};

} // namespace esphome::micro_wake_word
