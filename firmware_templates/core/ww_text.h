/*
 * Text to the console: strings, decimal and hex numbers, line ends. What printf would do, in a few hundred bytes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_TEXT_H
#define WW_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "ww_port.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { WW_TEXT_BUFFER_BYTES = 64 }; /* one full-speed USB packet */

struct ww_text {
    const struct ww_port *port;
    size_t count;
    uint8_t bytes[WW_TEXT_BUFFER_BYTES];
};

void ww_text_init(struct ww_text *text, const struct ww_port *port);

void ww_text_char(struct ww_text *text, char character);
void ww_text_string(struct ww_text *text, const char *string);
void ww_text_decimal(struct ww_text *text, uint32_t value);
void ww_text_hex(struct ww_text *text, uint8_t byte); /* two lower-case digits */

/* Ends the line with CR LF and sends what is buffered. */
void ww_text_end_line(struct ww_text *text);

/* The two most frequent lines: a string alone, and "BEFORE<value>AFTER". */
void ww_text_line(struct ww_text *text, const char *string);
void ww_text_value_line(struct ww_text *text, const char *before, uint32_t value, const char *after);

#ifdef __cplusplus
}
#endif
#endif /* WW_TEXT_H */
