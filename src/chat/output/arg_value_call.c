#include "chat/output/arg_value_call.h"

#include "chat/output/argument_types.h"
#include "chat/output/output_scan.h"

enum { MAX_PAIRS = 512 };

/* A call while it is read. Keys and values are counted apart: pairs belong together by number. */
struct reader {
    struct text name; /* all that stands outside of keys and values */
    struct slice keys[MAX_PAIRS], values[MAX_PAIRS];
    size_t n_keys, n_values;
};

/* What the text is part of: at 0 and 2 of nothing, before a key or a value; at 1 of a key; at 3 of
 * a value. The tag of the same number leads to the next phase. */
enum { BEFORE_KEY, IN_KEY, BEFORE_VALUE, IN_VALUE, N_PHASES };

static const char *const tags[N_PHASES] = { ARG_KEY, ARG_KEY_END, ARG_VALUE, ARG_VALUE_END };

/* Cut the text before the next tag, and the tag, off `rest`. */
static int next_tag(struct slice *rest, struct slice *before)
{
    int tag = NO_TAG;
    size_t first = rest->length;
    for (int i = 0; i < N_PHASES; i++) {
        size_t at = find_tag((struct slice){ rest->data, first }, tags[i]);
        if (at != SIZE_MAX) {
            first = at;
            tag = i;
        }
    }
    *before = (struct slice){ rest->data, first };
    *rest = slice_from(*rest, first + (tag == NO_TAG ? 0 : strlen(tags[tag])));
    return tag;
}

static bool too_many(struct error *err)
{
    return fail(err, ERROR_FORMAT, "a tool call has more than %d arguments", MAX_PAIRS);
}

static bool add_key(struct reader *r, struct slice key, struct error *err)
{
    if (r->n_keys == MAX_PAIRS)
        return too_many(err);
    r->keys[r->n_keys++] = trim_space(key);
    return true;
}

static bool add_value(struct reader *r, struct slice value, struct error *err)
{
    if (r->n_values == MAX_PAIRS)
        return too_many(err);
    r->values[r->n_values++] = value;
    return true;
}

static bool add_name(struct reader *r, struct slice text, struct error *err)
{
    return text_append_slice(&r->name, text) ||
           fail_memory(err, text.length, "the name of a called tool");
}

/* ---- as it should be ---- */

/* *is_formed: each key and value has both its tags and is in no other. */
static bool read_formed(struct reader *r, struct slice text, bool *is_formed, struct error *err)
{
    struct slice before;
    int phase = BEFORE_KEY, tag;
    bool ok = true;
    *is_formed = true;
    while (ok && *is_formed) {
        bool is_inside = phase == IN_KEY || phase == IN_VALUE;
        tag = next_tag(&text, &before);
        if (phase == IN_KEY && tag == IN_KEY)
            ok = add_key(r, before, err);
        else if (phase == IN_VALUE && tag == IN_VALUE)
            ok = add_value(r, before, err);
        else if (!is_inside && tag != IN_KEY && tag != IN_VALUE)
            ok = add_name(r, before, err);
        else
            *is_formed = false;
        if (tag == NO_TAG)
            return ok;
        phase = is_inside ? BEFORE_KEY : tag + 1;
    }
    return ok;
}

/* ---- as it is ---- */

/* A call that goes from phase to phase, whatever tags are there. */
struct repair {
    struct reader *reader;
    int phase;
    struct slice inside; /* of the key or the value */
};

static bool put(struct repair *r, struct slice text, struct error *err)
{
    if (r->phase == BEFORE_KEY || r->phase == BEFORE_VALUE)
        return add_name(r->reader, text, err);
    r->inside = text;
    return true;
}

static bool advance(struct repair *r, struct error *err)
{
    bool ok = true;
    if (r->phase == IN_KEY)
        ok = add_key(r->reader, r->inside, err);
    if (r->phase == IN_VALUE)
        ok = add_value(r->reader, r->inside, err);
    r->phase = (r->phase + 1) % N_PHASES;
    r->inside = slice_of("");
    return ok;
}

/* Text before another tag than the one that is due belongs to the key or the value that ends there,
 * or to the one whose first tag is missing. */
static bool advance_to(struct repair *r, int tag, struct slice before, struct error *err)
{
    bool ok = true, is_outside = r->phase == BEFORE_KEY || r->phase == BEFORE_VALUE;
    if (r->phase != tag && is_outside && before.length > 0) {
        ok = advance(r, err) && put(r, before, err);
        before.length = 0;
    }
    while (ok && r->phase != tag) {
        bool is_inside = r->phase == IN_KEY || r->phase == IN_VALUE;
        if (is_inside && (r->phase + 1) % N_PHASES == tag && before.length > 0) {
            ok = put(r, before, err);
            before.length = 0;
        }
        ok = ok && advance(r, err);
    }
    return ok && (before.length == 0 || put(r, before, err)) && advance(r, err);
}

/* What stands before the first tag. Names have no white space: if the tag is not the one of a key,
 * what follows that is the key. */
static bool begin_repair(struct repair *r, struct slice *text, struct error *err)
{
    struct slice rest = *text, before;
    int tag = next_tag(&rest, &before);
    size_t name = 0;
    while (name < before.length && leading_space(slice_from(before, name)) == 0)
        name++;
    *text = slice_from(*text, before.length);
    if (tag == BEFORE_KEY || tag == NO_TAG || name == before.length)
        return put(r, before, err);
    return put(r, (struct slice){ before.data, name }, err) && advance(r, err) &&
           put(r, trim_left(slice_from(before, name)), err);
}

static bool read_repaired(struct reader *reader, struct slice text, struct error *err)
{
    struct repair r = { .reader = reader, .inside = slice_of("") };
    struct slice before;
    bool ok = begin_repair(&r, &text, err);
    for (int tag; ok && (tag = next_tag(&text, &before)) != NO_TAG;)
        ok = advance_to(&r, tag, before, err);
    if (ok && before.length > 0 && (r.phase == IN_KEY || r.phase == IN_VALUE))
        ok = put(&r, before, err);
    while (ok && r.phase != BEFORE_KEY)
        ok = advance(&r, err);
    return ok;
}

/* ---- the call ---- */

bool set_typed_argument(const struct output_parser *p, struct call_arguments *arguments,
                        struct slice tool, struct slice name, struct slice raw, struct error *err)
{
    struct argument_types types = argument_types_of(declared_parameters(p, tool), name);
    struct text *value;
    if (begins_with(raw, "\n"))
        raw = slice_from(raw, 1);
    if (ends_with(raw, "\n"))
        raw.length--;
    return call_arguments_set(arguments, name, &value, err) &&
           argument_write(value, raw, &types, err);
}

static bool emit_read(struct output_parser *p, const struct reader *r, struct error *err)
{
    struct slice name = trim_space(text_slice(&r->name));
    if (name.length == 0)
        return fail(err, ERROR_FORMAT, "the model's tool call has no name");
    if (r->n_keys != r->n_values)
        return fail(err, ERROR_FORMAT, "the model's call of '%s' has %zu keys, but %zu values",
                    printable(name), r->n_keys, r->n_values);
    struct call_arguments arguments;
    struct text written;
    bool ok = true;
    call_arguments_init(&arguments);
    text_init(&written, SIZE_MAX);
    for (size_t i = 0; ok && i < r->n_keys; i++)
        ok = set_typed_argument(p, &arguments, name, r->keys[i], r->values[i], err);
    ok = ok && call_arguments_write(&arguments, &written, err) &&
         emit_call(p, name, text_slice(&written), (struct slice){ 0 }, err);
    text_release(&written);
    call_arguments_release(&arguments);
    return ok;
}

static void reader_init(struct reader *r)
{
    text_init(&r->name, SIZE_MAX);
    r->n_keys = r->n_values = 0;
}

bool emit_arg_value_call(struct output_parser *p, struct slice text, struct error *err)
{
    struct reader r;
    bool is_formed;
    reader_init(&r);
    bool ok = read_formed(&r, text, &is_formed, err);
    if (ok && !is_formed) {
        text_release(&r.name);
        reader_init(&r);
        ok = read_repaired(&r, text, err);
    }
    ok = ok && emit_read(p, &r, err);
    text_release(&r.name);
    return ok;
}

static bool has_key(const struct reader *r, struct slice key)
{
    for (size_t i = 0; i < r->n_keys; i++)
        if (slice_equal(r->keys[i], key))
            return true;
    return false;
}

static bool check_complete(const struct output_parser *p, const struct reader *r, struct error *err)
{
    struct slice name = trim_space(text_slice(&r->name));
    const struct json *tool = declared_tool(p, name);
    const struct json *required = json_get(json_get(tool, "parameters"), "required");
    if (!tool)
        return fail(err, ERROR_FORMAT, "the answer ends in a call of '%s', which is no tool",
                    printable(name));
    if (has_key(r, slice_of("")))
        return fail(err, ERROR_FORMAT, "the answer ends in a call of '%s' with a nameless argument",
                    printable(name));
    for (size_t i = 0; i < json_size(required); i++)
        if (!has_key(r, json_text(json_at(required, i))))
            return fail(err, ERROR_FORMAT, "the answer ends in a call of '%s' without '%s'",
                        printable(name), printable(json_text(json_at(required, i))));
    return true;
}

bool emit_unended_arg_value_call(struct output_parser *p, struct slice text, struct error *err)
{
    struct reader r;
    bool is_formed;
    reader_init(&r);
    bool ok = read_formed(&r, text, &is_formed, err);
    if (ok && !is_formed)
        ok = fail(err, ERROR_FORMAT, "the answer ends within a tool call");
    ok = ok && check_complete(p, &r, err) && emit_read(p, &r, err);
    text_release(&r.name);
    return ok;
}
