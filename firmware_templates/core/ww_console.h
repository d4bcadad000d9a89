/*
 * The serial console: answers commands from the host, and prints detections. See docs/reference/serial-protocol.md.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_CONSOLE_H
#define WW_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ww_program.h"
#include "ww_pipeline.h"
#include "ww_port.h"
#include "ww_protocol.h"
#include "ww_text.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WW_CONSOLE_MAX_PCM_BYTES = 1024,
    WW_CONSOLE_MAX_ACTIVATIONS = 32, /* that `stop` lists; later ones are left out */
    WW_CONSOLE_PCM_TIMEOUT_US = 2000000,
    WW_CONSOLE_INDICATE_US = 1000000,
    WW_CONSOLE_LOOK_US = 50000,                        /* between two checks for a byte that stops long work */
    WW_CONSOLE_AHEAD_BYTES = WW_COMMAND_MAX_CHARS + 1, /* a command */
};

/* What the next byte from the host means. */
enum ww_console_mode {
    WW_CONSOLE_COMMAND,
    WW_CONSOLE_PCM,      /* a sample for the whole pipeline */
    WW_CONSOLE_FEATURES, /* a sample for the front end alone */
};

struct ww_console {
    const struct ww_port *port;
    const struct ww_program *program;
    struct ww_pipeline pipeline;
    struct ww_text text;
    struct ww_command command;

    const uint8_t *rest; /* of the bytes that are being processed */
    size_t rest_count;
    uint8_t ahead[WW_CONSOLE_AHEAD_BYTES]; /* bytes that came while a command was running */
    size_t ahead_count;
    struct ww_command ahead_command; /* the command that these bytes form */
    bool stopped;
    uint32_t looked_us; /* when the last check was */

    bool fed_by_audio; /* the program can hear */
    bool listening;    /* to the microphone */
    bool show_probabilities;
    bool indicating;
    uint32_t indicating_since_us;

    enum ww_console_mode mode;
    size_t pcm_bytes_left;
    uint8_t pcm_low_byte;  /* of the sample whose high byte comes next */
    uint32_t pcm_since_us; /* when the last byte came */

    size_t db_bytes;    /* that `db load` announced */
    size_t db_position; /* how many of them have come */

    size_t activation_count;
    uint32_t activations[WW_CONSOLE_MAX_ACTIVATIONS]; /* frames */
};

/* Sends the boot lines and starts to listen if there is a microphone and a program that can use it. */
void ww_console_init(struct ww_console *console, const struct ww_port *port, const struct ww_program *program);

/* Takes bytes from the host. */
void ww_console_receive(struct ww_console *console, const uint8_t *bytes, size_t count);

/* Runs samples, wherever they come from, through the pipeline and reports what they cause. */
void ww_console_hear(struct ww_console *console, const int16_t *samples, size_t count);

/* Switches the indicator off in time, and ends a PCM block whose host went away. */
void ww_console_tick(struct ww_console *console);

/*
 * For a command that runs long: whether the host has sent a `stop` or an interrupt since it began. Other bytes are kept
 * for later, up to the length of a command.
 */
void ww_console_begin_work(struct ww_console *console);
bool ww_console_is_stopped(struct ww_console *console);

/* For the commands (ww_commands.h). */
void ww_console_ready(struct ww_console *console);
void ww_console_listen(struct ww_console *console, bool on);
void ww_console_reset_pipeline(struct ww_console *console);

#ifdef __cplusplus
}
#endif
#endif /* WW_CONSOLE_H */
