/*
 * The state of an update.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <cstdint>

namespace esphome::ota
{

enum OTAState { OTA_COMPLETED, OTA_STARTED, OTA_IN_PROGRESS, OTA_ABORT, OTA_ERROR };
class OTAComponent;

class OTAGlobalStateListener
{
  public:
    virtual ~OTAGlobalStateListener() = default;
    virtual void on_ota_global_state(OTAState state, float progress, uint8_t error, OTAComponent *component) = 0;
};

struct OTAGlobalCallback {
    OTAGlobalStateListener *listener{nullptr};
    void add_global_state_listener(OTAGlobalStateListener *added)
    {
        this->listener = added;
    }
};

inline OTAGlobalCallback *get_global_ota_callback()
{
    static OTAGlobalCallback callback;
    return &callback;
}

} // namespace esphome::ota
