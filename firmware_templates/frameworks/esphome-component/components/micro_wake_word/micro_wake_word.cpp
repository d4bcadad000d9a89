/*
 * See micro_wake_word.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "micro_wake_word.h"

#include "wakeword.h"

#include "esphome/core/application.h"
#include "esphome/core/log.h"

#include <freertos/task.h>

#include <algorithm>
#include <iterator>

namespace esphome::micro_wake_word
{

static const char *const TAG = "micro_wake_word";

static constexpr size_t BYTES_PER_MS = sizeof(int16_t) * WAKEWORD_SAMPLE_RATE_HZ / 1000;
static constexpr size_t BUFFER_BYTES = 120 * BYTES_PER_MS; // several blocks of ESPHome's microphones, of 16 ms each
static constexpr size_t BLOCK_SAMPLES = WAKEWORD_SAMPLE_RATE_HZ / 100;
static constexpr uint32_t WAIT_MS = 50; // how long stop() waits at most if the microphone is silent
static constexpr uint32_t STACK_BYTES = 4096;
static constexpr UBaseType_t PRIORITY = 3;

void MicroWakeWord::setup()
{
    this->audio_ = xStreamBufferCreate(BUFFER_BYTES, 1);
    if (this->audio_ == nullptr) {
        ESP_LOGE(TAG, "No memory for %u bytes of audio", static_cast<unsigned>(BUFFER_BYTES));
        this->mark_failed();
        return;
    }
    this->source_->add_data_callback([this](const std::vector<uint8_t> &data) { this->take_audio_(data); });
#ifdef USE_OTA_STATE_LISTENER
    ota::get_global_ota_callback()->add_global_state_listener(this);
#endif
}

void MicroWakeWord::dump_config()
{
    ESP_LOGCONFIG(TAG, "Compiled wake words:");
    for ([[maybe_unused]] const auto *model : this->models_) {
        ESP_LOGCONFIG(TAG, "  '%s': cutoff %u/255, window %u", model->get_wake_word().c_str(),
                      static_cast<unsigned>(model->get_probability_cutoff()),
                      static_cast<unsigned>(model->get_sliding_window_size()));
    }
    if (this->vad_model_ != nullptr) {
        ESP_LOGCONFIG(TAG, "  Speech: cutoff %u/255, window %u",
                      static_cast<unsigned>(this->vad_model_->get_probability_cutoff()),
                      static_cast<unsigned>(this->vad_model_->get_sliding_window_size()));
    }
}

#ifdef USE_OTA_STATE_LISTENER
void MicroWakeWord::on_ota_global_state(ota::OTAState state, float /*progress*/, uint8_t /*error*/,
                                        ota::OTAComponent * /*component*/)
{
    if (!this->task_.is_created()) {
        return;
    }
    if (state == ota::OTA_STARTED) {
        vTaskSuspend(this->task_.get_handle());
    } else if (state == ota::OTA_ERROR) {
        vTaskResume(this->task_.get_handle());
    }
}
#endif

void MicroWakeWord::start()
{
    if (this->is_failed() || !this->is_ready()) {
        ESP_LOGW(TAG, "Cannot listen: the component is not set up");
        return;
    }
    if (this->state_ == State::RUNNING && this->wanted_) {
        ESP_LOGW(TAG, "Listening already");
        return;
    }
    this->wanted_ = true;
}

void MicroWakeWord::stop()
{
    this->wanted_ = false;
}

void MicroWakeWord::loop()
{
    switch (this->state_) {
    case State::STOPPED:
        if (this->wanted_) {
            this->begin_();
        }
        break;
    case State::RUNNING:
        this->report_();
        if (!this->wanted_ || this->finished_) {
            this->stop_requested_ = true;
            this->source_->stop();
            this->state_ = State::STOPPING;
        }
        break;
    case State::STOPPING:
        if (this->finished_) {
            this->finish_();
        }
        break;
    }
}

void MicroWakeWord::begin_()
{
    if (this->status_has_error()) {
        return;
    }
    this->stop_requested_ = false;
    this->finished_ = false;
    this->detected_ = 0;
    this->audio_lost_ = false;
    if (!this->task_.create(run_task_, "wake_word", STACK_BYTES, this, PRIORITY, this->task_stack_in_psram_)) {
        ESP_LOGE(TAG, "No memory for the task that listens");
        this->status_momentary_error("task", 1000);
        return;
    }
    this->source_->start();
    this->state_ = State::RUNNING;
    ESP_LOGD(TAG, "Listening");
}

void MicroWakeWord::finish_()
{
    this->task_.deallocate();
    this->state_ = State::STOPPED;
    ESP_LOGD(TAG, "Stopped");
}

/* Passes on what the task has seen. */
void MicroWakeWord::report_()
{
    if (this->unusable_.exchange(false)) {
        ESP_LOGE(TAG, "The settings of a detector in ww_config.c are out of range; export the component again");
        this->wanted_ = false;
    }
    if (this->audio_lost_.exchange(false)) {
        ESP_LOGW(TAG, "Audio comes faster than the models run; some of it is lost");
    }
    const uint32_t detected = this->detected_.exchange(0);
    for (auto *model : this->models_) {
        if (this->wanted_ && (detected >> model->get_number() & 1u) != 0) {
            ESP_LOGD(TAG, "Detected '%s'", model->get_wake_word().c_str());
            this->wake_word_detected_trigger_.trigger(model->get_wake_word());
            if (this->stop_after_detection_) {
                this->stop();
            }
        }
    }
}

void MicroWakeWord::take_audio_(const std::vector<uint8_t> &data)
{
    if (xStreamBufferSend(this->audio_, data.data(), data.size(), 0) < data.size()) {
        this->audio_lost_ = true;
    }
}

void MicroWakeWord::run_task_(void *component)
{
    static_cast<MicroWakeWord *>(component)->listen_();
    vTaskSuspend(nullptr); // until the main loop removes the task
}

void MicroWakeWord::listen_()
{
    int16_t samples[BLOCK_SAMPLES];
    while (xStreamBufferReceive(this->audio_, samples, sizeof samples, 0) > 0) {
        // what is left of the time before the last stop
    }
    if (this->begin_listening_()) {
        while (!this->stop_requested_) {
            const size_t bytes = xStreamBufferReceive(this->audio_, samples, sizeof samples, pdMS_TO_TICKS(WAIT_MS));
            this->apply_settings_(false);
            const uint32_t words = wakeword_hear(samples, bytes / sizeof samples[0]);
            this->speech_ = this->hears_speech_();
            if (words != 0) {
                this->detected_ |= words;
                App.wake_loop_threadsafe();
            }
        }
    } else {
        this->unusable_ = true;
    }
    this->speech_ = false;
    this->finished_ = true;
}

bool MicroWakeWord::begin_listening_()
{
    if (!wakeword_begin()) {
        return false;
    }
    for (unsigned word = 0; word < WAKEWORD_COUNT; word++) {
        wakeword_switch(word, false); // those that the YAML does not list stay off
    }
    this->apply_settings_(true);
    return true;
}

void MicroWakeWord::apply_settings_(bool begun)
{
    for (auto *model : this->models_) {
        model->apply(begun);
    }
    if (this->vad_model_ != nullptr) {
        this->vad_model_->apply(begun);
    }
}

std::vector<WakeWordModel *> MicroWakeWord::get_wake_words()
{
    std::vector<WakeWordModel *> visible;
    std::copy_if(this->models_.begin(), this->models_.end(), std::back_inserter(visible),
                 [](const WakeWordModel *model) { return !model->get_internal_only(); });
    return visible;
}

bool MicroWakeWord::hears_speech_() const
{
    return this->vad_model_ != nullptr &&
           wakeword_probability(this->vad_model_->get_number()) >= this->vad_model_->get_probability_cutoff();
}

} // namespace esphome::micro_wake_word
