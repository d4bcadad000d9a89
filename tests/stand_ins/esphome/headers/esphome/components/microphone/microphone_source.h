/*
 * A microphone that hears what the test gives it, 16 bits and mono.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace esphome::microphone
{

class MicrophoneSource
{
  public:
    template <typename F> void add_data_callback(F &&callback)
    {
        this->callback_ = std::forward<F>(callback);
    }
    void start()
    {
        this->enabled_ = true;
    }
    void stop()
    {
        this->enabled_ = false;
    }

    void set_mute_state(bool muted)
    {
        this->muted_ = muted;
    }
    void hear(const std::vector<uint8_t> &data)
    {
        if (this->enabled_)
            this->callback_(this->muted_ ? std::vector<uint8_t>(data.size(), 0) : data);
    }

  private:
    std::function<void(const std::vector<uint8_t> &)> callback_;
    bool enabled_{false};
    bool muted_{false};
};

} // namespace esphome::microphone
