/*
 * The console commands of MLPerf Tiny, with the error texts of its reference code (misspelling included).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_commands.h"

enum { DEFAULT_ITERATIONS = 1, DEFAULT_WARMUP = 10, BYTES_PER_PRINTED_LINE = 8 };

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
    console->pipeline.frames_waiting = 0; /* the buffer may be the model's input */
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

static void invoke_on_buffer(struct ww_console *console, uint32_t times)
{
    const struct ww_program *program = console->program;
    const struct ww_port *port = console->port;

    while (times-- > 0) {
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
}

bool ww_command_infer(struct ww_console *console)
{
    uint32_t iterations = DEFAULT_ITERATIONS;
    uint32_t warmup = DEFAULT_WARMUP;

    ww_console_listen(console, false);
    if (word(console, 1)[0] != '\0' && (!ww_parse_decimal(word(console, 1), &iterations) || iterations == 0)) {
        ww_text_line(&console->text, "e-[Inference iterations must be >0]");
        return true;
    }
    if (word(console, 2)[0] != '\0' && !ww_parse_decimal(word(console, 2), &warmup)) {
        ww_text_line(&console->text, "e-[Inference warmup must be >=0]");
        return true;
    }
    ww_text_value_line(&console->text, "m-warmup-start-", warmup, "");
    invoke_on_buffer(console, warmup);
    ww_text_line(&console->text, "m-warmup-done");
    ww_text_value_line(&console->text, "m-infer-start-", iterations, "");
    lap(console);
    invoke_on_buffer(console, iterations);
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
