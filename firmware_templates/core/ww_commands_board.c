/*
 * The console commands that test a new board: why it started, its memory, its microphone, its light, its watchdog.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_commands.h"

enum {
    MIC_SAMPLES = WW_FRONTEND_SAMPLE_RATE_HZ,
    MIC_TIMEOUT_US = 3000000,
    MIDDLE = 32768, /* added to samples, so that all numbers are positive */
};

/* "COMMAND-[VALUE VALUE ...]" */
static bool answer(struct ww_console *console, const uint32_t *values, size_t count)
{
    ww_text_string(&console->text, console->command.words[0]);
    ww_text_string(&console->text, "-[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            ww_text_char(&console->text, ' ');
        }
        ww_text_decimal(&console->text, values[i]);
    }
    ww_text_line(&console->text, "]");
    return true;
}

static bool impossible(struct ww_console *console)
{
    ww_text_line(&console->text, "e-[Not on this board]");
    return true;
}

static void print_facts(struct ww_console *console, const struct ww_fact *facts, size_t count)
{
    for (const struct ww_fact *fact = facts; count > 0; fact++, count--) {
        ww_text_string(&console->text, "ww-boot-[");
        ww_text_string(&console->text, fact->key);
        ww_text_char(&console->text, '=');
        if (fact->text != NULL) {
            ww_text_string(&console->text, fact->text);
        } else {
            ww_text_decimal(&console->text, fact->number);
        }
        ww_text_line(&console->text, "]");
    }
}

bool ww_command_boot(struct ww_console *console)
{
    const struct ww_port *port = console->port;
    const struct ww_program *program = console->program;
    const struct ww_fact own[] = {{"model", program->name, 0}, {"version", program->version, 0}};
    size_t count = 0;

    if (port->facts != NULL) {
        const struct ww_fact *facts = port->facts(port->context, &count);
        print_facts(console, facts, count);
    }
    print_facts(console, own, 2);
    return true;
}

static void keep_alive(const struct ww_console *console)
{
    if (console->port->keep_alive != NULL) {
        console->port->keep_alive(console->port->context);
    }
}

/*
 * Two rounds fill all and then compare all. Every word holds its address, inverted in the second round: so each bit is
 * seen as 0 and as 1, and two addresses of one word show.
 */
bool ww_command_ram(struct ww_console *console)
{
    const struct ww_bench *bench = console->port->bench;
    uint32_t result[] = {0, 0, 0}; /* bytes, how many words are bad, the last of them */

    if (bench == NULL || bench->free.begin >= bench->free.end) {
        return impossible(console);
    }
    result[0] = (uint32_t)(bench->free.end - bench->free.begin) * 4U;
    for (uint32_t round = 0; round < 4U; round++) {
        const uint32_t invert = 0U - (round >> 1);
        for (volatile uint32_t *word = bench->free.begin; word < bench->free.end; word++) {
            const uint32_t address = (uint32_t)(uintptr_t)word;
            if (round % 2U == 0) {
                *word = address ^ invert;
            } else if (*word != (address ^ invert)) {
                result[1]++;
                result[2] = address;
            }
            if (address % 4096U == 0) {
                keep_alive(console);
            }
        }
    }
    return answer(console, result, 3);
}

/* CRC-32 as in zlib, bit by bit. */
bool ww_command_code(struct ww_console *console)
{
    const struct ww_bench *bench = console->port->bench;
    uint32_t crc = UINT32_MAX;

    if (bench == NULL || bench->code.begin >= bench->code.end) {
        return impossible(console);
    }
    const uint32_t begin = (uint32_t)(uintptr_t)bench->code.begin;
    for (const volatile uint32_t *word = bench->code.begin; word < bench->code.end; word++) {
        crc ^= *word;
        for (int bit = 0; bit < 32; bit++) {
            crc = crc >> 1 ^ (0xEDB88320U & (0U - (crc & 1U)));
        }
        keep_alive(console);
    }
    const uint32_t result[] = {begin, (uint32_t)(uintptr_t)bench->code.end - begin, ~crc};
    return answer(console, result, 3);
}

/* Listens for a second; a microphone without samples ends it later. */
bool ww_command_mic(struct ww_console *console)
{
    const struct ww_port *port = console->port;
    int16_t samples[32];
    uint32_t result[] = {0, 0, 0, UINT32_MAX, 0}; /* samples, microseconds, mean, lowest, highest */
    uint32_t sum = 0;

    if (port->audio_read == NULL) {
        return impossible(console);
    }
    ww_console_listen(console, false);
    ww_console_listen(console, true);
    const uint32_t since = port->micros(port->context);
    while (result[0] < MIC_SAMPLES && result[1] < MIC_TIMEOUT_US) {
        const size_t count = port->audio_read(port->context, samples, sizeof samples / sizeof samples[0]);
        for (size_t i = 0; i < count; i++) {
            const uint32_t level = (uint32_t)(samples[i] + MIDDLE);
            sum += level;
            result[3] = level < result[3] ? level : result[3];
            result[4] = level > result[4] ? level : result[4];
        }
        result[0] += (uint32_t)count;
        result[1] = port->micros(port->context) - since;
        port->idle(port->context);
    }
    result[2] = result[0] == 0 ? 0 : sum / result[0];
    return answer(console, result, 5);
}

bool ww_command_led(struct ww_console *console)
{
    bool on = false;

    if (ww_console_switch(console, &on)) {
        console->indicating = false;
        console->port->indicate(console->port->context, on);
    }
    return true;
}

bool ww_command_hang(struct ww_console *console)
{
    if (console->port->bench == NULL || !console->port->bench->has_watchdog) {
        return impossible(console);
    }
    ww_console_ready(console);
    for (;;) {
    }
}
