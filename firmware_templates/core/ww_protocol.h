/*
 * The grammar of the serial protocol: bytes to commands, words to numbers. No answers, no hardware.
 *
 * A command is at most 80 characters and ends in '%'; words are separated by blanks; CR, LF and NUL are noise. The
 * interrupt, Ctrl-C, forgets a command that has no end yet.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_PROTOCOL_H
#define WW_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WW_COMMAND_MAX_CHARS = 80, /* MLPerf Tiny's EE_CMD_SIZE */
    WW_COMMAND_MAX_WORDS = 4,  /* more are ignored */
    WW_COMMAND_INTERRUPT = 0x03,
};

enum ww_command_state {
    WW_COMMAND_PARTIAL,  /* no terminator yet */
    WW_COMMAND_COMPLETE, /* words[] are valid until the next push */
    WW_COMMAND_TOO_LONG, /* the terminator of a command that was thrown away */
};

struct ww_command {
    char text[WW_COMMAND_MAX_CHARS + 1];
    uint8_t length; /* characters in text */
    bool overlong;
    bool finished; /* the next push starts a new command */
    uint8_t word_count;
    const char *words[WW_COMMAND_MAX_WORDS]; /* into text; "" where there is no such word */
};

/* Forgets what has come so far. */
void ww_command_reset(struct ww_command *command);

/* Takes the next byte from the host. */
enum ww_command_state ww_command_push(struct ww_command *command, uint8_t byte);

/* True if both are the same text. */
bool ww_same(const char *a, const char *b);

/* Decimal digits only, nothing before or after, at most UINT32_MAX; false otherwise. */
bool ww_parse_decimal(const char *word, uint32_t *value);

/* Two hex digits of either case; false otherwise. */
bool ww_parse_hex(const char *two_digits, uint8_t *byte);

#ifdef __cplusplus
}
#endif
#endif /* WW_PROTOCOL_H */
