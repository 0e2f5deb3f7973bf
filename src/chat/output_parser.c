#include "base/memory.h"
#include "base/utf8.h"
#include "chat/output/output_family.h"

enum { PENDING_BYTES = 16 << 20 };

static const struct output_family *family_named(const char *name)
{
    for (size_t i = 0; output_families[i]; i++)
        if (strcmp(output_families[i]->facts.name, name) == 0)
            return output_families[i];
    return NULL;
}

const struct output_family_facts *output_family_find(const char *name)
{
    const struct output_family *family = family_named(name);
    return family ? &family->facts : NULL;
}

bool output_parser_open_as(struct output_parser **out, const struct output_family *family,
                           const struct output_parser_options *options, struct error *err)
{
    *out = NULL;
    struct output_parser *p = memory_zeroed(1, sizeof *p);
    void *state = memory_zeroed(1, family->state_bytes + 1);
    if (!p || !state) {
        memory_free(p);
        memory_free(state);
        return fail_memory(err, sizeof *p, "an output parser");
    }
    p->family = family;
    p->options = *options;
    p->state = state;
    text_init(&p->pending, PENDING_BYTES);
    if (family->begin)
        family->begin(p);
    *out = p;
    return true;
}

bool output_parser_open(struct output_parser **out, const char *name,
                        const struct output_parser_options *options, struct error *err)
{
    *out = NULL;
    const struct output_family *family = family_named(name);
    if (!family)
        return fail(err, ERROR_NOT_FOUND, "there is no output parser '%s'",
                    printable(slice_of(name)));
    return output_parser_open_as(out, family, options, err);
}

void output_parser_close(struct output_parser **parser)
{
    struct output_parser *p = *parser;
    if (!p)
        return;
    if (p->family->end)
        p->family->end(p);
    text_release(&p->pending);
    memory_free(p->state);
    memory_free(p);
    *parser = NULL;
}

/* Drop what is consumed, once a chunk. */
static void forget_consumed(struct output_parser *p)
{
    size_t left = p->pending.length - p->consumed;
    if (p->consumed && left)
        memmove(p->pending.data, p->pending.data + p->consumed, left);
    p->pending.length = left;
    if (p->pending.data)
        p->pending.data[left] = '\0';
    p->consumed = 0;
}

bool output_parser_add(struct output_parser *p, struct slice chunk, bool is_last, output_sink *sink,
                       void *context, struct error *err)
{
    enum step_result result;
    assert(!p->is_last); /* nothing may be added after the end or an error */
    if (!append_within(&p->pending, chunk, "of an answer wait for their end", err)) {
        p->is_last = true;
        return false;
    }
    p->is_last = is_last;
    p->sink = sink;
    p->sink_context = context;
    p->sink_err = err;
    do
        result = p->family->step(p, err);
    while (result == STEP_AGAIN && !p->has_failed);
    p->has_failed |= result == STEP_FAILED;
    p->is_last |= p->has_failed;
    forget_consumed(p);
    return !p->has_failed;
}

/* ---- what the families share ---- */

bool append_within(struct text *out, struct slice bytes, const char *what, struct error *err)
{
    if (bytes.length > out->limit - out->length)
        return fail(err, ERROR_BUDGET, "more than %zu bytes %s", out->limit, what);
    return text_append_slice(out, bytes) || fail_memory(err, bytes.length, "an answer");
}

struct slice pending_text(const struct output_parser *p)
{
    if (!p->pending.data)
        return slice_of("");
    return (struct slice){ p->pending.data + p->consumed, p->pending.length - p->consumed };
}

void consume(struct output_parser *p, size_t n_bytes)
{
    assert(n_bytes <= p->pending.length - p->consumed);
    p->consumed += n_bytes;
    if (n_bytes)
        p->searched = 0;
}

size_t find_tag(struct slice text, const char *tag)
{
    const char *found = text.length ? memmem(text.data, text.length, tag, strlen(tag)) : NULL;
    return found ? (size_t)(found - text.data) : SIZE_MAX;
}

size_t held_back(struct slice text, const char *const *tags, size_t n_tags)
{
    size_t most = utf8_incomplete_tail((const uint8_t *)text.data, text.length);
    for (size_t i = 0; i < n_tags; i++) {
        size_t length = strlen(tags[i]);
        for (size_t n = size_min(length - 1, text.length); n > most; n--)
            if (memcmp(text.data + text.length - n, tags[i], n) == 0)
                most = n;
    }
    return most;
}

static bool emit(struct output_parser *p, const struct output_event *event)
{
    if (!p->has_failed && !p->sink(p->sink_context, event, p->sink_err))
        p->has_failed = true;
    return !p->has_failed;
}

bool emit_text(struct output_parser *p, enum output_kind kind, struct slice text, struct error *err)
{
    struct output_event event = { .kind = kind, .text = text };
    (void)err;
    return text.length == 0 || emit(p, &event);
}

bool emit_call(struct output_parser *p, struct slice name, struct slice arguments, struct slice id,
               struct error *err)
{
    struct output_event event = {
        .kind = OUTPUT_TOOL_CALL,
        .call = { .index = p->n_calls, .name = name, .arguments = arguments, .id = id },
    };
    (void)err;
    p->n_calls++;
    return emit(p, &event);
}

bool has_prefilled_content(const struct output_parser *p)
{
    const struct json *last = p->options.last_message;
    return slice_equal(json_text(json_get(last, "role")), slice_of("assistant")) &&
           json_text(json_get(last, "content")).length > 0;
}

const struct json *declared_tool(const struct output_parser *p, struct slice name)
{
    for (size_t i = 0; i < json_size(p->options.tools); i++) {
        const struct json *function = json_get(json_at(p->options.tools, i), "function");
        if (slice_equal(json_text(json_get(function, "name")), name))
            return function;
    }
    return NULL;
}

const struct json *declared_parameters(const struct output_parser *p, struct slice tool)
{
    return json_get(declared_tool(p, tool), "parameters");
}

const struct json *declared_argument(const struct output_parser *p, struct slice tool,
                                     struct slice argument)
{
    return json_member(json_get(declared_parameters(p, tool), "properties"), argument);
}
