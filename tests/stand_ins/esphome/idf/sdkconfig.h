/*
 * Options that headers of ESPHome ask for.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#define CONFIG_IDF_TARGET_ESP32S3     1
#define CONFIG_ESP_TASK_WDT_TIMEOUT_S 5
