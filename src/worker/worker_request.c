#include "worker/worker_request.h"

#include "base/memory.h"
#include "tokenizer/tokenizer.h"

#include <math.h>
#include <stdlib.h>

enum { FORMAT_LIMIT_BYTES = 16 << 20, LONGEST_CLIENT = 1024 };

/* ---- members of one type ---- */

/* NULL: absent or null. */
static const struct json *member(const struct json *object, const char *name)
{
    const struct json *value = json_get(object, name);
    return json_kind(value) == JSON_KIND_NULL ? NULL : value;
}

static bool read_node(const struct json **out, const struct json *object, const char *name,
                      enum json_kind kind, struct error *err)
{
    const struct json *value = member(object, name);
    if (!value)
        return true;
    if (json_kind(value) != kind)
        return fail(err, ERROR_USAGE, "'%s' must be an %s", name,
                    kind == JSON_KIND_ARRAY ? "array" : "object");
    *out = value;
    return true;
}

static bool read_text(struct slice *out, const struct json *object, const char *name,
                      struct error *err)
{
    const struct json *value = member(object, name);
    if (!value)
        return true;
    if (json_kind(value) != JSON_KIND_STRING)
        return fail(err, ERROR_USAGE, "'%s' must be a string", name);
    *out = json_text(value);
    return true;
}

static bool read_flag(bool *out, const struct json *object, const char *name, struct error *err)
{
    const struct json *value = member(object, name);
    if (!value)
        return true;
    if (json_kind(value) != JSON_KIND_BOOL)
        return fail(err, ERROR_USAGE, "'%s' must be true or false", name);
    *out = json_flag(value, false);
    return true;
}

static bool read_number(double *out, const struct json *object, const char *name, double least,
                        double most, struct error *err)
{
    const struct json *value = member(object, name);
    double number = json_number(value, NAN);
    if (!value)
        return true;
    if (!json_is_numeric(value) || !(number >= least && number <= most))
        return fail(err, ERROR_USAGE, "'%s' must be a number from %g to %g", name, least, most);
    *out = number;
    return true;
}

static bool read_whole(int64_t *out, const struct json *object, const char *name, int64_t least,
                       int64_t most, struct error *err)
{
    const struct json *value = member(object, name);
    double number = json_number(value, NAN);
    if (!value)
        return true;
    bool is_whole = json_is_numeric(value) && json_kind(value) != JSON_KIND_LONG_INTEGER &&
                    number == floor(number) && fabs(number) < 0x1p63;
    int64_t whole = is_whole ? json_int(value, 0) : 0;
    if (!is_whole || whole < least || whole > most)
        return fail(err, ERROR_USAGE, "'%s' must be a whole number from %" PRId64 " to %" PRId64,
                    name, least, most);
    *out = whole;
    return true;
}

static bool read_whole32(int32_t *out, const struct json *object, const char *name, int32_t least,
                         struct error *err)
{
    int64_t value = *out;
    if (!read_whole(&value, object, name, least, INT32_MAX, err))
        return false;
    *out = (int32_t)value;
    return true;
}

static bool read_unsigned(uint32_t *out, const struct json *object, const char *name, int64_t least,
                          int64_t most, struct error *err)
{
    int64_t value = *out;
    if (!read_whole(&value, object, name, least, most, err))
        return false;
    *out = (uint32_t)value;
    return true;
}

/* ---- how tokens are chosen ---- */

static bool read_real_options(struct hearth_session_options *o, const struct json *options,
                              struct error *err)
{
    const struct {
        const char *name;
        float *target;
        double least, most;
    } rows[] = {
        { "temperature", &o->temperature, 0, 100 },
        { "top_p", &o->top_p, 0, 1 },
        { "min_p", &o->min_p, 0, 1 },
        { "typical_p", &o->typical_p, 0, 1 },
        { "repeat_penalty", &o->repeat_penalty, 0.01, 100 },
        { "presence_penalty", &o->presence_penalty, -100, 100 },
        { "frequency_penalty", &o->frequency_penalty, -100, 100 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        double value = (double)*rows[i].target;
        if (!read_number(&value, options, rows[i].name, rows[i].least, rows[i].most, err))
            return false;
        *rows[i].target = (float)value;
    }
    return true;
}

static bool read_whole_options(struct hearth_session_options *o, const struct json *options,
                               struct error *err)
{
    if (!read_whole32(&o->n_predict, options, "num_predict", INT32_MIN, err) ||
        !read_whole32(&o->top_k, options, "top_k", INT32_MIN, err) ||
        !read_whole32(&o->repeat_last_n, options, "repeat_last_n", -1, err) ||
        !read_whole32(&o->n_draft, options, "num_draft", -1, err) ||
        !read_whole(&o->seed, options, "seed", INT64_MIN, INT64_MAX, err))
        return false;
    if (o->n_predict < 0) /* "until the context is full" has two numbers with Ollama */
        o->n_predict = -1;
    if (o->top_k < 0)
        o->top_k = 0;
    return true;
}

static bool read_stop(struct worker_request *r, const struct json *options, struct error *err)
{
    const struct json *list = NULL;
    if (!read_node(&list, options, "stop", JSON_KIND_ARRAY, err))
        return false;
    if (json_size(list) > COUNT_OF(r->stop))
        return fail(err, ERROR_USAGE, "%zu stop strings, at most %zu are possible", json_size(list),
                    COUNT_OF(r->stop));
    for (size_t i = 0; i < json_size(list); i++) {
        struct slice text = json_text(json_at(list, i));
        if (json_kind(json_at(list, i)) != JSON_KIND_STRING || !text.length ||
            memchr(text.data, '\0', text.length))
            return fail(err, ERROR_USAGE, "stop string %zu must be a text of at least one letter",
                        i + 1);
        r->stop[i] = text.data;
    }
    r->session.stop = r->stop;
    r->session.n_stop = json_size(list);
    return true;
}

static bool read_one_bias(struct hearth_token_bias *out, struct slice key, const struct json *value,
                          struct error *err)
{
    double bias = json_number(value, NAN);
    size_t digits = 0;
    while (digits < key.length && key.data[digits] >= '0' && key.data[digits] <= '9')
        digits++;
    bool is_id = digits && digits == key.length && digits <= 9;
    if (!is_id || !json_is_numeric(value) || !(fabs(bias) <= 100))
        return fail(err, ERROR_USAGE,
                    "'logit_bias' of '%s': it must be token ids with numbers from -100 to 100",
                    printable(key));
    *out = (struct hearth_token_bias){ (int32_t)strtol(key.data, NULL, 10), (float)bias };
    return true;
}

static bool read_bias(struct worker_request *r, struct error *err)
{
    const struct json *object = NULL;
    size_t n = 0;
    if (!read_node(&object, r->root, "logit_bias", JSON_KIND_OBJECT, err))
        return false;
    if (json_size(object) > COUNT_OF(r->bias))
        return fail(err, ERROR_USAGE, "'logit_bias' has %zu tokens, at most %zu are possible",
                    json_size(object), COUNT_OF(r->bias));
    for (const struct json_member *m = json_first(object); m; m = json_next(object, m))
        if (!read_one_bias(&r->bias[n++], json_member_key(m), json_member_value(m), err))
            return false;
    r->session.logit_bias = r->bias;
    r->session.n_logit_bias = n;
    return true;
}

static bool read_options(struct worker_request *r, struct error *err)
{
    const struct json *options = NULL;
    struct hearth_session_options *o = &r->session;
    return read_node(&options, r->root, "options", JSON_KIND_OBJECT, err) &&
           read_real_options(o, options, err) && read_whole_options(o, options, err) &&
           read_unsigned(&r->n_keep, options, "num_keep", 0, INT32_MAX, err) &&
           read_stop(r, options, err) && read_flag(&o->stops_loops, options, "stop_loops", err) &&
           read_bias(r, err) && read_whole32(&o->n_logprobs, r->root, "logprobs", -1, err);
}

/* ---- what answers look like ---- */

static bool read_tool_choice(struct turn_wish *turn, const struct json *root, struct error *err)
{
    const struct json *value = member(root, "tool_choice");
    static const char *const words[] = { "auto", "none", "required" };
    static const enum tool_choice choices[] = { TOOL_CHOICE_AUTO, TOOL_CHOICE_NONE,
                                                TOOL_CHOICE_REQUIRED };
    if (!value)
        return true;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (slice_equal(json_text(value), slice_of(words[i]))) {
            turn->choice = choices[i];
            return true;
        }
    turn->choice = TOOL_CHOICE_REQUIRED;
    turn->tool = json_text(json_get(value, "name"));
    return turn->tool.length ||
           fail(err, ERROR_USAGE,
                "'tool_choice' must be \"auto\", \"none\", \"required\" or an object with a name");
}

static bool read_format(struct worker_request *r, struct error *err)
{
    const struct json *value = member(r->root, "format");
    struct slice word = json_text(value);
    bool is_object = json_kind(value) == JSON_KIND_OBJECT;
    if (!value || (json_kind(value) == JSON_KIND_STRING && !word.length))
        return true;
    if (!is_object && !slice_equal(word, slice_of("json")))
        return fail(err, ERROR_USAGE, "'format' must be \"json\" or a JSON schema");
    return (is_object ? json_write(&r->format, value) : text_append_slice(&r->format, word)) ||
           fail(err, ERROR_USAGE, "the schema is over %d bytes", FORMAT_LIMIT_BYTES);
}

static bool read_turn(struct worker_request *r, struct error *err)
{
    struct turn_wish *turn = &r->turn;
    return read_tool_choice(turn, r->root, err) &&
           read_flag(&turn->is_parallel, r->root, "parallel_tool_calls", err) &&
           think_read(&turn->think, member(r->root, "think"), err) &&
           read_flag(&turn->think_if_possible, r->root, "think_if_possible", err) &&
           read_whole32(&turn->thinking_budget, r->root, "thinking_budget", -1, err) &&
           read_format(r, err) && read_text(&r->grammar, r->root, "grammar", err);
}

/* ---- the whole ---- */

static const struct {
    const char *name;
    enum request_kind kind;
} kinds[] = {
    { "chat", REQUEST_CHAT },
    { "generate", REQUEST_GENERATE },
    { "embed", REQUEST_EMBED },
    { "tokenize", REQUEST_TOKENIZE },
    { "detokenize", REQUEST_DETOKENIZE },
    { "count", REQUEST_COUNT },
    { "render", REQUEST_RENDER },
};

static bool read_kind(struct worker_request *r, struct error *err)
{
    struct slice name = json_text(json_get(r->root, "kind"));
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (slice_equal(name, slice_of(kinds[i].name))) {
            r->kind = kinds[i].kind;
            return true;
        }
    return fail(err, ERROR_USAGE, "there is no kind of request '%s'", printable(name));
}

static bool read_priority(struct worker_request *r, struct error *err)
{
    struct slice priority = { NULL, 0 };
    if (!read_text(&priority, r->root, "priority", err) ||
        !read_text(&r->client, r->root, "client", err))
        return false;
    r->client.length = size_min(r->client.length, LONGEST_CLIENT);
    r->is_batch = slice_equal(priority, slice_of("batch"));
    return !priority.data || r->is_batch || slice_equal(priority, slice_of("interactive")) ||
           fail(err, ERROR_USAGE, "'priority' must be \"interactive\" or \"batch\"");
}

static bool read_template(struct worker_request *r, struct error *err)
{
    struct slice kind = { NULL, 0 };
    if (!read_text(&r->template, r->root, "template", err) ||
        !read_text(&kind, r->root, "template_kind", err))
        return false;
    r->template_is_jinja = slice_equal(kind, slice_of("jinja"));
    return !kind.data || r->template_is_jinja || slice_equal(kind, slice_of("go")) ||
           fail(err, ERROR_USAGE, "'template_kind' must be \"go\" or \"jinja\"");
}

static bool read_prompt(struct worker_request *r, struct error *err)
{
    const struct json *root = r->root;
    return read_node(&r->messages, root, "messages", JSON_KIND_ARRAY, err) &&
           read_node(&r->tools, root, "tools", JSON_KIND_ARRAY, err) &&
           read_node(&r->input, root, "input", JSON_KIND_ARRAY, err) &&
           read_node(&r->tokens, root, "tokens", JSON_KIND_ARRAY, err) &&
           read_node(&r->context, root, "context", JSON_KIND_ARRAY, err) &&
           read_text(&r->prompt, root, "prompt", err) &&
           read_text(&r->suffix, root, "suffix", err) &&
           read_text(&r->system, root, "system", err) && read_template(r, err) &&
           read_text(&r->text, root, "text", err) && read_flag(&r->is_raw, root, "raw", err) &&
           read_flag(&r->continues, root, "continues", err) &&
           read_flag(&r->adds_special, root, "add_special", err) &&
           read_flag(&r->with_pieces, root, "with_pieces", err);
}

static bool read_limits(struct worker_request *r, struct error *err)
{
    return read_unsigned(&r->n_choices, r->root, "n", 1, REQUEST_MOST_CHOICES, err) &&
           read_unsigned(&r->n_ctx, r->root, "n_ctx", 0, UINT32_MAX, err) &&
           read_flag(&r->truncates, r->root, "truncate", err) &&
           read_flag(&r->returns_context, r->root, "returns_context", err) &&
           read_flag(&r->tells_counts, r->root, "stream_counts", err) &&
           read_flag(&r->is_dry_run, r->root, "dry_run", err);
}

static bool is_raw(const struct worker_request *r)
{
    return r->is_raw || r->suffix.data;
}

/* What would be lost without anybody noticing. */
static bool check(const struct worker_request *r, struct error *err)
{
    bool needs_messages = r->kind == REQUEST_CHAT || r->kind == REQUEST_COUNT ||
                          (r->kind == REQUEST_RENDER && !r->prompt.data);
    if (needs_messages && !r->messages)
        return fail(err, ERROR_USAGE, "there are no 'messages'");
    if (r->format.length && r->grammar.length)
        return fail(err, ERROR_USAGE, "an answer has a format or a grammar, not both");
    if (r->kind == REQUEST_GENERATE && !r->prompt.data)
        return fail(err, ERROR_USAGE, "there is no 'prompt'");
    if (r->kind == REQUEST_GENERATE && is_raw(r) && (r->template.length || r->system.length))
        return fail(err, ERROR_USAGE, "'%s' asks for no template, so '%s' would be lost",
                    r->is_raw ? "raw" : "suffix", r->template.length ? "template" : "system");
    if (r->kind == REQUEST_TOKENIZE && !r->text.data)
        return fail(err, ERROR_USAGE, "there is no 'text'");
    if (r->kind == REQUEST_DETOKENIZE && !r->tokens)
        return fail(err, ERROR_USAGE, "there are no 'tokens'");
    if (r->kind == REQUEST_EMBED && !r->input)
        return fail(err, ERROR_USAGE, "there is no 'input'");
    return true;
}

bool worker_request_open(struct worker_request *r, struct slice json, struct error *err)
{
    *r = (struct worker_request){
        .turn = { .is_parallel = true, .think.level = "", .thinking_budget = -1 },
        .n_choices = 1,
        .n_keep = REQUEST_KEEP_DEFAULT,
        .session = hearth_session_defaults(),
    };
    text_init(&r->format, FORMAT_LIMIT_BYTES);
    if (!json_open(&r->root, json.length ? json.data : "", json.length, "a request", err))
        return false;
    if (json_kind(r->root) != JSON_KIND_OBJECT)
        return fail(err, ERROR_USAGE, "a request must be an object");
    return read_kind(r, err) && read_prompt(r, err) && read_limits(r, err) && read_turn(r, err) &&
           read_options(r, err) && read_priority(r, err) && check(r, err);
}

void worker_request_release(struct worker_request *r)
{
    text_release(&r->format);
    json_close(&r->root);
}

bool worker_request_ids(struct token_list *out, const struct json *array, size_t n_vocab,
                        struct error *err)
{
    for (size_t i = 0; i < json_size(array); i++) {
        int64_t id = json_int(json_at(array, i), -1);
        if (id < 0 || (uint64_t)id >= n_vocab)
            return fail(err, ERROR_USAGE, "number %zu of the tokens is no token of %zu", i + 1,
                        n_vocab);
        if (!token_list_push(out, (token_id)id))
            return fail_memory(err, json_size(array) * sizeof(token_id), "tokens");
    }
    return true;
}
