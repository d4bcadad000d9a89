/*
 * The serial console. See ww_console.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_console.h"

#include "ww_commands.h"

struct command_entry {
    const char *name;
    bool (*run)(struct ww_console *console);
};

static const struct command_entry command_table[] = {
    {"name", ww_command_name},
    {"profile", ww_command_profile},
    {"timestamp", ww_command_timestamp},
    {"db", ww_command_db},
    {"infer", ww_command_infer},
    {"results", ww_command_results},
    {"start", ww_command_start},
    {"stop", ww_command_stop},
    {"help", ww_command_help},
    {"ww-info", ww_command_info},
    {"ww-reset", ww_command_reset_state},
    {"ww-output", ww_command_output},
    {"ww-pcm", ww_command_pcm},
    {"ww-features", ww_command_features},
    {"ww-prob", ww_command_prob},
    {"ww-memory", ww_command_memory},
    {"ww-cycles", ww_command_cycles},
    {"ww-baud", ww_command_baud},
    {"ww-boot", ww_command_boot},
    {"ww-ram", ww_command_ram},
    {"ww-code", ww_command_code},
    {"ww-mic", ww_command_mic},
    {"ww-led", ww_command_led},
    {"ww-hang", ww_command_hang},
};

static uint32_t now_us(const struct ww_console *console)
{
    return console->port->micros(console->port->context);
}

void ww_console_ready(struct ww_console *console)
{
    ww_text_line(&console->text, "m-ready");
}

void ww_console_listen(struct ww_console *console, bool on)
{
    const struct ww_port *port = console->port;

    if (port->audio_read == NULL || console->listening == on) {
        return;
    }
    console->listening = on;
    port->audio_enable(port->context, on);
}

void ww_console_reset_pipeline(struct ww_console *console)
{
    ww_pipeline_reset(&console->pipeline);
    console->activation_count = 0;
}

void ww_console_init(struct ww_console *console, const struct ww_port *port, const struct ww_program *program)
{
    *console = (struct ww_console){.port = port, .program = program, .mode = WW_CONSOLE_COMMAND};
    ww_text_init(&console->text, port);
    ww_command_reset(&console->command);
    console->fed_by_audio = ww_pipeline_init(&console->pipeline, port, program);

    (void)ww_command_boot(console);
    ww_text_line(&console->text, "m-timestamp-mode-performance");
    ww_text_value_line(&console->text, "m-lap-us-", now_us(console), "");
    ww_text_line(&console->text, "m-init-done");
    ww_console_ready(console);
    if (console->fed_by_audio) {
        ww_console_listen(console, true);
    }
}

/* "ww-NAME-[F,P]" */
static void report(struct ww_console *console, const char *name, const struct ww_event *event)
{
    ww_text_string(&console->text, name);
    ww_text_decimal(&console->text, event->frame);
    ww_text_char(&console->text, ',');
    ww_text_decimal(&console->text, event->probability);
    ww_text_line(&console->text, "]");
}

static void report_features(struct ww_console *console, const struct ww_event *event)
{
    ww_text_string(&console->text, "ww-features-[");
    ww_text_decimal(&console->text, event->frame);
    ww_text_char(&console->text, ',');
    for (size_t i = 0; i < WW_FRONTEND_CHANNELS; i++) {
        ww_text_hex(&console->text, (uint8_t)event->features[i]);
    }
    ww_text_line(&console->text, "]");
}

static void detected(struct ww_console *console, const struct ww_event *event)
{
    const struct ww_port *port = console->port;

    report(console, "ww-detection-[", event);
    if (console->activation_count < WW_CONSOLE_MAX_ACTIVATIONS) {
        console->activations[console->activation_count++] = event->frame;
    }
    port->indicate(port->context, true);
    console->indicating = true;
    console->indicating_since_us = now_us(console);
}

/* "ww-word-[N,F]": companion N, from 1, has detected its word in frame F. */
static void report_companions(struct ww_console *console, const struct ww_event *event)
{
    for (uint32_t word = 1; word <= console->program->companion_count; word++) {
        if ((event->words >> word & 1U) != 0) {
            ww_text_string(&console->text, "ww-word-[");
            ww_text_decimal(&console->text, word);
            ww_text_char(&console->text, ',');
            ww_text_decimal(&console->text, event->frame);
            ww_text_line(&console->text, "]");
        }
    }
}

void ww_console_hear(struct ww_console *console, const int16_t *samples, size_t count)
{
    const bool features_only = console->mode == WW_CONSOLE_FEATURES;

    while (count > 0) {
        struct ww_event event;
        const size_t taken = ww_pipeline_take(&console->pipeline, samples, count, features_only, &event);

        samples += taken;
        count -= taken;
        if (event.frame_ready && features_only) {
            report_features(console, &event);
        }
        if (event.inferred && console->show_probabilities) {
            report(console, "ww-prob-[", &event);
        }
        if (event.detected) {
            detected(console, &event);
        }
        report_companions(console, &event);
    }
}

static void run_command(struct ww_console *console)
{
    const char *name = console->command.words[0];

    for (size_t i = 0; i < sizeof command_table / sizeof command_table[0]; i++) {
        if (ww_same(name, command_table[i].name)) {
            if (command_table[i].run(console)) {
                ww_console_ready(console);
            }
            return;
        }
    }
    ww_text_string(&console->text, "e-[Unknown command: ");
    ww_text_string(&console->text, name);
    ww_text_line(&console->text, "]");
    ww_console_ready(console);
}

static void receive_command_byte(struct ww_console *console, uint8_t byte)
{
    switch (ww_command_push(&console->command, byte)) {
    case WW_COMMAND_COMPLETE:
        run_command(console);
        break;
    case WW_COMMAND_TOO_LONG:
        ww_text_value_line(&console->text, "e-[Command longer than ", WW_COMMAND_MAX_CHARS, " characters]");
        ww_console_ready(console);
        break;
    case WW_COMMAND_PARTIAL:
    default:
        break;
    }
}

/* Takes at least one byte of a PCM block; returns how many. Bytes come in portions of any size, also odd ones. */
static size_t receive_pcm(struct ww_console *console, const uint8_t *bytes, size_t count)
{
    int16_t samples[32];
    size_t sample_count = 0;
    size_t taken = 0;

    while (taken < count && console->pcm_bytes_left > 0 && sample_count < sizeof samples / sizeof samples[0]) {
        const uint8_t byte = bytes[taken++];
        if (console->pcm_bytes_left-- % 2U == 0) {
            console->pcm_low_byte = byte;
        } else {
            samples[sample_count++] = (int16_t)(uint16_t)(console->pcm_low_byte | (unsigned)byte << 8);
        }
    }
    ww_console_hear(console, samples, sample_count);
    console->pcm_since_us = now_us(console);
    if (console->pcm_bytes_left == 0) {
        console->mode = WW_CONSOLE_COMMAND;
        ww_console_ready(console);
    }
    return taken;
}

static void skip(struct ww_console *console, size_t count)
{
    console->rest += count;
    console->rest_count -= count;
}

static void take(struct ww_console *console, const uint8_t *bytes, size_t count)
{
    console->rest = bytes;
    console->rest_count = count;
    while (console->rest_count > 0) {
        if (console->mode == WW_CONSOLE_COMMAND) {
            const uint8_t byte = console->rest[0];
            skip(console, 1);
            receive_command_byte(console, byte);
        } else {
            skip(console, receive_pcm(console, console->rest, console->rest_count));
        }
    }
}

void ww_console_receive(struct ww_console *console, const uint8_t *bytes, size_t count)
{
    take(console, bytes, count);
    while (console->ahead_count > 0) {
        uint8_t ahead[WW_CONSOLE_AHEAD_BYTES];
        const size_t ahead_count = console->ahead_count;

        for (size_t i = 0; i < ahead_count; i++) {
            ahead[i] = console->ahead[i];
        }
        console->ahead_count = 0;
        take(console, ahead, ahead_count);
    }
}

/* Whether the bytes that have come contain a `stop` or an interrupt. */
static bool stops(struct ww_console *console, const uint8_t *bytes, size_t count)
{
    struct ww_command *command = &console->ahead_command;

    for (size_t i = 0; i < count; i++) {
        if (ww_command_push(command, bytes[i]) == WW_COMMAND_COMPLETE && ww_same(command->words[0], "stop")) {
            return true;
        }
        if (bytes[i] == WW_COMMAND_INTERRUPT) {
            return true;
        }
    }
    return false;
}

void ww_console_begin_work(struct ww_console *console)
{
    ww_command_reset(&console->ahead_command);
    console->looked_us = now_us(console);
    console->stopped =
        stops(console, console->rest, console->rest_count) || stops(console, console->ahead, console->ahead_count);
}

bool ww_console_is_stopped(struct ww_console *console)
{
    const struct ww_port *port = console->port;
    uint8_t *end = console->ahead + console->ahead_count;
    const size_t room = WW_CONSOLE_AHEAD_BYTES - console->ahead_count;
    const uint32_t now = now_us(console);

    /* Not every time, as reading may take longer than an inference of which the time is measured. */
    if (!console->stopped && room > 0 && now - console->looked_us >= WW_CONSOLE_LOOK_US) {
        console->looked_us = now;
        const size_t count = port->console_read(port->context, end, room);
        console->ahead_count += count;
        console->stopped = stops(console, end, count);
    }
    return console->stopped;
}

void ww_console_tick(struct ww_console *console)
{
    const struct ww_port *port = console->port;
    const uint32_t now = now_us(console);

    if (console->indicating && now - console->indicating_since_us >= WW_CONSOLE_INDICATE_US) {
        console->indicating = false;
        port->indicate(port->context, false);
    }
    if (console->mode != WW_CONSOLE_COMMAND && now - console->pcm_since_us >= WW_CONSOLE_PCM_TIMEOUT_US) {
        console->mode = WW_CONSOLE_COMMAND;
        ww_text_value_line(&console->text, "e-[", (uint32_t)console->pcm_bytes_left, " PCM bytes did not come]");
        ww_console_ready(console);
    }
}
