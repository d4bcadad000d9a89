/*
 * Ring buffers, which the component does not use and headers of ESPHome name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include "FreeRTOS.h"

typedef struct RingBuffer *RingbufHandle_t;
struct StaticRingbuffer_t {};
