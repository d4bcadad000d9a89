/*
 * The developer's own machine.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stddef.h>

#include "board.h"

const struct board board = {.name = "host", .led = NULL};
