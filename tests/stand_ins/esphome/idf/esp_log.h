/*
 * ESP-IDF's own log, which ESPHome replaces.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include "esp_err.h"
