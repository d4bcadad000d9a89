/*
 * The log goes to standard error.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <cstdio>

#define STAND_IN_LOG(level, tag, format, ...)                                                                          \
    std::fprintf(stderr, "[" level "][%s]: " format "\n", tag __VA_OPT__(, ) __VA_ARGS__)
#define ESP_LOGE(tag, ...)      STAND_IN_LOG("E", tag, __VA_ARGS__)
#define ESP_LOGW(tag, ...)      STAND_IN_LOG("W", tag, __VA_ARGS__)
#define ESP_LOGD(tag, ...)      STAND_IN_LOG("D", tag, __VA_ARGS__)
#define ESP_LOGCONFIG(tag, ...) STAND_IN_LOG("C", tag, __VA_ARGS__)
