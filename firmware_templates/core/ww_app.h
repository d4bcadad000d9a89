/*
 * The application: audio -> front end -> model -> detector, and the serial console beside it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_APP_H
#define WW_APP_H

#include "ww_program.h"
#include "ww_port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Runs for ever. There is one application a firmware; its state is static. */
void ww_app_run(const struct ww_port *port, const struct ww_program *program);

/* The two halves of ww_app_run, for a board or a test that has a loop of its own. */
void ww_app_start(const struct ww_port *port, const struct ww_program *program);
void ww_app_poll(void); /* one turn: console bytes, then microphone samples; does not sleep */

#ifdef __cplusplus
}
#endif
#endif /* WW_APP_H */
