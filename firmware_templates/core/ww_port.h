/*
 * The hardware boundary: everything core/ needs from a board, and nothing else.
 *
 * A board fills one struct ww_port and calls ww_app_run() (ww_app.h). No other file of core/ touches hardware.
 * All functions are called from the main loop only, never from an interrupt.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_PORT_H
#define WW_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Something that the board knows of its start: a text, or a number where the text is NULL. */
struct ww_fact {
    const char *key;
    const char *text;
    uint32_t number;
};

/* Words of memory from begin up to end. */
struct ww_range {
    volatile uint32_t *begin, *end;
};

/* What tests of a new board may use. */
struct ww_bench {
    struct ww_range free; /* RAM that the program leaves alone */
    struct ww_range code; /* code and constants, where they run */
    bool has_watchdog;    /* it resets a board whose main loop hangs */
};

struct ww_port {
    /* Passed back as the first argument of every function. */
    void *context;

    /* The board's name, [a-z0-9_]+; the console shows it as wwtool-NAME. */
    const char *board;

    /* Takes up to max console bytes that have arrived; returns how many. Never blocks. */
    size_t (*console_read)(void *context, uint8_t *bytes, size_t max);

    /* Sends count console bytes; returns when they are queued. Bytes nobody can receive are dropped, not waited for. */
    void (*console_write)(void *context, const uint8_t *bytes, size_t count);

    /* Changes the console's bit rate after what is queued has left; false if the rate cannot be made. May be NULL. */
    bool (*console_set_baud)(void *context, uint32_t baud);

    /* Takes up to max microphone samples (16 kHz, mono, signed); returns how many. Never blocks. May be NULL. */
    size_t (*audio_read)(void *context, int16_t *samples, size_t max);

    /* Starts or stops the microphone; stopping discards what is buffered. NULL if audio_read is. */
    void (*audio_enable)(void *context, bool on);

    /* Samples lost since start because the main loop was late. NULL if audio_read is. */
    uint32_t (*audio_overruns)(void *context);

    /* Microseconds since start, wrapping. */
    uint32_t (*micros)(void *context);

    /* A core-clock cycle count, wrapping at 2^32; NULL where the core has none. */
    uint32_t (*cycles)(void *context);

    /* Shows a detection (LED, GPIO) while on. */
    void (*indicate)(void *context, bool on);

    /* Deepest stack use since start, in bytes; 0 if the board does not paint its stack. May be NULL. */
    uint32_t (*stack_high_water)(void *context);

    /* Why the board started (`reset`), and what else it noticed then; *count facts. May be NULL. */
    const struct ww_fact *(*facts)(void *context, size_t *count);

    /* May be NULL. */
    const struct ww_bench *bench;

    /* Feeds the watchdog in the middle of long work, without sleeping. NULL where there is no watchdog. */
    void (*keep_alive)(void *context);

    /* Called once every turn of the main loop: feeds the watchdog, then sleeps until the next interrupt, or returns at
       once if console bytes or samples are waiting. Interrupts come at least a few times a second. */
    void (*idle)(void *context);
};

#ifdef __cplusplus
}
#endif
#endif /* WW_PORT_H */
