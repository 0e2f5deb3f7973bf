#include "cli/tokenize_command.h"

#include "base/json.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/token_ids.h"
#include "tokenizer/tokenizer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char about[] =
    "Prints the ids of a text, from the arguments or from standard input, with what the "
    "vocabulary\n"
    "puts around it. FILE is a model, a vocabulary-only GGUF, a tokenizer.json, a SentencePiece\n"
    "tokenizer.model or a folder that holds one. With --jsonl each line {\"text\":\"...\"} "
    "answers\n"
    "{\"ids\":[...]}, and {\"ids\":[...]} answers {\"text\":\"...\"} or, for bytes that are no "
    "UTF-8,\n"
    "{\"text_hex\":\"...\"}; \"add_special\" and \"parse_special\" in a line are false unless "
    "given.\n";

/* No text and no line of input is longer. */
static const size_t INPUT_LIMIT_BYTES = (size_t)1 << 30;

struct command {
    const char *file, *text;
    bool decodes, is_jsonl, has_no_special, parses_special;
    struct tokenizer *tokenizer;
};

static bool read_input(struct text *out, struct error *err)
{
    char buffer[65536];
    size_t n;
    while ((n = fread(buffer, 1, sizeof buffer, stdin)) > 0)
        if (!text_append(out, buffer, n))
            return fail(err, ERROR_BUDGET, "the input is longer than %zu bytes", out->limit);
    return !ferror(stdin) ||
           fail(err, ERROR_IO, "cannot read the standard input: %s", strerror(errno));
}

static bool write_ids(const struct token_list *ids, const char *separator, struct text *out)
{
    bool ok = true;
    for (size_t i = 0; ok && i < ids->count; i++)
        ok = text_printf(out, "%s%d", i ? separator : "", ids->ids[i]);
    return ok;
}

static bool write_json_text(struct slice text, struct text *out)
{
    if (utf8_valid((const uint8_t *)text.data, text.length))
        return text_append_string(out, "{\"text\":") && json_write_string(out, text) &&
               text_append_string(out, "}");
    bool ok = text_append_string(out, "{\"text_hex\":\"");
    for (size_t i = 0; ok && i < text.length; i++)
        ok = text_printf(out, "%02x", (uint8_t)text.data[i]);
    return ok && text_append_string(out, "\"}");
}

static bool encode_plain(const struct command *c, struct slice text, struct text *out,
                         struct error *err)
{
    struct token_list ids = { 0 };
    struct encode_options options = { .add_special = !c->has_no_special,
                                      .parse_special = !c->has_no_special || c->parses_special };
    bool ok = tokenizer_encode(c->tokenizer, text, options, &ids, err);
    ok = ok && (write_ids(&ids, " ", out) || fail_memory(err, out->length, "the output"));
    token_list_release(&ids);
    return ok;
}

static bool decode_plain(const struct command *c, struct slice text, struct text *out,
                         struct error *err)
{
    struct token_list ids = { 0 };
    bool ok = token_ids_parse(text, &ids, err) &&
              tokenizer_decode(c->tokenizer, ids.ids, ids.count, !c->has_no_special, out, err);
    token_list_release(&ids);
    return ok;
}

static bool run_plain(const struct command *c, struct error *err)
{
    struct text input, output;
    text_init(&input, INPUT_LIMIT_BYTES);
    text_init(&output, SIZE_MAX / 4);
    bool ok = c->text ? text_append_string(&input, c->text) || fail_memory(err, 0, "the text")
                      : read_input(&input, err);
    ok = ok && (c->decodes ? decode_plain : encode_plain)(c, text_slice(&input), &output, err);
    if (ok) {
        fwrite(text_slice(&output).data, 1, output.length, stdout);
        putchar('\n');
    }
    text_release(&input);
    text_release(&output);
    return ok;
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* The line's "text", or the bytes of its "text_hex". */
static bool line_text(const struct json *line, struct text *out, struct error *err)
{
    const struct json *text = json_get(line, "text"), *hex = json_get(line, "text_hex");
    struct slice digits = json_text(hex);
    bool ok = true;
    if (json_kind(text) == JSON_KIND_STRING)
        return text_append_slice(out, json_text(text)) || fail_memory(err, 0, "a line");
    if (json_kind(hex) != JSON_KIND_STRING || digits.length % 2)
        return fail(err, ERROR_USAGE, "the line has neither \"text\" nor an even \"text_hex\"");
    for (size_t i = 0; ok && i < digits.length; i += 2) {
        int high = hex_value(digits.data[i]), low = hex_value(digits.data[i + 1]);
        if (high < 0 || low < 0)
            return fail(err, ERROR_USAGE, "\"text_hex\" is not hexadecimal at %zu", i);
        ok = text_append_byte(out, (char)(high * 16 + low));
    }
    return ok || fail_memory(err, digits.length, "a line");
}

static bool encode_line(const struct command *c, const struct json *line, struct text *out,
                        struct error *err)
{
    struct token_list ids = { 0 };
    struct text text;
    text_init(&text, INPUT_LIMIT_BYTES);
    struct encode_options options = {
        .add_special = json_flag(json_get(line, "add_special"), false),
        .parse_special = json_flag(json_get(line, "parse_special"), c->parses_special),
    };
    bool ok = line_text(line, &text, err) &&
              tokenizer_encode(c->tokenizer, text_slice(&text), options, &ids, err);
    ok = ok && ((text_append_string(out, "{\"ids\":[") && write_ids(&ids, ",", out) &&
                 text_append_string(out, "]}")) ||
                fail_memory(err, out->length, "the output"));
    text_release(&text);
    token_list_release(&ids);
    return ok;
}

static bool decode_line(const struct command *c, const struct json *line, struct text *out,
                        struct error *err)
{
    const struct json *array = json_get(line, "ids");
    struct token_list ids = { 0 };
    struct text text;
    text_init(&text, SIZE_MAX / 4);
    bool ok =
        json_kind(array) == JSON_KIND_ARRAY || fail(err, ERROR_USAGE, "the line has no \"ids\"");
    for (size_t i = 0; ok && i < json_size(array); i++) {
        int64_t id = json_int(json_at(array, i), -1);
        if (id < 0 || id > INT32_MAX)
            ok = fail(err, ERROR_USAGE, "\"ids\" holds no token id at %zu", i);
        else
            ok = token_list_push(&ids, (token_id)id) || fail_memory(err, ids.count * 4, "ids");
    }
    ok = ok && tokenizer_decode(c->tokenizer, ids.ids, ids.count, !c->has_no_special, &text, err);
    ok = ok &&
         (write_json_text(text_slice(&text), out) || fail_memory(err, text.length, "the output"));
    text_release(&text);
    token_list_release(&ids);
    return ok;
}

static bool run_line(const struct command *c, struct slice bytes, size_t number, struct error *err)
{
    char name[40];
    const struct json *line;
    struct text out;
    snprintf(name, sizeof name, "line %zu", number);
    if (!json_open(&line, bytes.data, bytes.length, name, err))
        return false;
    text_init(&out, SIZE_MAX / 4);
    bool decodes = c->decodes || (json_get(line, "ids") && !json_get(line, "text"));
    bool ok = (decodes ? decode_line : encode_line)(c, line, &out, err);
    if (ok)
        puts(text_slice(&out).data);
    else
        fail_while(err, "%s", name);
    text_release(&out);
    json_close(&line);
    return ok;
}

static bool run_jsonl(const struct command *c, struct error *err)
{
    char *line = NULL;
    size_t capacity = 0, number = 0;
    bool ok = true;
    for (ssize_t length; ok && (length = getline(&line, &capacity, stdin)) >= 0;) {
        number++;
        if (length > 0 && line[length - 1] == '\n')
            length--;
        ok = length == 0 || run_line(c, (struct slice){ line, (size_t)length }, number, err);
    }
    free(line);
    if (ok && ferror(stdin))
        ok = fail(err, ERROR_IO, "cannot read the standard input: %s", strerror(errno));
    return ok;
}

int tokenize_command(int argc, char **argv)
{
    struct command c = { 0 };
    const struct option_row rows[] = {
        { "decode", 0, OPTION_FLAG, &c.decodes, 0, 0, NULL, "Ids to text" },
        { "jsonl", 0, OPTION_FLAG, &c.is_jsonl, 0, 0, NULL, "A JSON object a line, in and out" },
        { "no-special", 0, OPTION_FLAG, &c.has_no_special, 0, 0, NULL,
          "Put nothing around the text; leave special tokens out of a decoded one" },
        { "parse-special", 0, OPTION_FLAG, &c.parses_special, 0, 0, NULL,
          "Special tokens written in the text are those tokens" },
    };
    const struct usage usage = {
        "tokenize FILE [TEXT] [--decode] [--jsonl]", about, rows, COUNT_OF(rows), 1, 2
    };
    int status;
    if (!command_begin(&usage, &argc, argv, &status))
        return status;
    c.file = argv[1];
    c.text = argc > 2 ? argv[2] : NULL;
    if (c.is_jsonl && c.text)
        return report_usage("tokenize", "--jsonl reads standard input, not a text");

    struct error err = { 0 };
    bool ok = tokenizer_open(&c.tokenizer, c.file, &err);
    ok = ok && (c.is_jsonl ? run_jsonl(&c, &err) : run_plain(&c, &err));
    tokenizer_close(&c.tokenizer);
    return ok ? 0 : report(err.message);
}
