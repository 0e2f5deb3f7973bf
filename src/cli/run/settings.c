#include "cli/run/settings.h"

#include "base/json_members.h"
#include "cli/input_file.h"

enum { FORMAT_LIMIT_BYTES = 16 << 20 };

/* Whether a row's value stands in that part of the settings. */
static bool is_within(const struct option_row *row, const void *part, size_t size)
{
    const char *target = row->target, *begin = part;
    return target >= begin && target < begin + size;
}

/* Rows that concern the engine can only be chosen before it is started. */
static bool is_engine_row(const struct settings *settings, const struct option_row *row)
{
    return is_within(row, &settings->engine, sizeof settings->engine);
}

/* Members of a request's "options". */
static bool is_option_row(const struct settings *settings, const struct option_row *row)
{
    return row->target == &settings->stop ||
           (is_within(row, &settings->session, sizeof settings->session) &&
            row->target != &settings->session.n_logprobs);
}

/* Rows that say what is asked, or how often. */
static bool is_input_row(const struct settings *settings, const struct option_row *row)
{
    return is_within(row, &settings->input, sizeof settings->input) ||
           row->target == &settings->n_answers || row->target == &settings->keep_alive;
}

void settings_init(struct settings *settings)
{
    *settings = (struct settings){
        .session = hearth_session_defaults(),
        .thinking_budget = -1,
        .n_answers = 1,
        .tool_choice = "auto",
    };
    struct hearth_session_options *s = &settings->session;
    // clang-format off
    const struct option_row rows[] = {
        { "temperature", 0, OPTION_FLOAT, &s->temperature, 0, 100, "T", "How freely tokens are chosen; 0: always the likeliest" },
        { "seed", 0, OPTION_I64, &s->seed, 0, 0, "N", "The same seed gives the same answer; -1: random" },
        { "top-k", 0, OPTION_I32, &s->top_k, 0, INT32_MAX, "N", "Choose among the N likeliest tokens; 0: all" },
        { "top-p", 0, OPTION_FLOAT, &s->top_p, 0, 1, "P", "Choose among the likeliest that together have P" },
        { "min-p", 0, OPTION_FLOAT, &s->min_p, 0, 1, "P", "Drop what is less than P times as likely as the likeliest" },
        { "typical-p", 0, OPTION_FLOAT, &s->typical_p, 0, 1, "P", "Choose among the most typical that together have P" },
        { "repeat-penalty", 0, OPTION_FLOAT, &s->repeat_penalty, 0.01, 100, "X", "Make what was said less likely; 1: off" },
        { "repeat-last-n", 0, OPTION_I32, &s->repeat_last_n, -1, INT32_MAX, "N", "How far back the penalties look; -1: everywhere" },
        { "presence-penalty", 0, OPTION_FLOAT, &s->presence_penalty, -100, 100, "X", "Taken off for having been said" },
        { "frequency-penalty", 0, OPTION_FLOAT, &s->frequency_penalty, -100, 100, "X", "Taken off for each time it was said" },
        { "num-predict", 0, OPTION_I32, &s->n_predict, -1, INT32_MAX, "N", "Longest answer in tokens; -1, 0: what the context holds" },
        { "num-draft", 0, OPTION_I32, &s->n_draft, -1, 15, "N", "Tokens guessed from the text and checked together; -1: as many as pay, 0: none" },
        { "stop", 0, OPTION_LIST, &settings->stop, 0, 0, "TEXT", "End the answer before TEXT; may be repeated" },
        { "format", 0, OPTION_TEXT, &settings->format, 0, 0, "json|SCHEMA|FILE", "Answer in JSON, or as a JSON Schema says" },
        { "grammar", 0, OPTION_TEXT, &settings->grammar, 0, 0, "FILE", "Answer as a grammar in llama.cpp's notation (GBNF) says" },
        { "logit-bias", 0, OPTION_LIST, &settings->logit_bias, 0, 0, "TOKEN=BIAS", "Make a token, by id or text, likelier: -100 (never) to 100; may be repeated" },
        { "logprobs", 0, OPTION_I32, &s->n_logprobs, -1, 20, "N", "Tell how likely each token was, and the N likeliest; -1: do not" },
        { "stop-loops", 0, OPTION_FLAG, &s->stops_loops, 0, 0, NULL, "End an answer that does nothing but repeat itself" },
        { "thinking-budget", 0, OPTION_I32, &settings->thinking_budget, -1, INT32_MAX, "N", "Most tokens of thinking; -1: no limit" },
        { "tool-choice", 0, OPTION_TEXT, &settings->tool_choice, 0, 0, "CHOICE", "auto, none, required or the name of the tool to call" },
        { "no-parallel-tools", 0, OPTION_FLAG, &settings->calls_one_tool, 0, 0, NULL, "At most one call in an answer" },
        { "n", 0, OPTION_I32, &settings->n_answers, 1, 1000, "N", "Answers to the same prompt, with seeds one after another" },
        { "hidethinking", 0, OPTION_FLAG, &settings->hides_thinking, 0, 0, NULL, "Do not show what the model thinks" },
        { "events", 0, OPTION_FLAG, &settings->prints_events, 0, 0, NULL, "Print a JSON object a line: thinking, content, tool_calls, done" },
        { "num-ctx", 0, OPTION_U32, &s->n_ctx, 0, UINT32_MAX, "N", "Longest context in tokens; 0: what the model and memory allow" },
        { "kv-cache-type", 0, OPTION_TEXT, &settings->engine.kv_type, 0, 0, "TYPE", "Keys and values as f16, bf16, f32, q8_0 or auto; starts a server" },
        { "threads", 't', OPTION_U32, &settings->engine.n_threads, 0, 4096, "N", "Processors to use; 0: all this process may use; starts a server" },
        { "keepalive", 0, OPTION_TEXT, &settings->keep_alive, 0, 0, "TIME", "How long the server keeps the model, as 5m, -1: for ever" },
        { "no-display-prompt", 0, OPTION_FLAG, &settings->hide_prompt, 0, 0, NULL, "Show only what the model adds to the prompt" },
        { "verbose", 0, OPTION_FLAG, &settings->verbose, 0, 0, NULL, "Say on standard error how long it took" },
    };
    // clang-format on
    static_assert(COUNT_OF(rows) + CHAT_INPUT_ROWS == SETTINGS_ROWS, "all rows have a place");
    memcpy(settings->rows, rows, sizeof rows);
    chat_input_init(&settings->input);
    chat_input_rows(&settings->input, settings->rows + COUNT_OF(rows));
    text_init(&settings->format_text, FORMAT_LIMIT_BYTES);
    text_init(&settings->grammar_text, FORMAT_LIMIT_BYTES);
}

void settings_release(struct settings *settings)
{
    text_release(&settings->format_text);
    text_release(&settings->grammar_text);
    chat_input_release(&settings->input);
}

/* A value that is a text of its kind stands for itself, any other names a file. */
static bool load_text(struct text *out, const char *value, bool is_text, struct error *err)
{
    struct text loaded;
    bool ok = true;
    text_init(&loaded, FORMAT_LIMIT_BYTES);
    if (!is_text)
        ok = input_file_read(&loaded, value + (*value == '@'), FORMAT_LIMIT_BYTES, err);
    else if (!text_append_string(&loaded, value))
        ok = fail(err, ERROR_BUDGET, "a format of over %d bytes", FORMAT_LIMIT_BYTES);
    if (ok && memchr(loaded.data ? loaded.data : "", '\0', loaded.length))
        ok = fail(err, ERROR_FORMAT, "%s: no text", value);
    if (ok && !loaded.length && *value)
        ok = fail(err, ERROR_FORMAT, "%s: nothing in it", value);
    if (!ok) {
        text_release(&loaded);
        return false;
    }
    text_release(out);
    *out = loaded;
    return true;
}

static bool check_schema(struct slice schema, struct error *err)
{
    const struct json *json = NULL;
    bool ok = json_open(&json, schema.data, schema.length, "format", err);
    json_close(&json);
    return ok;
}

static bool load_format(struct settings *settings, const char *format, struct error *err)
{
    struct text loaded;
    const char *begin = format + strspn(format, " \t\r\n");
    bool is_word = *begin == '\0' || strcmp(format, "json") == 0;
    text_init(&loaded, FORMAT_LIMIT_BYTES);
    bool ok = load_text(&loaded, format, is_word || *begin == '{', err) &&
              (is_word || check_schema(text_slice(&loaded), err));
    if (!ok) {
        text_release(&loaded);
        return false;
    }
    text_release(&settings->format_text);
    settings->format_text = loaded;
    return true;
}

static bool load_grammar(struct settings *settings, const char *grammar, struct error *err)
{
    return load_text(&settings->grammar_text, grammar, !*grammar || strstr(grammar, "::="), err);
}

bool settings_load(struct settings *settings, struct error *err)
{
    return (!settings->format || load_format(settings, settings->format, err)) &&
           (!settings->grammar || load_grammar(settings, settings->grammar, err)) &&
           chat_input_load(&settings->input, err);
}

bool settings_change(struct settings *settings, const char *name, const char *value,
                     struct error *err)
{
    const struct option_row *row = options_find(settings->rows, SETTINGS_ROWS, name);
    if (!row || row->kind == OPTION_FLAG)
        return fail(err, ERROR_USAGE, "unknown parameter '%s'", printable(slice_of(name)));
    if (is_engine_row(settings, row))
        return fail(err, ERROR_USAGE, "'%s' is chosen when a server is started: use --%s",
                    printable(slice_of(name)), row->name);
    if (is_input_row(settings, row))
        return fail(err, ERROR_USAGE, "'%s' is no parameter of an answer",
                    printable(slice_of(name)));
    if (row->target == &settings->format && !load_format(settings, value, err))
        return false;
    if (row->target == &settings->grammar && !load_grammar(settings, value, err))
        return false;
    if (row->kind == OPTION_LIST)
        ((struct option_list *)row->target)->count = 0; /* said again: it replaces */
    if (!option_store(row, value, err))
        return false;
    settings->is_given[row - settings->rows] = true;
    return true;
}

void settings_drop(struct settings *settings, const char *name)
{
    const struct option_row *row = options_find(settings->rows, SETTINGS_ROWS, name);
    if (row && row->kind == OPTION_LIST)
        ((struct option_list *)row->target)->count = 0;
    if (row && (row->target == &settings->format || row->target == &settings->grammar))
        (void)!settings_change(settings, name, "", &(struct error){ 0 });
}

/* Append the row's value; nothing for an empty list. */
static bool append_value(const struct option_row *row, struct text *out)
{
    if (row->kind == OPTION_FLOAT)
        return text_printf(out, "%g", (double)*(const float *)row->target);
    if (row->kind == OPTION_I32)
        return text_printf(out, "%" PRId32, *(const int32_t *)row->target);
    if (row->kind == OPTION_U32)
        return text_printf(out, "%" PRIu32, *(const uint32_t *)row->target);
    if (row->kind == OPTION_I64)
        return text_printf(out, "%" PRId64, *(const int64_t *)row->target);
    if (row->kind == OPTION_TEXT)
        return !*(const char *const *)row->target ||
               text_append_string(out, *(const char *const *)row->target);
    const struct option_list *list = row->target;
    for (size_t i = 0; i < list->count; i++)
        if (!text_printf(out, "%s\"%s\"", i ? " " : "", list->items[i]))
            return false;
    return true;
}

bool settings_print(const struct settings *settings, struct text *out)
{
    for (size_t i = 0; i < SETTINGS_ROWS; i++) {
        const struct option_row *row = &settings->rows[i];
        if (row->kind == OPTION_FLAG || is_input_row(settings, row))
            continue;
        if (!text_printf(out, "    %-20s", row->name) || !append_value(row, out) ||
            !text_append_byte(out, '\n'))
            return false;
    }
    return true;
}

/* ---- requests ---- */

/* "top_k" of "top-k". */
static bool write_option_name(const struct option_row *row, struct text *out)
{
    bool ok = write_comma(out) && text_append_byte(out, '"');
    for (const char *c = row->name; ok && *c; c++)
        ok = text_append_byte(out, *c == '-' ? '_' : *c);
    return ok && text_append_string(out, "\":");
}

static bool write_texts(const struct option_list *list, struct text *out)
{
    bool ok = text_append_byte(out, '[');
    for (size_t i = 0; ok && i < list->count; i++)
        ok = (i == 0 || text_append_byte(out, ',')) &&
             json_write_string(out, slice_of(list->items[i]));
    return ok && text_append_byte(out, ']');
}

static bool write_option_value(const struct option_row *row, int32_t number, struct text *out)
{
    if (row->kind == OPTION_LIST)
        return write_texts(row->target, out);
    if (row->kind == OPTION_FLAG)
        return text_append_string(out, *(const bool *)row->target ? "true" : "false");
    if (row->kind == OPTION_FLOAT)
        return text_printf(out, "%.9g", (double)*(const float *)row->target);
    if (row->kind == OPTION_I64) { /* the seed */
        int64_t seed = *(const int64_t *)row->target;
        uint64_t next = ((uint64_t)seed + (uint64_t)number) & INT64_MAX;
        return text_printf(out, "%" PRId64, seed < 0 ? seed : (int64_t)next);
    }
    return append_value(row, out);
}

bool settings_write_options(const struct settings *settings, int32_t number, struct text *out)
{
    bool ok = write_name(out, "options") && text_append_byte(out, '{');
    for (size_t i = 0; ok && i < SETTINGS_ROWS; i++) {
        const struct option_row *row = &settings->rows[i];
        if (is_option_row(settings, row) && settings->is_given[i])
            ok = write_option_name(row, out) && write_option_value(row, number, out);
    }
    return ok && text_append_byte(out, '}');
}
