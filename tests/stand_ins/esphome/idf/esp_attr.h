/*
 * Places in memory.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#define IRAM_ATTR
