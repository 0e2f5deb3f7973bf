#include "server/ollama/ollama_options.h"

#include <stdio.h>

enum option_type { INTEGER, FLOAT, BOOLEAN, TEXTS };

static const char *const type_names[] = {
    [INTEGER] = "integer",
    [FLOAT] = "float32",
    [BOOLEAN] = "boolean",
    [TEXTS] = "array",
};

enum option_use {
    PASSED,      /* to the worker, under the same name */
    FROM,        /* the same, from `limit` on; what is less is as good as not said */
    OF_CONTEXT,  /* num_ctx */
    NO_MEANING,  /* how another engine is run: changes no answer here */
    OFF_OR_FAIL, /* changes answers, and hearth has it not: only its "off" is taken */
};

static const struct option {
    const char *name;
    enum option_type type;
    enum option_use use;
    double limit; /* of FROM; of OFF_OR_FAIL: what is off */
} options[] = {
    { "num_ctx", INTEGER, OF_CONTEXT, 0 },
    { "num_predict", INTEGER, FROM, 1 },
    { "num_keep", INTEGER, FROM, 0 },
    { "temperature", FLOAT, PASSED, 0 },
    { "top_k", INTEGER, PASSED, 0 },
    { "top_p", FLOAT, PASSED, 0 },
    { "min_p", FLOAT, PASSED, 0 },
    { "typical_p", FLOAT, PASSED, 0 },
    { "repeat_last_n", INTEGER, PASSED, 0 },
    { "repeat_penalty", FLOAT, PASSED, 0 },
    { "presence_penalty", FLOAT, PASSED, 0 },
    { "frequency_penalty", FLOAT, PASSED, 0 },
    { "seed", INTEGER, PASSED, 0 },
    { "stop", TEXTS, PASSED, 0 },
    { "stop_loops", BOOLEAN, PASSED, 0 }, /* hearth's own, as the next */
    { "num_draft", INTEGER, FROM, -1 },

    { "num_batch", INTEGER, NO_MEANING, 0 },
    { "num_gpu", INTEGER, NO_MEANING, 0 },
    { "main_gpu", INTEGER, NO_MEANING, 0 },
    { "num_gqa", INTEGER, NO_MEANING, 0 },
    { "num_thread", INTEGER, NO_MEANING, 0 },
    { "numa", BOOLEAN, NO_MEANING, 0 },
    { "use_mmap", BOOLEAN, NO_MEANING, 0 },
    { "use_mlock", BOOLEAN, NO_MEANING, 0 },
    { "low_vram", BOOLEAN, NO_MEANING, 0 },
    { "f16_kv", BOOLEAN, NO_MEANING, 0 },
    { "logits_all", BOOLEAN, NO_MEANING, 0 },
    { "vocab_only", BOOLEAN, NO_MEANING, 0 },
    { "draft_num_predict", INTEGER, NO_MEANING, 0 }, /* guesses change no answer */
    { "mirostat_tau", FLOAT, NO_MEANING, 0 },        /* nothing without mirostat */
    { "mirostat_eta", FLOAT, NO_MEANING, 0 },

    { "mirostat", INTEGER, OFF_OR_FAIL, 0 },
    { "tfs_z", FLOAT, OFF_OR_FAIL, 1 },
    { "penalize_newline", BOOLEAN, OFF_OR_FAIL, 1 }, /* line breaks are penalized as all tokens */
};

static const struct option *find(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(options); i++)
        if (slice_equal(name, slice_of(options[i].name)))
            return &options[i];
    return NULL;
}

static bool is_of_type(const struct json *value, enum option_type type)
{
    if (type == BOOLEAN)
        return json_kind(value) == JSON_KIND_BOOL;
    if (type != TEXTS)
        return json_is_numeric(value);
    bool ok = json_kind(value) == JSON_KIND_ARRAY;
    for (size_t i = 0; ok && i < json_size(value); i++)
        ok = json_kind(json_at(value, i)) == JSON_KIND_STRING;
    return ok;
}

/* Fractions are cut off; what 64 bits do not hold becomes the nearest that they do. */
static int64_t whole_of(const struct json *value)
{
    double real = json_number(value, 0);
    if (json_kind(value) == JSON_KIND_INTEGER)
        return json_int(value, 0);
    return real >= 0x1p63 ? INT64_MAX : real < -0x1p63 ? INT64_MIN : (int64_t)real;
}

/* An empty stop string stops nothing. */
static bool write_texts(struct text *out, const struct json *texts)
{
    size_t n_written = 0;
    bool ok = text_append_byte(out, '[');
    for (size_t i = 0; ok && i < json_size(texts); i++)
        if (json_text(json_at(texts, i)).length > 0)
            ok = (n_written++ == 0 || text_append_byte(out, ',')) &&
                 json_write(out, json_at(texts, i));
    return ok && text_append_byte(out, ']');
}

static bool pass(struct text *members, const struct option *option, const struct json *value)
{
    bool ok = (members->length == 1 || text_append_byte(members, ',')) &&
              text_printf(members, "\"%s\":", option->name);
    if (ok && option->type == INTEGER)
        return text_printf(members, "%" PRId64, whole_of(value));
    if (ok && option->type == TEXTS)
        return write_texts(members, value);
    return ok && json_write(members, value);
}

bool ignored_add(struct text *ignored, struct slice name)
{
    bool ok = ignored->length == 0 || text_append_string(ignored, ", ");
    for (size_t i = 0; ok && i < size_min(name.length, 64); i++) {
        char c = name.data[i], low = c | 0x20;
        bool is_plain =
            (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        ok = text_append_byte(ignored, is_plain ? c : '?');
    }
    return ok;
}

static bool fail_if_on(const struct option *option, const struct json *value, struct error *err)
{
    double is = option->type == BOOLEAN ? json_flag(value, false) : json_number(value, 0);
    return is == option->limit ||
           fail(err, ERROR_UNSUPPORTED, "option \"%s\" is not supported", option->name);
}

/* False with *err filled in, or without for want of memory. */
static bool use(struct ollama_options *o, const struct option *option, const struct json *value,
                struct error *err)
{
    switch (option->use) {
    case PASSED:
        return pass(o->members, option, value);
    case FROM:
        return (double)whole_of(value) < option->limit || pass(o->members, option, value);
    case OF_CONTEXT:
        o->has_n_ctx = true;
        o->n_ctx = whole_of(value);
        return true;
    case OFF_OR_FAIL:
        return fail_if_on(option, value, err);
    default:
        return ignored_add(o->ignored, slice_of(option->name));
    }
}

static bool read_one(struct ollama_options *o, struct slice name, const struct json *value,
                     struct error *err)
{
    const struct option *option = find(name);
    if (json_kind(value) == JSON_KIND_NULL)
        return true;
    if (!option)
        return ignored_add(o->ignored, name);
    if (!is_of_type(value, option->type)) {
        o->is_type_error = true;
        return fail(err, ERROR_USAGE, "option \"%s\" must be of type %s", option->name,
                    type_names[option->type]);
    }
    return use(o, option, value, err);
}

bool ollama_options_read(struct ollama_options *out, const struct json *sent, struct error *err)
{
    struct error own = { 0 };
    if (sent && json_kind(sent) != JSON_KIND_OBJECT)
        return fail(err, ERROR_USAGE, "json: options must be an object");
    bool ok = text_append_byte(out->members, '{');
    for (const struct json_member *m = json_first(sent); ok && m; m = json_next(sent, m))
        ok = read_one(out, json_member_key(m), json_member_value(m), &own);
    if (ok && text_append_byte(out->members, '}'))
        return true;
    return own.code ? fail(err, own.code, "%s", own.message)
                    : fail_memory(err, out->members->length, "the options of a request");
}
