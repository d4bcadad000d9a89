/*
 * What a configuration with OTA and voice activity defines.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#define USE_MICRO_WAKE_WORD
#define USE_MICRO_WAKE_WORD_VAD
#define USE_OTA_STATE_LISTENER
