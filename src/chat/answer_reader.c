#include "chat/answer_reader.h"

#include "base/memory.h"
#include "base/text.h"
#include "chat/dialect/dialect_output.h"
#include "base/slice_text.h"
#include "chat/white_space.h"

enum { IDS_BYTES = 1 << 16, LEAD_BYTES = 4096 };

/* Thinking as the tags tell it, for answers that a family reads. */
struct tag_watch {
    struct slice open, close;
    struct text tail; /* of what was seen: may be the beginning of a tag */
    bool is_thinking;
};

struct answer_reader {
    const struct dialect *dialect;
    struct answer_reader_options options;
    struct output_parser *parser; /* NULL until the answer's beginning is known */
    struct text held;             /* that beginning, where it decides how a family reads the rest */
    struct tag_watch watch;
    struct text ids; /* of the calls so far, a NUL byte behind each */
    /* of the chunk being read */
    output_sink *sink;
    void *context;
};

/* ---- events ---- */

static bool is_declared(const struct answer_reader *r, struct slice name)
{
    for (size_t i = 0; i < json_size(r->options.tools); i++) {
        const struct json *function = json_get(json_at(r->options.tools, i), "function");
        if (slice_equal(json_text(json_get(function, "name")), name))
            return true;
    }
    return false;
}

/* Whether a call before has the id; a model that counts wrongly would have two calls answered as
 * one. */
static bool is_new_id(struct answer_reader *r, struct slice id, bool *is_new, struct error *err)
{
    struct slice ids = text_slice(&r->ids);
    *is_new = memchr(id.data, '\0', id.length) == NULL;
    for (size_t at = 0, n; at < ids.length && *is_new; at += n + 1) {
        n = strlen(ids.data + at);
        *is_new = !slice_equal((struct slice){ ids.data + at, n }, id);
    }
    if (!*is_new || ids.length + id.length + 1 > IDS_BYTES)
        return true;
    return (text_append_slice(&r->ids, id) && text_append_byte(&r->ids, '\0')) ||
           fail_memory(err, id.length, "the id of a call");
}

/* A call where no tools are declared is content. */
static bool send_as_content(struct answer_reader *r, const struct tool_call *call,
                            struct error *err)
{
    struct text json;
    text_init(&json, SIZE_MAX);
    bool ok = text_append_string(&json, "{\"name\": ") && json_write_string(&json, call->name) &&
              text_append_string(&json, ", \"arguments\": ") &&
              text_append_slice(&json, call->arguments) && text_append_byte(&json, '}');
    struct output_event event = { .kind = OUTPUT_CONTENT, .text = text_slice(&json) };
    ok = ok ? r->sink(r->context, &event, err) : fail_memory(err, json.length, "a call");
    text_release(&json);
    return ok;
}

static bool pass_on(void *context, const struct output_event *event, struct error *err)
{
    struct answer_reader *r = context;
    struct output_event checked = *event;
    bool is_new = true;
    if (event->kind != OUTPUT_TOOL_CALL)
        return r->sink(r->context, event, err);
    if (json_size(r->options.tools) == 0)
        return send_as_content(r, &event->call, err);
    if (!is_declared(r, event->call.name))
        return fail(err, ERROR_FORMAT, "the model called '%s', which is no tool",
                    printable(event->call.name));
    if (event->call.id.length && !is_new_id(r, event->call.id, &is_new, err))
        return false;
    if (!is_new || event->call.id.length == 0)
        checked.call.id = (struct slice){ 0 };
    return r->sink(r->context, &checked, err);
}

/* ---- what a family must be told ---- */

/* These do not look for the tag that opens thinking: they are told whether an answer begins inside.
 * All others find it, and are shown one where the prompt wrote it. */
static bool is_told(const char *family)
{
    static const char *const told[] = { "cohere", "laguna", "poolside-v1" };
    for (size_t i = 0; i < COUNT_OF(told); i++)
        if (strcmp(told[i], family) == 0)
            return true;
    return false;
}

static bool open_family(struct answer_reader *r, bool is_thinking, struct error *err)
{
    const struct think_choice *think = &r->options.think;
    struct output_parser_options options = { .tools = r->options.tools };
    options.think = (struct think_choice){ .is_set = true, .is_on = is_thinking, .level = "" };
    if (is_told(r->dialect->family))
        return output_parser_open(&r->parser, r->dialect->family, &options, err);
    options.think.is_on |= !think->is_set || think->is_on; /* else it leaves thoughts out */
    return output_parser_open(&r->parser, r->dialect->family, &options, err) &&
           (!is_thinking ||
            output_parser_add(r->parser, r->dialect->think_open, false, pass_on, r, err));
}

/* Whether what has arrived begins with thinking, behind not too much white space. */
static bool begins_with_thinking(struct answer_reader *r, bool is_last, bool *is_decided)
{
    struct slice open = trim_space(r->dialect->think_open);
    struct slice text = trim_left(text_slice(&r->held));
    size_t n = size_min(open.length, text.length);
    bool agrees = r->held.length - text.length <= LEAD_BYTES &&
                  slice_equal(slice_to(open, n), slice_to(text, n));
    *is_decided = is_last || !agrees || n == open.length;
    return agrees && n == open.length && n > 0;
}

/* ---- where thinking is ---- */

/* The first tag of what closes thinking does that already. */
static struct slice first_tag(struct slice text)
{
    text = trim_space(text);
    bool is_tag = text.length && (text.data[0] == '<' || text.data[0] == '[');
    const char *end =
        is_tag ? memchr(text.data, text.data[0] == '<' ? '>' : ']', text.length) : NULL;
    return end ? slice_to(text, (size_t)(end - text.data) + 1) : text;
}

static size_t find_in(struct slice text, struct slice tag)
{
    const char *at = tag.length ? memmem(text.data, text.length, tag.data, tag.length) : NULL;
    return at ? (size_t)(at - text.data) : SIZE_MAX;
}

static bool watch(struct tag_watch *w, struct slice chunk, struct error *err)
{
    if (w->open.length == 0 || w->close.length == 0)
        return true;
    if (!text_append_slice(&w->tail, chunk))
        return fail_memory(err, chunk.length, "an answer");
    struct slice rest = text_slice(&w->tail);
    for (size_t at; rest.length;) {
        struct slice tag = w->is_thinking ? w->close : w->open;
        if ((at = find_in(rest, tag)) == SIZE_MAX)
            break;
        rest = slice_from(rest, at + tag.length);
        w->is_thinking = !w->is_thinking;
    }
    size_t kept = size_min(rest.length, size_max(w->open.length, w->close.length) - 1);
    memmove(w->tail.data, rest.data + rest.length - kept, kept);
    text_truncate(&w->tail, kept);
    return true;
}

/* ---- the answer ---- */

/* A family that cannot find thinking by itself is opened once it is known whether there is any. */
static bool open_late(struct answer_reader *r, struct slice chunk, bool is_last, struct error *err)
{
    bool is_decided;
    if (!text_append_slice(&r->held, chunk))
        return fail_memory(err, chunk.length, "an answer");
    bool thinks = begins_with_thinking(r, is_last, &is_decided);
    if (!is_decided)
        return true;
    if (!open_family(r, thinks, err))
        return false;
    struct slice text = text_slice(&r->held);
    if (thinks) {
        text = trim_left(text);
        text = slice_from(text, trim_space(r->dialect->think_open).length);
    }
    return output_parser_add(r->parser, text, is_last, pass_on, r, err);
}

bool answer_reader_add(struct answer_reader *r, struct slice chunk, bool is_last, output_sink *sink,
                       void *context, struct error *err)
{
    r->sink = sink;
    r->context = context;
    if (r->dialect->family && !watch(&r->watch, chunk, err))
        return false;
    if (!r->parser)
        return open_late(r, chunk, is_last, err);
    return output_parser_add(r->parser, chunk, is_last, pass_on, r, err);
}

bool answer_reader_is_thinking(const struct answer_reader *r)
{
    return r->dialect->family ? r->watch.is_thinking : dialect_output_is_thinking(r->parser);
}

static bool open_parser(struct answer_reader *r, struct error *err)
{
    const struct dialect *d = r->dialect;
    if (!d->family)
        return dialect_output_open(&r->parser, d, r->options.tools, r->options.is_thinking, err);
    r->watch.open = trim_space(d->think_open);
    r->watch.close = first_tag(d->think_close);
    r->watch.is_thinking = r->options.is_thinking && r->watch.close.length > 0;
    bool is_late = is_told(d->family) && !r->options.is_thinking && r->watch.open.length > 0;
    return is_late || open_family(r, r->options.is_thinking, err);
}

bool answer_reader_open(struct answer_reader **out, const struct dialect *dialect,
                        const struct answer_reader_options *options, struct error *err)
{
    *out = NULL;
    struct answer_reader *r = memory_zeroed(1, sizeof *r);
    if (!r)
        return fail_memory(err, sizeof *r, "a reader of answers");
    r->dialect = dialect;
    r->options = *options;
    text_init(&r->held, SIZE_MAX);
    text_init(&r->ids, SIZE_MAX);
    text_init(&r->watch.tail, SIZE_MAX);
    if (!open_parser(r, err)) {
        answer_reader_close(&r);
        return false;
    }
    *out = r;
    return true;
}

void answer_reader_close(struct answer_reader **reader)
{
    struct answer_reader *r = *reader;
    if (!r)
        return;
    output_parser_close(&r->parser);
    text_release(&r->held);
    text_release(&r->ids);
    text_release(&r->watch.tail);
    memory_free(r);
    *reader = NULL;
}
