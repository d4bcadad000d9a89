/*
 * Wake words that are compiled to C, in ESPHome. It has the door of ESPHome's component of this name, which it replaces:
 * voice_assistant and automations use it without a change.
 *
 * Audio goes from the microphone's thread through a stream buffer to a task of its own, which runs front end, models and
 * detectors (wakeword.h). The task lives from start() to stop(). Detections reach the main loop as bits.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include "wake_word_model.h"

#include "esphome/components/microphone/microphone_source.h"
#include "esphome/core/automation.h"
#include "esphome/core/component.h"
#include "esphome/core/defines.h"
#include "esphome/core/static_task.h"

#ifdef USE_OTA_STATE_LISTENER
#include "esphome/components/ota/ota_backend.h"
#endif

#include <freertos/FreeRTOS.h>
#include <freertos/stream_buffer.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace esphome::micro_wake_word
{

enum class State : uint8_t { STOPPED, RUNNING, STOPPING };

class MicroWakeWord : public Component
#ifdef USE_OTA_STATE_LISTENER
    ,
                      public ota::OTAGlobalStateListener
#endif
{
  public:
    void setup() override;
    void loop() override;
    void dump_config() override;
    float get_setup_priority() const override
    {
        return setup_priority::AFTER_CONNECTION;
    }

#ifdef USE_OTA_STATE_LISTENER
    /// The task rests while an update is written.
    void on_ota_global_state(ota::OTAState state, float progress, uint8_t error, ota::OTAComponent *component) override;
#endif

    void start();
    void stop();
    bool is_running() const
    {
        return this->state_ != State::STOPPED;
    }

    void set_microphone_source(microphone::MicrophoneSource *source)
    {
        this->source_ = source;
    }
    void set_stop_after_detection(bool stop)
    {
        this->stop_after_detection_ = stop;
    }
    void set_task_stack_in_psram(bool in_psram)
    {
        this->task_stack_in_psram_ = in_psram;
    }
    void add_wake_word_model(WakeWordModel *model)
    {
        this->models_.push_back(model);
    }
    void set_vad_model(VADModel *model)
    {
        this->vad_model_ = model;
    }

    Trigger<std::string> *get_wake_word_detected_trigger()
    {
        return &this->wake_word_detected_trigger_;
    }

    /// The models that Home Assistant may switch.
    std::vector<WakeWordModel *> get_wake_words();

    /// Whether the last output of the model that tells speech from the rest reaches its cutoff; false without one.
    bool get_vad_state() const
    {
        return this->speech_;
    }

  protected:
    void take_audio_(const std::vector<uint8_t> &data);

    static void run_task_(void *component);
    void listen_();
    bool begin_listening_();
    void apply_settings_(bool begun);
    bool hears_speech_() const;

    void begin_();
    void finish_();
    void report_();

    microphone::MicrophoneSource *source_{nullptr};
    std::vector<WakeWordModel *> models_;
    VADModel *vad_model_{nullptr};
    Trigger<std::string> wake_word_detected_trigger_;
    bool stop_after_detection_{true};
    bool task_stack_in_psram_{false};

    // Of the main loop.
    State state_{State::STOPPED};
    bool wanted_{false}; // whether it should listen

    // Between the threads.
    StaticTask task_;
    StreamBufferHandle_t audio_{nullptr};
    std::atomic<bool> stop_requested_{false};
    std::atomic<bool> finished_{false};   // the task has done its last work
    std::atomic<bool> unusable_{false};   // the settings of a detector are out of range
    std::atomic<bool> audio_lost_{false}; // the buffer was full
    std::atomic<bool> speech_{false};     // what get_vad_state() tells
    std::atomic<uint32_t> detected_{0};   // bit n: word n
};

} // namespace esphome::micro_wake_word
