/*
 * Errors.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

typedef int esp_err_t;
