#include "base/text.h"
#include "cli/commands.h"
#include "cli/model_summary.h"
#include "cli/model_talents.h"
#include "cli/named_model.h"
#include "cli/output.h"
#include "formats/quantization_name.h"
#include "formats/weights.h"
#include "tokenizer/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>

static const char about[] =
    "What a model file or folder holds: its family, size, context, quantization, what it can be\n"
    "asked and by which template, vocabulary and end tokens. With -v also all metadata and "
    "tensors.\n"
    "The model need not be one that hearth runs.\n";

enum { SHOWN_ELEMENTS = 3, LINE_LIMIT_BYTES = 1 << 16, PATH_LIMIT_BYTES = 1 << 16 };

static uint64_t count_parameters(const struct weights *w)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < weights_count(w); i++)
        sum += weights_at(w, i)->row_length * weights_at(w, i)->n_rows;
    return sum;
}

static uint64_t number_of(const struct weights *w, const char *key)
{
    int64_t value = 0;
    return weights_int(w, key, &value, NULL) && value > 0 ? (uint64_t)value : 0;
}

static bool print_summary(const struct weights *w, struct error *err)
{
    struct model_summary summary = {
        .quantization = slice_of(quantization_name(w)),
        .n_parameters = count_parameters(w),
        .context_length = number_of(w, "context_length|max_position_embeddings|n_positions"),
        .embedding_length = number_of(w, "embedding_length|hidden_size|n_embd"),
    };
    if (!weights_architecture(w, &summary.architecture, err))
        return false;
    model_summary_print(&summary);
    return true;
}

static void print_special_token(const struct tokenizer *t, const char *label, token_id id)
{
    char text[160];
    if (id < 0)
        return;
    snprintf(text, sizeof text, "%d \"%s\"", id, printable(tokenizer_token_text(t, id)));
    section_row(label, slice_of(text));
}

static void print_tokenizer(const struct tokenizer *t)
{
    char size[32];
    snprintf(size, sizeof size, "%zu", tokenizer_size(t));
    section_begin("Tokenizer");
    section_row("kind", slice_of(tokenizer_kind(t)));
    section_row("vocabulary", slice_of(size));
    print_special_token(t, tokenizer_adds_bos(t) ? "begins with" : "beginning token",
                        tokenizer_bos(t));
    print_special_token(t, "end token", tokenizer_eos(t));
    putchar('\n');
    section_begin("Parameters");
    for (token_id id = 0; (size_t)id < tokenizer_size(t); id++)
        if (tokenizer_is_end(t, id))
            print_special_token(t, "stop", id);
    putchar('\n');
}

/* A number, truth value or string as text, in quotes when it is a string inside an array. */
static bool append_scalar(const struct gguf_value *value, uint64_t index, struct text *out)
{
    struct slice string;
    int64_t integer;
    double real;
    bool flag;
    if (gguf_as_bool(value, index, &flag))
        return text_append_string(out, flag ? "true" : "false");
    if (gguf_as_int(value, index, &integer))
        return text_printf(out, "%" PRId64, integer);
    if (gguf_as_double(value, index, &real))
        return text_printf(out, "%.7g", real);
    if (gguf_as_string(value, &string))
        return text_append_slice(out, (struct slice){ string.data, size_min(string.length, 1000) });
    return text_append_byte(out, '?');
}

/* "[a b c +N more]" */
static bool append_array(const struct gguf_value *array, struct text *out)
{
    size_t state = 0;
    struct slice string;
    bool ok = text_append_byte(out, '[');
    uint64_t shown = array->count < SHOWN_ELEMENTS ? array->count : SHOWN_ELEMENTS;
    for (uint64_t i = 0; ok && i < shown; i++) {
        ok = i == 0 || text_append_byte(out, ' ');
        if (ok && array->element_type == GGUF_STRING)
            ok = gguf_next_string(array, &state, &string) && text_append_slice(out, string);
        else if (ok)
            ok = append_scalar(array, i, out);
    }
    if (ok && array->count > shown)
        ok = text_printf(out, " ... +%" PRIu64 " more", array->count - shown);
    return ok && text_append_byte(out, ']');
}

static void print_gguf_metadata(const struct gguf *gguf)
{
    struct text line;
    text_init(&line, LINE_LIMIT_BYTES);
    for (size_t i = 0; i < gguf_n_values(gguf); i++) {
        const struct gguf_value *value = gguf_value_at(gguf, i);
        text_clear(&line);
        bool ok =
            value->type == GGUF_ARRAY ? append_array(value, &line) : append_scalar(value, 0, &line);
        printf("    ");
        output_line(value->key);
        printf("%*s", value->key.length < 40 ? (int)(40 - value->key.length) : 1, "");
        output_line(ok ? text_slice(&line) : slice_of("(too long to show)"));
        putchar('\n');
    }
    text_release(&line);
}

static bool append_json(const struct json *node, struct text *out)
{
    double number = json_number(node, 0);
    switch (json_kind(node)) {
    case JSON_KIND_STRING:
        return text_append_slice(out, json_text(node));
    case JSON_KIND_INTEGER:
        return text_printf(out, "%" PRId64, json_int(node, 0));
    case JSON_KIND_REAL:
        return text_printf(out, "%.7g", number);
    case JSON_KIND_BOOL:
        return text_append_string(out, json_flag(node, false) ? "true" : "false");
    case JSON_KIND_ARRAY:
        return text_printf(out, "[%zu elements]", json_size(node));
    case JSON_KIND_OBJECT:
        return text_printf(out, "{%zu members}", json_size(node));
    default:
        return text_append_string(out, "null");
    }
}

static void print_config(const struct json *config)
{
    struct text line;
    text_init(&line, LINE_LIMIT_BYTES);
    for (const struct json_member *m = json_first(config); m; m = json_next(config, m)) {
        struct slice key = json_member_key(m);
        text_clear(&line);
        bool ok = append_json(json_member_value(m), &line);
        printf("    ");
        output_line(key);
        printf("%*s", key.length < 40 ? (int)(40 - key.length) : 1, "");
        output_line(ok ? text_slice(&line) : slice_of("(too long to show)"));
        putchar('\n');
    }
    text_release(&line);
}

static void print_tensors(const struct weights *w)
{
    section_begin("Tensors");
    for (size_t i = 0; i < weights_count(w); i++) {
        const struct weight *t = weights_at(w, i);
        printf("    ");
        output_line(t->name);
        printf("%*s%-6s [%" PRIu64, t->name.length < 40 ? (int)(40 - t->name.length) : 1, "",
               dtype_name(t->type), t->row_length);
        if (t->n_rows != 1)
            printf(" %" PRIu64, t->n_rows);
        puts("]");
    }
    putchar('\n');
}

static void print_details(const struct weights *w)
{
    section_begin("Metadata");
    if (weights_is_gguf(w))
        print_gguf_metadata(weights_gguf(w));
    else
        print_config(weights_config(w));
    putchar('\n');
    print_tensors(w);
}

static bool show(const char *path, bool verbose, struct error *err)
{
    struct weights *w = NULL;
    struct tokenizer *t = NULL;
    bool ok = weights_open(&w, path, err) && print_summary(w, err);
    if (!ok)
        goto done;
    /* A model without a vocabulary is a model all the same. */
    bool has_tokenizer = weights_is_gguf(w) ? tokenizer_from_gguf(&t, weights_gguf(w), NULL)
                                            : tokenizer_open(&t, path, NULL);
    if (has_tokenizer) {
        model_talents_print(w, t);
        print_tokenizer(t);
    }
    if (verbose)
        print_details(w);
done:
    tokenizer_close(&t);
    weights_close(&w);
    return ok;
}

int show_command(int argc, char **argv)
{
    bool verbose = false;
    const struct option_row rows[] = {
        { "verbose", 'v', OPTION_FLAG, &verbose, 0, 0, NULL, "Also all metadata and tensors" },
    };
    const struct usage usage = { "show MODEL|FILE|DIR [-v]", about, rows, COUNT_OF(rows), 1, 1 };
    int status;
    if (!command_begin(&usage, &argc, argv, &status))
        return status;
    struct error err = { 0 };
    struct text path;
    const char *model;
    text_init(&path, PATH_LIMIT_BYTES);
    bool ok = named_model_find(argv[1], &model, &path, &err) && show(model, verbose, &err);
    text_release(&path);
    return ok ? 0 : report(err.message);
}
