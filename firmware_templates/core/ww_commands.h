/*
 * The commands of the console, one function each. True: the console still has to send m-ready; false: the command sends
 * it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_COMMANDS_H
#define WW_COMMANDS_H

#include <stdbool.h>

#include "ww_console.h"

#ifdef __cplusplus
extern "C" {
#endif

/* MLPerf Tiny (ww_commands_mlperf.c). */
bool ww_command_name(struct ww_console *console);
bool ww_command_profile(struct ww_console *console);
bool ww_command_timestamp(struct ww_console *console);
bool ww_command_db(struct ww_console *console);
bool ww_command_infer(struct ww_console *console);
bool ww_command_results(struct ww_console *console);
bool ww_command_start(struct ww_console *console);
bool ww_command_stop(struct ww_console *console);
bool ww_command_help(struct ww_console *console);

/* wwtool (ww_commands_ww.c). */
bool ww_command_info(struct ww_console *console);
bool ww_command_reset_state(struct ww_console *console);
bool ww_command_output(struct ww_console *console);
bool ww_command_pcm(struct ww_console *console);
bool ww_command_features(struct ww_console *console);
bool ww_command_prob(struct ww_console *console);
bool ww_command_memory(struct ww_console *console);
bool ww_command_cycles(struct ww_console *console);
bool ww_command_baud(struct ww_console *console);

/* The 0 or 1 behind a command's name; false, after an error to the host, if there is neither. */
bool ww_console_switch(struct ww_console *console, bool *on);

/* Tests of a new board (ww_commands_board.c). */
bool ww_command_boot(struct ww_console *console);
bool ww_command_ram(struct ww_console *console);
bool ww_command_code(struct ww_console *console);
bool ww_command_mic(struct ww_console *console);
bool ww_command_led(struct ww_console *console);
bool ww_command_hang(struct ww_console *console);

#ifdef __cplusplus
}
#endif
#endif /* WW_COMMANDS_H */
