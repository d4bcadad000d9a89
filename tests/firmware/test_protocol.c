/*
 * Grammar of the serial protocol: bytes to words, words to numbers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "check.h"
#include "ww_protocol.h"

/* Pushes all of text; the state after the last character. */
static enum ww_command_state push(struct ww_command *command, const char *text)
{
    enum ww_command_state state = WW_COMMAND_PARTIAL;
    for (; *text != '\0'; text++) {
        state = ww_command_push(command, (uint8_t)*text);
    }
    return state;
}

static void test_words(void)
{
    struct ww_command command;
    ww_command_reset(&command);
    CHECK(push(&command, "  db \tload   12%") == WW_COMMAND_COMPLETE);
    CHECK(command.word_count == 3);
    CHECK(ww_same(command.words[0], "db"));
    CHECK(ww_same(command.words[1], "load"));
    CHECK(ww_same(command.words[2], "12"));
    CHECK(ww_same(command.words[3], ""));
    CHECK(push(&command, "name%") == WW_COMMAND_COMPLETE); /* nothing of the first is left */
    CHECK(command.word_count == 1 && ww_same(command.words[0], "name") && ww_same(command.words[1], ""));
    CHECK(push(&command, "a b c d e f%") == WW_COMMAND_COMPLETE);
    CHECK(command.word_count == WW_COMMAND_MAX_WORDS && ww_same(command.words[3], "d"));
    CHECK(push(&command, "%") == WW_COMMAND_COMPLETE && command.word_count == 0);
}

static void test_noise(void)
{
    struct ww_command command;
    ww_command_reset(&command);
    CHECK(ww_command_push(&command, 0) == WW_COMMAND_PARTIAL);
    CHECK(push(&command, "\r\nna\nme\r%") == WW_COMMAND_COMPLETE);
    CHECK(ww_same(command.words[0], "name"));
    (void)ww_command_push(&command, 0xFF);
    (void)ww_command_push(&command, 0x07);
    CHECK(push(&command, "x%") == WW_COMMAND_COMPLETE);
    CHECK(ww_same(command.words[0], "??x")); /* what is echoed is printable */
}

static void test_length(void)
{
    struct ww_command command;
    char longest[WW_COMMAND_MAX_CHARS + 1];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';

    ww_command_reset(&command);
    (void)push(&command, longest);
    CHECK(push(&command, "%") == WW_COMMAND_COMPLETE);
    CHECK(ww_same(command.words[0], longest));
    (void)push(&command, longest);
    CHECK(push(&command, "y%") == WW_COMMAND_TOO_LONG);
    CHECK(push(&command, "name%") == WW_COMMAND_COMPLETE);
    CHECK(ww_same(command.words[0], "name"));
}

static void test_numbers(void)
{
    static const char *const wrong[] = {"", "-1", "+1", " 1", "1 ", "0x10", "1.0", "4294967296", "99999999999", "1a"};
    uint32_t value = 7;
    CHECK(ww_parse_decimal("0", &value) && value == 0);
    CHECK(ww_parse_decimal("0042", &value) && value == 42);
    CHECK(ww_parse_decimal("4294967295", &value) && value == UINT32_MAX);
    value = 7;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK(!ww_parse_decimal(wrong[i], &value) && value == 7);
    }
}

static void test_hex(void)
{
    static const char *const wrong[] = {"", "0", "g0", "0g", " 1", "@0", "`0", "/0", ":0"};
    uint8_t byte = 7;
    for (unsigned expected = 0; expected < 256; expected++) {
        char text[3];
        (void)snprintf(text, sizeof text, expected % 2 == 0 ? "%02x" : "%02X", expected);
        CHECK(ww_parse_hex(text, &byte) && byte == expected);
    }
    byte = 7;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK(!ww_parse_hex(wrong[i], &byte) && byte == 7);
    }
}

int main(void)
{
    test_words();
    test_noise();
    test_length();
    test_numbers();
    test_hex();
    return 0;
}
