/*
 * Drives the component as ESPHome's main loop does. The only argument is a file of 16 kHz samples; standard input says
 * what to do, one step a line. Each detection is a line with the number of samples so far.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "esphome/components/micro_wake_word/automation.h"
#include "esphome/components/micro_wake_word/wakeword.h"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <list>
#include <map>
#include <sstream>

using namespace esphome;
using micro_wake_word::MicroWakeWord;
using micro_wake_word::VADModel;
using micro_wake_word::WakeWordModel;

static MicroWakeWord component;
static microphone::MicrophoneSource source;
static std::map<std::string, WakeWordModel *> models;
static std::ifstream audio;
static size_t samples_fed;

static void loop()
{
    stand_in::settle();
    component.loop();
    stand_in::settle();
}

static void finish()
{
    while (component.is_running())
        loop();
}

static void feed(size_t count, size_t chunk)
{
    while (count > 0) {
        const size_t now = std::min(count, chunk);
        std::vector<uint8_t> data(2 * now);
        audio.read(reinterpret_cast<char *>(data.data()), static_cast<std::streamsize>(data.size()));
        const size_t taken = static_cast<size_t>(audio.gcount()) / 2;
        if (taken == 0)
            return;
        data.resize(2 * taken);
        source.hear(data);
        samples_fed += taken;
        count -= now;
        loop();
    }
}

static void add_model(std::istringstream &line)
{
    unsigned number, window, cutoff, enabled, internal;
    std::string id, phrase;
    line >> number >> window >> cutoff >> enabled >> internal >> id;
    std::getline(line >> std::ws, phrase);
    static std::list<WakeWordModel> all;
    models[id] = &all.emplace_back(number, window, cutoff, id, phrase, enabled != 0, internal != 0);
    component.add_wake_word_model(models[id]);
}

static void add_gate(std::istringstream &line)
{
    unsigned number, window, cutoff;
    line >> number >> window >> cutoff;
    static VADModel gate(number, window, cutoff);
    component.set_vad_model(&gate);
}

static void switch_model(const std::string &step, WakeWordModel *model)
{
    if (step == "enable") {
        micro_wake_word::EnableModelAction<>(model).play();
    } else {
        micro_wake_word::DisableModelAction<>(model).play();
    }
}

static void tell()
{
    micro_wake_word::IsRunningCondition<> running;
    running.set_parent(&component);
    std::printf("running %d, vad %d, visible", running.check(), component.get_vad_state());
    for (const auto *model : component.get_wake_words())
        std::printf(" %s", model->get_id().c_str());
    for (auto &[id, model] : models) {
        const bool enabled = micro_wake_word::ModelIsEnabledCondition<>(model).check();
        std::printf(", %s %d cutoff %u of %u", id.c_str(), enabled, unsigned(model->get_probability_cutoff()),
                    unsigned(model->get_default_probability_cutoff()));
    }
    std::printf(", outputs");
    for (unsigned word = 0; word < WAKEWORD_COUNT; word++)
        std::printf(" %u", wakeword_probability(word));
    std::printf("\n");
}

static void take(const std::string &step, std::istringstream &line)
{
    std::string id;
    size_t count = 0, chunk = 0;
    if (step == "model") {
        add_model(line);
    } else if (step == "vad") {
        add_gate(line);
    } else if (step == "setup") {
        component.setup();
        component.dump_config();
    } else if (step == "stop_after_detection") {
        line >> count;
        component.set_stop_after_detection(count != 0);
    } else if (step == "start") {
        micro_wake_word::StartAction<> start;
        start.set_parent(&component);
        start.play();
    } else if (step == "stop") {
        micro_wake_word::StopAction<> stop;
        stop.set_parent(&component);
        stop.play();
    } else if (step == "loop") {
        loop();
    } else if (step == "finish") {
        finish();
    } else if (step == "feed") {
        line >> count >> chunk;
        feed(count, chunk);
    } else if (step == "mute") {
        line >> count;
        source.set_mute_state(count != 0);
    } else if (step == "enable" || step == "disable") {
        line >> id;
        switch_model(step, models.at(id));
    } else if (step == "cutoff") {
        line >> id >> count;
        models.at(id)->set_probability_cutoff(static_cast<uint8_t>(count));
    } else if (step == "update") {
        line >> id;
        const auto state = id == "starts" ? ota::OTA_STARTED : ota::OTA_ERROR;
        ota::get_global_ota_callback()->listener->on_ota_global_state(state, 0.0f, 0, nullptr);
    } else if (step == "tell") {
        tell();
    } else {
        std::fprintf(stderr, "no step %s\n", step.c_str());
        std::exit(1);
    }
}

int main(int argc, char **argv)
{
    audio.open(argc > 1 ? argv[1] : "", std::ios::binary);
    component.set_microphone_source(&source);
    component.get_wake_word_detected_trigger()->handler = [](const std::string &wake_word) {
        std::printf("%zu %s\n", samples_fed, wake_word.c_str());
    };
    std::string text;
    while (std::getline(std::cin, text)) {
        std::istringstream line(text);
        std::string step;
        line >> step;
        take(step, line);
    }
    component.stop();
    finish();
    return 0;
}
