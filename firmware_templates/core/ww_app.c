/*
 * The application: its one state, and the main loop. See ww_app.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_app.h"

#include "ww_console.h"

enum {
    CONSOLE_BYTES_PER_TURN = 64,
    /* 10 ms: at most one feature frame and one inference between two looks at the console */
    SAMPLES_PER_TURN = WW_FRONTEND_SAMPLE_RATE_HZ / 100,
};

static struct ww_console console;

void ww_app_start(const struct ww_port *port, const struct ww_program *program)
{
    ww_console_init(&console, port, program);
}

void ww_app_poll(void)
{
    const struct ww_port *port = console.port;
    uint8_t bytes[CONSOLE_BYTES_PER_TURN];
    int16_t samples[SAMPLES_PER_TURN];

    ww_console_receive(&console, bytes, port->console_read(port->context, bytes, sizeof bytes));
    if (console.listening) {
        ww_console_hear(&console, samples, port->audio_read(port->context, samples, SAMPLES_PER_TURN));
    }
    ww_console_tick(&console);
}

void ww_app_run(const struct ww_port *port, const struct ww_program *program)
{
    ww_app_start(port, program);
    for (;;) {
        ww_app_poll();
        port->idle(port->context);
    }
}
