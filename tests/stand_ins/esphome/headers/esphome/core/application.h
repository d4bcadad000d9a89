/*
 * The application: its loop is that of the test.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

namespace esphome
{

struct Application {
    void wake_loop_threadsafe()
    {
    }
};
inline Application App;

} // namespace esphome
