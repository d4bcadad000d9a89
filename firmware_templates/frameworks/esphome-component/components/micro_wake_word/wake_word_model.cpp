/*
 * See wake_word_model.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "wake_word_model.h"

#include "wakeword.h"

#include "esphome/core/helpers.h"

namespace esphome::micro_wake_word
{

void CompiledModel::apply(bool begun)
{
    const bool enabled = this->enabled_;
    const uint16_t cutoff = this->probability_cutoff_;
    if (begun || enabled != this->applied_enabled_) {
        wakeword_switch(this->number_, enabled);
        this->applied_enabled_ = enabled;
    }
    if (begun || cutoff != this->applied_cutoff_) {
        wakeword_set_threshold(this->number_, this->window_, cutoff);
        this->applied_cutoff_ = cutoff;
    }
}

WakeWordModel::WakeWordModel(uint8_t number, uint8_t window, uint16_t probability_cutoff, const std::string &id,
                             const std::string &wake_word, bool default_enabled, bool internal_only)
    : CompiledModel(number, window, probability_cutoff), id_(id), wake_word_(wake_word), internal_only_(internal_only),
      // The key of ESPHome's own component, so that the choice outlives a change from one to the other.
      preference_(global_preferences->make_preference<bool>(fnv1_hash(id)))
{
    bool enabled = default_enabled;
    this->enabled_ = this->preference_.load(&enabled) ? enabled : default_enabled;
}

void WakeWordModel::set_enabled_(bool enabled)
{
    this->enabled_ = enabled;
    if (!this->internal_only_) {
        this->preference_.save(&enabled);
    }
}

} // namespace esphome::micro_wake_word
