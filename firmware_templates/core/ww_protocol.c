/*
 * The grammar of the serial protocol. See ww_protocol.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_protocol.h"

enum { TERMINATOR = '%', FIRST_PRINTABLE = 0x20, LAST_PRINTABLE = 0x7E };

void ww_command_reset(struct ww_command *command)
{
    command->length = 0;
    command->overlong = false;
    command->finished = false;
    command->word_count = 0;
    for (size_t i = 0; i < WW_COMMAND_MAX_WORDS; i++) {
        command->words[i] = "";
    }
}

/* Splits text at its blanks, in place. */
static void split(struct ww_command *command)
{
    bool in_word = false;

    command->text[command->length] = '\0';
    for (size_t i = 0; i < command->length; i++) {
        if (command->text[i] == ' ') {
            command->text[i] = '\0';
            in_word = false;
        } else if (!in_word) {
            in_word = true;
            if (command->word_count < WW_COMMAND_MAX_WORDS) {
                command->words[command->word_count++] = &command->text[i];
            }
        }
    }
}

/* The character for a byte of a command: a tab becomes a blank, and a byte that cannot be echoed safely becomes '?'. */
static char cleaned(uint8_t byte)
{
    if (byte == '\t') {
        return ' ';
    }
    return (byte < FIRST_PRINTABLE || byte > LAST_PRINTABLE) ? '?' : (char)byte;
}

enum ww_command_state ww_command_push(struct ww_command *command, uint8_t byte)
{
    if (command->finished || byte == WW_COMMAND_INTERRUPT) {
        ww_command_reset(command);
    }
    if (byte == '\r' || byte == '\n' || byte == '\0' || byte == WW_COMMAND_INTERRUPT) {
        return WW_COMMAND_PARTIAL;
    }
    if (byte == TERMINATOR) {
        command->finished = true;
        if (command->overlong) {
            return WW_COMMAND_TOO_LONG;
        }
        split(command);
        return WW_COMMAND_COMPLETE;
    }
    if (command->length == WW_COMMAND_MAX_CHARS) {
        command->overlong = true;
    } else {
        command->text[command->length++] = cleaned(byte);
    }
    return WW_COMMAND_PARTIAL;
}

bool ww_same(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

bool ww_parse_decimal(const char *word, uint32_t *value)
{
    uint32_t result = 0;

    if (*word == '\0') {
        return false;
    }
    for (; *word != '\0'; word++) {
        if (*word < '0' || *word > '9') {
            return false;
        }
        const uint32_t digit = (uint32_t)(*word - '0');
        if (result > (UINT32_MAX - digit) / 10U) {
            return false;
        }
        result = result * 10U + digit;
    }
    *value = result;
    return true;
}

/* 0 to 15, or 16 for anything that is not a hex digit. */
static unsigned hex_digit(char character)
{
    if (character >= '0' && character <= '9') {
        return (unsigned)(character - '0');
    }
    if (character >= 'a' && character <= 'f') {
        return (unsigned)(character - 'a') + 10U;
    }
    if (character >= 'A' && character <= 'F') {
        return (unsigned)(character - 'A') + 10U;
    }
    return 16U;
}

bool ww_parse_hex(const char *two_digits, uint8_t *byte)
{
    const unsigned high = hex_digit(two_digits[0]);
    if (high > 15U) {
        return false;
    }
    const unsigned low = hex_digit(two_digits[1]);
    if (low > 15U) {
        return false;
    }
    *byte = (uint8_t)(high << 4 | low);
    return true;
}
