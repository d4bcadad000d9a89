/*
 * The console commands of MLPerf Tiny, with the error texts of its reference code (misspelling included).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_commands.h"

enum {
    DEFAULT_ITERATIONS = 1,
    DEFAULT_WARMUP = 10,
    MAX_INFERENCES = 1000000,
    MAX_INFER_S = 600, /* time stamps wrap after 4294 s */
    BYTES_PER_PRINTED_LINE = 8,
};

static const char *word(const struct ww_console *console, size_t index)
{
    return console->command.words[index];
}

static void lap(struct ww_console *console)
{
    ww_text_value_line(&console->text, "m-lap-us-", console->port->micros(console->port->context), "");
}

/* Where `db` writes. */
static int8_t *buffer_of(const struct ww_program *program)
{
    return program->buffer != NULL ? program->buffer : program->input;
}

bool ww_command_name(struct ww_console *console)
{
    ww_text_string(&console->text, "m-name-dut-[wwtool-");
    ww_text_string(&console->text, console->port->board);
    ww_text_line(&console->text, "]");
    return true;
}

bool ww_command_profile(struct ww_console *console)
{
    ww_text_line(&console->text, "m-profile-[ULPMark for tinyML Firmware V0.0.1]");
    ww_text_string(&console->text, "m-model-[");
    ww_text_string(&console->text, console->program->name);
    ww_text_line(&console->text, "]");
    return true;
}

bool ww_command_timestamp(struct ww_console *console)
{
    lap(console);
    return true;
}

static void db_load(struct ww_console *console)
{
    const struct ww_program *program = console->program;
    uint32_t count = 0;

    if (word(console, 2)[0] == '\0') {
        ww_text_line(&console->text, "e-[Command 'db load' requires the # of bytes]");
        return;
    }
    if (!ww_parse_decimal(word(console, 2), &count) || count == 0) {
        ww_text_line(&console->text, "e-[Command 'db load' must be >0 bytes]");
        return;
    }
    if (count > program->input_bytes) {
        ww_text_value_line(&console->text, "e-[Command 'db load' must be at most ", (uint32_t)program->input_bytes,
                           " bytes]");
        return;
    }
    console->db_bytes = count;
    console->db_position = 0;
    for (size_t i = 0; i < program->input_bytes; i++) {
        buffer_of(program)[i] = 0;
    }
    ww_text_value_line(&console->text, "m-[Expecting ", count, " bytes]");
}

static void db_print(struct ww_console *console)
{
    const int8_t *buffer = buffer_of(console->program);

    for (size_t i = 0; i < console->db_bytes; i++) {
        const bool last = i + 1 == console->db_bytes || i % BYTES_PER_PRINTED_LINE == BYTES_PER_PRINTED_LINE - 1;
        ww_text_string(&console->text, i % BYTES_PER_PRINTED_LINE == 0 ? "m-buffer-" : "-");
        ww_text_hex(&console->text, (uint8_t)buffer[i]);
        if (last) {
            ww_text_end_line(&console->text);
        }
    }
}

/* `db HH...`: the bytes up to the first wrong digit or the announced end are kept. */
static void db_bytes(struct ww_console *console, const char *digits)
{
    int8_t *buffer = buffer_of(console->program);
    size_t length = 0;

    if (console->db_position == console->db_bytes) {
        ww_text_line(&console->text, "e-[Command 'db load' must come first]");
        return;
    }
    while (digits[length] != '\0') {
        length++;
    }
    if (length % 2U != 0) {
        ww_text_line(&console->text, "e-[Insufficent number of hex digits]");
        return;
    }
    for (size_t i = 0; i < length && console->db_position < console->db_bytes; i += 2) {
        uint8_t byte = 0;
        if (!ww_parse_hex(digits + i, &byte)) {
            ww_text_string(&console->text, "e-[Invalid hex digit '");
            ww_text_char(&console->text, digits[i]);
            ww_text_char(&console->text, digits[i + 1]);
            ww_text_line(&console->text, "']");
            return;
        }
        buffer[console->db_position++] = (int8_t)byte;
    }
    if (console->db_position == console->db_bytes) {
        ww_text_line(&console->text, "m-load-done");
    }
}

bool ww_command_db(struct ww_console *console)
{
    ww_console_listen(console, false);
    console->pipeline.ear.frames_waiting = 0; /* the buffer may be the model's input */
    if (word(console, 1)[0] == '\0') {
        ww_text_line(&console->text, "e-[Command 'db' requires a subcommand]");
    } else if (ww_same(word(console, 1), "load")) {
        db_load(console);
    } else if (ww_same(word(console, 1), "print")) {
        db_print(console);
    } else {
        db_bytes(console, word(console, 1));
    }
    return true;
}

/* "m-results-[0.000,...]": every output byte as 0 to 255 over 256, rounded to three places. */
static void results(struct ww_console *console)
{
    const struct ww_program *program = console->program;
    const uint8_t *output = program->output;

    ww_text_string(&console->text, "m-results-[");
    for (size_t i = 0; i < program->output_bytes; i++) {
        const uint8_t value = (uint8_t)(output[i] + program->output_offset);
        const unsigned milli = ((unsigned)value * 1000U + 128U) / 256U; /* at most 996 */
        ww_text_string(&console->text, i == 0 ? "0." : ",0.");
        ww_text_char(&console->text, (char)('0' + milli / 100U));
        ww_text_char(&console->text, (char)('0' + milli / 10U % 10U));
        ww_text_char(&console->text, (char)('0' + milli % 10U));
    }
    ww_text_line(&console->text, "]");
}

/* False if it was cancelled; the host has been told. */
static bool invoke_on_buffer(struct ww_console *console, uint32_t times, uint32_t since_us)
{
    const struct ww_program *program = console->program;
    const struct ww_port *port = console->port;

    while (times-- > 0) {
        if (ww_console_is_stopped(console)) {
            ww_text_line(&console->text, "e-[Inference stopped]");
            return false;
        }
        if (port->micros(port->context) - since_us >= MAX_INFER_S * 1000000U) {
            ww_text_value_line(&console->text, "e-[Inference must take at most ", MAX_INFER_S, " s]");
            return false;
        }
        if (program->buffer != NULL) {
            for (size_t i = 0; i < program->input_bytes; i++) {
                program->input[i] = program->buffer[i];
            }
        }
        ww_pipeline_invoke(&console->pipeline);
        if (port->keep_alive != NULL) {
            port->keep_alive(port->context);
        }
    }
    return true;
}

/* Reads an optional count; false if it is too high or not a number, and the host has been told. */
static bool count_of(struct ww_console *console, size_t index, const char *name, uint32_t least, uint32_t *count)
{
    const char *digits = word(console, index);

    if (digits[0] != '\0' && (!ww_parse_decimal(digits, count) || *count < least)) {
        ww_text_string(&console->text, name);
        ww_text_line(&console->text, least > 0 ? " must be >0]" : " must be >=0]");
        return false;
    }
    if (*count > MAX_INFERENCES) {
        ww_text_string(&console->text, name);
        ww_text_value_line(&console->text, " must be <=", MAX_INFERENCES, "]");
        return false;
    }
    return true;
}

bool ww_command_infer(struct ww_console *console)
{
    uint32_t iterations = DEFAULT_ITERATIONS;
    uint32_t warmup = DEFAULT_WARMUP;

    ww_console_listen(console, false);
    if (!count_of(console, 1, "e-[Inference iterations", 1, &iterations) ||
        !count_of(console, 2, "e-[Inference warmup", 0, &warmup)) {
        return true;
    }
    const uint32_t since_us = console->port->micros(console->port->context);
    ww_console_begin_work(console);
    ww_text_value_line(&console->text, "m-warmup-start-", warmup, "");
    if (!invoke_on_buffer(console, warmup, since_us)) {
        return true;
    }
    ww_text_line(&console->text, "m-warmup-done");
    ww_text_value_line(&console->text, "m-infer-start-", iterations, "");
    lap(console);
    if (!invoke_on_buffer(console, iterations, since_us)) {
        return true;
    }
    lap(console);
    ww_text_line(&console->text, "m-infer-done");
    results(console);
    return true;
}

bool ww_command_results(struct ww_console *console)
{
    results(console);
    return true;
}

bool ww_command_start(struct ww_console *console)
{
    if (console->port->audio_read == NULL) {
        ww_text_line(&console->text, "e-[This board has no microphone]");
    } else if (!console->fed_by_audio) {
        ww_text_line(&console->text, "e-[This model does not take audio features]");
    } else {
        ww_console_listen(console, false);
        ww_console_reset_pipeline(console);
        ww_console_listen(console, true);
    }
    return true;
}

bool ww_command_stop(struct ww_console *console)
{
    ww_console_listen(console, false);
    ww_text_line(&console->text, "Streaming stopped.");
    ww_text_line(&console->text, "target activations: ");
    ww_text_char(&console->text, '[');
    for (size_t i = 0; i < console->activation_count; i++) {
        if (i > 0) {
            ww_text_string(&console->text, ", ");
        }
        ww_text_decimal(&console->text, console->activations[i]);
    }
    ww_text_line(&console->text, "]");
    return true;
}

bool ww_command_help(struct ww_console *console)
{
    ww_text_line(&console->text, "MLPerf Tiny: name profile timestamp db infer results start stop help");
    ww_text_line(&console->text, "wwtool: ww-info ww-reset ww-output ww-pcm ww-features ww-prob ww-memory ww-cycles "
                                 "ww-baud");
    ww_text_line(&console->text, "Every command ends in '%'.");
    return true;
}
