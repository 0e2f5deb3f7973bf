#include "server/ollama/ollama_request.h"

#include "server/http/body.h"
#include "server/ollama/go_json.h"
#include "server/ollama/keep_alive.h"
#include "server/ollama/ollama_options.h"

#include <strings.h>

enum {
    MODEL_LIMIT_BYTES = 1 << 12,
    IGNORED_LIMIT_BYTES = 1 << 10, /* of a header; more names are not told */
    WORKER_LIMIT_BYTES = 256 << 20,
    MOST_CHOICES = 128,
    MOST_TOP_LOGPROBS = 20,
    LEAST_CONTEXT = 4,
};

/* What one reading needs. */
struct reading {
    struct ollama_request *request;
    const struct json *body;
    struct go_json worker;
    struct ollama_options options;
    struct error *err;
};

/* ---- names ---- */

/* Members by the routes that know them, G: generate, C: chat, E: embed, O: embeddings. */
static const struct known_name {
    const char *name, *routes;
} known_names[] = {
    { "model", "GCEO" },
    { "keep_alive", "GCEO" },
    { "options", "GCEO" },
    { "prompt", "GO" },
    { "input", "E" },
    { "dimensions", "E" },
    { "truncate", "GCE" },
    { "suffix", "G" },
    { "system", "G" },
    { "template", "GC" }, /* of chats: hearth's own */
    { "context", "G" },
    { "raw", "G" },
    { "images", "G" },
    { "messages", "C" },
    { "tools", "C" },
    { "stream", "GC" },
    { "format", "GC" },
    { "think", "GC" },
    { "logprobs", "GC" },
    { "top_logprobs", "GC" },
    { "_debug_render_only", "GC" },
    /* hearth's own */
    { "template_kind", "GC" },
    { "dry_run", "GC" },
    { "stream_counts", "GC" },
    { "tool_choice", "C" },
    { "parallel_tool_calls", "C" },
    { "thinking_budget", "GC" },
    { "grammar", "GC" },
    { "logit_bias", "GC" },
    { "n", "GC" },
    { "priority", "GC" },
};

static bool is_known(struct slice name, enum ollama_route route)
{
    for (size_t i = 0; i < COUNT_OF(known_names); i++) {
        const struct known_name *known = &known_names[i];
        if (strlen(known->name) == name.length &&
            strncasecmp(known->name, name.data, name.length) == 0)
            return strchr(known->routes, "GCEO"[route]) != NULL;
    }
    return false;
}

/* "shift": false is what hearth does; true cannot be had, but changes nothing before the context is
 * full, which done_reason tells. */
static void note_ignored(struct reading *r)
{
    for (const struct json_member *m = json_first(r->body); m; m = json_next(r->body, m)) {
        const struct json *value = json_member_value(m);
        struct slice name = json_member_key(m);
        bool is_shift = name.length == 5 && strncasecmp(name.data, "shift", 5) == 0;
        bool is_nothing = json_kind(value) == JSON_KIND_NULL ||
                          (is_shift && json_kind(value) == JSON_KIND_BOOL && !json_flag(value, 0));
        if (!is_nothing && !is_known(name, r->request->route) &&
            !ignored_add(&r->request->ignored, name))
            return; /* the list is full */
    }
}

/* ---- what all routes have ---- */

static bool read_model(struct reading *r)
{
    struct slice model = { "", 0 };
    return body_text(r->body, "model", &model, r->err) &&
           (model.length > 0 || fail(r->err, ERROR_USAGE, "model is required")) &&
           ((model.length <= MODEL_LIMIT_BYTES && !memchr(model.data, '\0', model.length)) ||
            fail(r->err, ERROR_USAGE, "invalid model name")) &&
           (text_append_slice(&r->request->model, model) ||
            fail_memory(r->err, model.length, "the name of a model"));
}

/* num_ctx is the longest context of this request, not how the model is loaded. What is not positive
 * is the model's own for answers; for embeddings the reference takes it by its word. */
static bool write_context_length(struct reading *r)
{
    int64_t n_ctx = r->options.n_ctx;
    if (r->options.has_n_ctx && n_ctx <= 0 && r->request->route == OLLAMA_EMBED)
        return fail(r->err, ERROR_USAGE, "input after truncation exceeds maximum context length");
    if (!r->options.has_n_ctx || n_ctx <= 0)
        return true;
    n_ctx = n_ctx < LEAST_CONTEXT ? LEAST_CONTEXT : n_ctx > UINT32_MAX ? UINT32_MAX : n_ctx;
    go_json_whole(&r->worker, "n_ctx", n_ctx);
    return true;
}

static bool write_truncate(struct reading *r)
{
    bool truncates = false;
    if (!body_flag(r->body, "truncate", &truncates, r->err))
        return false;
    go_json_flag(&r->worker, "truncate", truncates);
    return true;
}

/* ---- what answers have ---- */

/* As the worker takes it: absent when nothing was said. */
static bool write_think(struct reading *r)
{
    const struct json *think = body_field(r->body, "think");
    struct slice level = json_text(think);
    enum json_kind kind = json_kind(think);
    if (kind == JSON_KIND_STRING && !slice_equal(level, slice_of("high")) &&
        !slice_equal(level, slice_of("medium")) && !slice_equal(level, slice_of("low")) &&
        !slice_equal(level, slice_of("max")))
        return fail(r->err, ERROR_USAGE,
                    "invalid think value: \"%s\" (must be \"high\", \"medium\", \"low\", \"max\", "
                    "true, or false)",
                    printable(level));
    if (think && kind != JSON_KIND_BOOL && kind != JSON_KIND_STRING)
        return fail(r->err, ERROR_USAGE,
                    "think must be a boolean or string (\"high\", \"medium\", \"low\", \"max\", "
                    "true, or false)");
    if (think)
        go_json_value(&r->worker, "think", think);
    return true;
}

static bool write_format(struct reading *r)
{
    const struct json *format = body_field(r->body, "format");
    struct slice text = json_text(format);
    enum json_kind kind = json_kind(format);
    if (!format || (kind == JSON_KIND_STRING && text.length == 0))
        return true;
    if (kind == JSON_KIND_OBJECT || slice_equal(text, slice_of("json"))) {
        go_json_value(&r->worker, "format", format);
        return true;
    }
    struct text shown;
    text_init(&shown, 200);
    (void)json_write(&shown, format);
    (void)fail(r->err, ERROR_USAGE,
               "invalid format: %s; expected \"json\" or a valid JSON Schema object",
               printable(text_slice(&shown)));
    text_release(&shown);
    return false;
}

static bool write_logprobs(struct reading *r)
{
    bool wants_them = false;
    int64_t top = 0;
    if (!body_flag(r->body, "logprobs", &wants_them, r->err) ||
        !body_whole(r->body, "top_logprobs", 0, MOST_TOP_LOGPROBS, &top, r->err))
        return false;
    r->request->has_top_logprobs = top > 0;
    if (wants_them)
        go_json_whole(&r->worker, "logprobs", top);
    return true;
}

/* ---- hearth's own members ---- */

static bool write_priority(struct reading *r)
{
    struct slice priority = { NULL, 0 };
    if (!body_text(r->body, "priority", &priority, r->err))
        return false;
    if (priority.data && !slice_equal(priority, slice_of("interactive")) &&
        !slice_equal(priority, slice_of("batch")))
        return fail(r->err, ERROR_USAGE,
                    "priority must be \"interactive\" or \"batch\", not \"%s\"",
                    printable(priority));
    go_json_text_if_any(&r->worker, "priority", priority);
    return true;
}

static bool write_grammar(struct reading *r)
{
    struct slice grammar = { NULL, 0 };
    if (!body_text(r->body, "grammar", &grammar, r->err))
        return false;
    go_json_text_if_any(&r->worker, "grammar", grammar);
    return true;
}

/* In the language of Modelfiles, or in the one that models themselves bring. */
static bool write_template(struct reading *r)
{
    struct slice template = { "", 0 }, kind = slice_of("go");
    if (!body_text(r->body, "template", &template, r->err) ||
        !body_text(r->body, "template_kind", &kind, r->err))
        return false;
    if (!slice_equal(kind, slice_of("go")) && !slice_equal(kind, slice_of("jinja")))
        return fail(r->err, ERROR_USAGE, "template_kind must be \"go\" or \"jinja\", not \"%s\"",
                    printable(kind));
    go_json_text_if_any(&r->worker, "template", template);
    if (template.length > 0 && !slice_equal(kind, slice_of("go")))
        go_json_text(&r->worker, "template_kind", kind);
    return true;
}

static bool write_counts(struct reading *r)
{
    int64_t n = 1, budget = -1;
    if (!body_whole(r->body, "n", 1, MOST_CHOICES, &n, r->err) ||
        !body_whole(r->body, "thinking_budget", -1, INT32_MAX, &budget, r->err))
        return false;
    r->request->n_choices = (uint32_t)n;
    if (n > 1)
        go_json_whole(&r->worker, "n", n);
    if (budget >= 0)
        go_json_whole(&r->worker, "thinking_budget", budget);
    return true;
}

/* A member of a kind, handed on as it is. */
static bool write_as_sent(struct reading *r, const char *name, enum json_kind kind,
                          const char *kind_name)
{
    const struct json *value = body_field(r->body, name);
    if (!value)
        return true;
    if (json_kind(value) != kind)
        return fail(r->err, ERROR_USAGE, "json: %s must be %s", name, kind_name);
    go_json_value(&r->worker, name, value);
    return true;
}

static bool write_generation(struct reading *r)
{
    struct ollama_request *request = r->request;
    bool ok = body_flag(r->body, "stream", &request->streams, r->err) &&
              body_flag(r->body, "dry_run", &request->is_dry_run, r->err) && write_think(r) &&
              write_template(r) && write_format(r) && write_logprobs(r) && write_truncate(r) &&
              write_context_length(r) && write_counts(r) && write_grammar(r) && write_priority(r) &&
              write_as_sent(r, "stream_counts", JSON_KIND_BOOL, "true or false") &&
              write_as_sent(r, "logit_bias", JSON_KIND_OBJECT, "an object of ids and biases");
    if (ok && request->is_dry_run)
        go_json_flag(&r->worker, "dry_run", true);
    if (ok && r->options.members->length > 2)
        go_json_raw(&r->worker, "options", text_slice(r->options.members));
    return ok;
}

/* ---- generate ---- */

static bool fail_images(struct reading *r)
{
    return fail(r->err, ERROR_UNSUPPORTED,
                "\"%s\" does not support vision: hearth takes no images or audio yet",
                printable(text_slice(&r->request->model)));
}

static bool write_earlier_tokens(struct reading *r, bool *has_context)
{
    const struct json *context = body_field(r->body, "context");
    for (size_t i = 0; i < json_size(context); i++)
        if (json_int(json_at(context, i), -1) < 0)
            return fail(r->err, ERROR_USAGE, "json: context must be an array of token numbers");
    *has_context = json_size(context) > 0;
    return write_as_sent(r, "context", JSON_KIND_ARRAY, "an array of token numbers");
}

static bool write_generate(struct reading *r)
{
    struct slice prompt = { "", 0 }, suffix = prompt, system = prompt, template = prompt;
    bool is_raw = false, has_context = false;
    if (!body_text(r->body, "prompt", &prompt, r->err) ||
        !body_text(r->body, "suffix", &suffix, r->err) ||
        !body_text(r->body, "system", &system, r->err) ||
        !body_text(r->body, "template", &template, r->err) ||
        !body_flag(r->body, "raw", &is_raw, r->err) || !write_earlier_tokens(r, &has_context))
        return false;
    if (json_size(body_field(r->body, "images")) > 0)
        return fail_images(r);
    if (is_raw && (template.length > 0 || system.length > 0 || has_context))
        return fail(r->err, ERROR_USAGE, "raw mode does not support template, system, or context");
    go_json_text(&r->worker, "prompt", prompt);
    go_json_text_if_any(&r->worker, "suffix", suffix);
    go_json_text_if_any(&r->worker, "system", system);
    go_json_flag(&r->worker, is_raw ? "raw" : "returns_context", true);
    if (prompt.length == 0)
        r->request->wish = WISH_LOAD;
    return true;
}

/* ---- chat ---- */

/* Members by the names that the worker knows, whatever their case was. */
static bool write_message(struct reading *r, const struct json *message)
{
    static const char *const names[] = { "role",       "content",   "thinking",
                                         "tool_calls", "tool_name", "tool_call_id" };
    if (json_kind(message) != JSON_KIND_OBJECT)
        return fail(r->err, ERROR_USAGE, "json: each of the messages must be an object");
    if (json_size(body_field(message, "images")) > 0)
        return fail_images(r);
    go_json_open(&r->worker, NULL, '{');
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (body_field(message, names[i]))
            go_json_value(&r->worker, names[i], body_field(message, names[i]));
    go_json_close(&r->worker, '}');
    return true;
}

/* An assistant's words at the end are the beginning of the answer. */
static bool is_continued(const struct json *last)
{
    struct slice role = json_text(body_field(last, "role"));
    return role.length == 9 && strncasecmp(role.data, "assistant", 9) == 0 &&
           json_size(body_field(last, "tool_calls")) == 0;
}

static bool write_messages(struct reading *r, const struct json *messages)
{
    size_t n = json_size(messages);
    go_json_open(&r->worker, "messages", '[');
    for (size_t i = 0; i < n; i++)
        if (!write_message(r, json_at(messages, i)))
            return false;
    go_json_close(&r->worker, ']');
    if (n > 0 && is_continued(json_at(messages, n - 1)))
        go_json_flag(&r->worker, "continues", true);
    return true;
}

static bool write_tool_choice(struct reading *r)
{
    const struct json *choice = body_field(r->body, "tool_choice");
    struct slice name = json_text(choice);
    enum json_kind kind = json_kind(choice);
    if (!choice)
        return true;
    if (kind == JSON_KIND_OBJECT
            ? json_kind(json_get(choice, "name")) != JSON_KIND_STRING
            : !slice_equal(name, slice_of("auto")) && !slice_equal(name, slice_of("none")) &&
                  !slice_equal(name, slice_of("required")))
        return fail(r->err, ERROR_USAGE,
                    "tool_choice must be \"auto\", \"none\", \"required\" or {\"name\": a tool}");
    go_json_value(&r->worker, "tool_choice", choice);
    return true;
}

static bool write_chat(struct reading *r)
{
    const struct json *messages = body_field(r->body, "messages");
    if (messages && json_kind(messages) != JSON_KIND_ARRAY)
        return fail(r->err, ERROR_USAGE, "json: messages must be an array");
    if (json_size(messages) == 0)
        r->request->wish = WISH_LOAD;
    return write_messages(r, messages) && write_as_sent(r, "tools", JSON_KIND_ARRAY, "an array") &&
           write_tool_choice(r) &&
           write_as_sent(r, "parallel_tool_calls", JSON_KIND_BOOL, "true or false");
}

/* ---- embeddings ---- */

static bool write_input(struct reading *r, const struct json *input)
{
    enum json_kind kind = json_kind(input);
    bool is_text = kind == JSON_KIND_STRING;
    if (input && !is_text && kind != JSON_KIND_ARRAY)
        return fail(r->err, ERROR_USAGE, "invalid input type");
    if (json_text(input).length == 0 && json_size(input) == 0)
        r->request->wish = WISH_LOAD;
    go_json_open(&r->worker, "input", '[');
    if (is_text)
        go_json_value(&r->worker, NULL, input);
    for (size_t i = 0; i < json_size(input); i++) {
        if (json_kind(json_at(input, i)) != JSON_KIND_STRING)
            return fail(r->err, ERROR_USAGE, "invalid input type");
        go_json_value(&r->worker, NULL, json_at(input, i));
    }
    go_json_close(&r->worker, ']');
    return true;
}

static bool write_embed(struct reading *r)
{
    r->request->streams = false;
    return body_whole(r->body, "dimensions", INT64_MIN, INT64_MAX, &r->request->dimensions,
                      r->err) &&
           write_input(r, body_field(r->body, "input")) && write_truncate(r) &&
           write_context_length(r);
}

static bool write_embeddings(struct reading *r)
{
    struct slice prompt;
    r->request->streams = false;
    return body_text(r->body, "prompt", &prompt, r->err) &&
           write_input(r, body_field(r->body, "prompt")) && write_context_length(r);
}

/* ---- a whole request ---- */

static bool write_worker(struct reading *r)
{
    static const struct {
        const char *kind;
        bool (*write)(struct reading *r);
    } routes[] = {
        [OLLAMA_GENERATE] = { "generate", write_generate },
        [OLLAMA_CHAT] = { "chat", write_chat },
        [OLLAMA_EMBED] = { "embed", write_embed },
        [OLLAMA_EMBEDDINGS] = { "embed", write_embeddings },
    };
    struct ollama_request *request = r->request;
    bool is_render = false, is_answer = request->route <= OLLAMA_CHAT;
    if (is_answer && !body_flag(r->body, "_debug_render_only", &is_render, r->err))
        return false;
    request->is_render = is_render;
    go_json_open(&r->worker, NULL, '{');
    go_json_string(&r->worker, "kind", is_render ? "render" : routes[request->route].kind);
    return routes[request->route].write(r) && (!is_answer || write_generation(r));
}

static bool read_all(struct reading *r, struct slice client)
{
    struct ollama_request *request = r->request;
    if (!read_model(r) ||
        !keep_alive_read(body_field(r->body, "keep_alive"), &request->keep_alive, r->err) ||
        !ollama_options_read(&r->options, body_field(r->body, "options"), r->err) ||
        !write_worker(r))
        return false;
    go_json_text_if_any(&r->worker, "client", client);
    go_json_close(&r->worker, '}');
    if (!r->worker.ok)
        return fail_memory(r->err, request->worker.length, "a request");
    note_ignored(r);
    if (request->wish == WISH_LOAD && request->keep_alive.is_set && request->keep_alive.ns == 0)
        request->wish = WISH_UNLOAD;
    return true;
}

bool ollama_request_open(struct ollama_request *out, enum ollama_route route,
                         const struct json *body, struct slice client, unsigned *status,
                         struct error *err)
{
    struct text options;
    *out = (struct ollama_request){
        .route = route, .wish = WISH_REQUEST, .streams = true, .n_choices = 1
    };
    text_init(&out->model, MODEL_LIMIT_BYTES);
    text_init(&out->worker, WORKER_LIMIT_BYTES);
    text_init(&out->ignored, IGNORED_LIMIT_BYTES);
    text_init(&options, WORKER_LIMIT_BYTES);
    struct reading r = { .request = out,
                         .body = body,
                         .worker = go_json_init(&out->worker),
                         .options = { .members = &options, .ignored = &out->ignored },
                         .err = err };
    bool ok = read_all(&r, client);
    *status = ok ? 200 : r.options.is_type_error || err->code == ERROR_MEMORY ? 500 : 400;
    text_release(&options);
    return ok;
}

void ollama_request_release(struct ollama_request *request)
{
    text_release(&request->model);
    text_release(&request->worker);
    text_release(&request->ignored);
}
