/*
 * The console commands that wwtool adds to MLPerf Tiny's.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_commands.h"

enum { MIN_BAUD = 9600, MAX_BAUD = 3000000 };

static const char *word(const struct ww_console *console, size_t index)
{
    return console->command.words[index];
}

static void info_text(struct ww_console *console, const char *key, const char *value)
{
    ww_text_string(&console->text, "ww-info-[");
    ww_text_string(&console->text, key);
    ww_text_char(&console->text, '=');
    ww_text_string(&console->text, value);
    ww_text_line(&console->text, "]");
}

static void info_number(struct ww_console *console, const char *key, size_t value)
{
    ww_text_string(&console->text, "ww-info-[");
    ww_text_string(&console->text, key);
    ww_text_value_line(&console->text, "=", (uint32_t)value, "]");
}

bool ww_command_info(struct ww_console *console)
{
    const struct ww_program *program = console->program;

    info_text(console, "version", program->version);
    info_text(console, "board", console->port->board);
    info_text(console, "model", program->name);
    info_text(console, "phrase", program->phrase);
    info_text(console, "sha256", program->model_sha256);
    info_number(console, "input", program->input_bytes);
    info_number(console, "output", program->output_bytes);
    info_number(console, "arena", program->arena_bytes);
    info_number(console, "state", program->state_bytes);
    info_number(console, "frames", program->input_frames);
    info_number(console, "step", program->step_samples);
    info_number(console, "rate", WW_FRONTEND_SAMPLE_RATE_HZ);
    return true;
}

bool ww_command_reset_state(struct ww_console *console)
{
    ww_console_listen(console, false);
    ww_console_reset_pipeline(console);
    return true;
}

bool ww_command_output(struct ww_console *console)
{
    const uint8_t *output = console->program->output;

    ww_text_string(&console->text, "ww-output-[");
    for (size_t i = 0; i < console->program->output_bytes; i++) {
        if (i > 0) {
            ww_text_char(&console->text, ' ');
        }
        ww_text_hex(&console->text, output[i]);
    }
    ww_text_line(&console->text, "]");
    return true;
}

/* Makes the next N bytes samples. */
static bool expect_pcm(struct ww_console *console, enum ww_console_mode mode)
{
    uint32_t count = 0;

    ww_console_listen(console, false);
    if (!ww_parse_decimal(word(console, 1), &count) || count == 0 || count % 2U != 0 ||
        count > WW_CONSOLE_MAX_PCM_BYTES) {
        ww_text_value_line(&console->text, "e-[PCM bytes must be even and 2 to ", WW_CONSOLE_MAX_PCM_BYTES, "]");
        return true;
    }
    console->mode = mode;
    console->pcm_bytes_left = count;
    console->pcm_since_us = console->port->micros(console->port->context);
    ww_text_value_line(&console->text, "ww-pcm-expecting-", count, "");
    return false;
}

bool ww_command_pcm(struct ww_console *console)
{
    if (!console->fed_by_audio) {
        ww_text_line(&console->text, "e-[This model does not take audio features]");
        return true;
    }
    return expect_pcm(console, WW_CONSOLE_PCM);
}

bool ww_command_features(struct ww_console *console)
{
    return expect_pcm(console, WW_CONSOLE_FEATURES);
}

bool ww_console_switch(struct ww_console *console, bool *on)
{
    uint32_t value = 0;

    if (!ww_parse_decimal(word(console, 1), &value) || value > 1U) {
        ww_text_string(&console->text, "e-[Command '");
        ww_text_string(&console->text, word(console, 0));
        ww_text_line(&console->text, "' requires 0 or 1]");
        return false;
    }
    *on = value == 1U;
    return true;
}

bool ww_command_prob(struct ww_console *console)
{
    (void)ww_console_switch(console, &console->show_probabilities);
    return true;
}

bool ww_command_memory(struct ww_console *console)
{
    const struct ww_port *port = console->port;
    const uint32_t stack = port->stack_high_water == NULL ? 0 : port->stack_high_water(port->context);
    const uint32_t overruns = port->audio_overruns == NULL ? 0 : port->audio_overruns(port->context);

    ww_text_value_line(&console->text, "ww-memory-[stack=", stack, "]");
    ww_text_value_line(&console->text, "ww-memory-[overruns=", overruns, "]");
    return true;
}

bool ww_command_cycles(struct ww_console *console)
{
    ww_text_value_line(&console->text, "ww-cycles-[frontend=", console->pipeline.frontend_cycles, "]");
    ww_text_value_line(&console->text, "ww-cycles-[invoke=", console->pipeline.invoke_cycles, "]");
    return true;
}

bool ww_command_baud(struct ww_console *console)
{
    const struct ww_port *port = console->port;
    uint32_t baud = 0;

    if (!ww_parse_decimal(word(console, 1), &baud) || baud < MIN_BAUD || baud > MAX_BAUD) {
        ww_text_string(&console->text, "e-[Baud must be ");
        ww_text_decimal(&console->text, MIN_BAUD);
        ww_text_value_line(&console->text, " to ", MAX_BAUD, "]");
        return true;
    }
    ww_text_value_line(&console->text, "ww-baud-[", baud, "]");
    ww_console_ready(console);
    if (port->console_set_baud != NULL && !port->console_set_baud(port->context, baud)) {
        ww_text_line(&console->text, "e-[This board cannot make that rate]");
        return true; /* at the old rate */
    }
    return false;
}
