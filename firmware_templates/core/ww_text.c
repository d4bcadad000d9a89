/*
 * Text to the console. See ww_text.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_text.h"

enum { MAX_DECIMAL_DIGITS = 10 }; /* of a uint32_t */

static void flush(struct ww_text *text)
{
    if (text->count > 0) {
        text->port->console_write(text->port->context, text->bytes, text->count);
        text->count = 0;
    }
}

void ww_text_init(struct ww_text *text, const struct ww_port *port)
{
    text->port = port;
    text->count = 0;
}

void ww_text_char(struct ww_text *text, char character)
{
    if (text->count == WW_TEXT_BUFFER_BYTES) {
        flush(text);
    }
    text->bytes[text->count++] = (uint8_t)character;
}

void ww_text_string(struct ww_text *text, const char *string)
{
    while (*string != '\0') {
        ww_text_char(text, *string++);
    }
}

void ww_text_decimal(struct ww_text *text, uint32_t value)
{
    char digits[MAX_DECIMAL_DIGITS];
    size_t count = 0;

    do {
        digits[count++] = (char)('0' + value % 10U);
        value /= 10U;
    } while (value > 0);
    while (count > 0) {
        ww_text_char(text, digits[--count]);
    }
}

void ww_text_hex(struct ww_text *text, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";

    ww_text_char(text, digits[byte >> 4]);
    ww_text_char(text, digits[byte & 0x0FU]);
}

void ww_text_end_line(struct ww_text *text)
{
    ww_text_string(text, "\r\n");
    flush(text);
}

void ww_text_line(struct ww_text *text, const char *string)
{
    ww_text_string(text, string);
    ww_text_end_line(text);
}

void ww_text_value_line(struct ww_text *text, const char *before, uint32_t value, const char *after)
{
    ww_text_string(text, before);
    ww_text_decimal(text, value);
    ww_text_line(text, after);
}
