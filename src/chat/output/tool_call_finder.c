#include "chat/output/tool_call_finder.h"

#include "chat/output/call_json.h"
#include "chat/output/call_value.h"
#include "chat/output/output_scan.h"

enum { TAG_BYTES = 256 };

/* What stands behind the tag, looked at byte by byte, so that calls do not depend on chunks. The
 * tag itself is a part of it. */
struct search {
    size_t seen;                     /* bytes */
    bool is_in_string, is_escaped;   /* what follows them */
    int depth;                       /* of braces */
    int bracket_depth;               /* of the tag's bracket and its counterpart */
    bool has_start, has_object;      /* an outermost brace is open; one is closed, as JSON */
    size_t object_start, object_end; /* one past its brace */
    bool has_name;                   /* a tool's, anywhere */
    bool is_stuck;                   /* the object names a tool, but has no arguments */
};

struct finder {
    enum { LOOKING_FOR_TAG, LOOKING_FOR_CALL, PASSING_ON } part;
    struct search search;
    char tag[TAG_BYTES + 1];
    char bracket, counterpart; /* of the tags that are a bracket */
};

/* ---- the tag ---- */

static enum step_result pass_on(struct output_parser *p, struct error *err)
{
    struct slice text = pending_text(p);
    consume(p, text.length);
    return emit_text(p, OUTPUT_CONTENT, text, err) ? STEP_WAIT : STEP_FAILED;
}

static enum step_result step_tag(struct output_parser *p, struct finder *f, struct error *err)
{
    const char *const tag = f->tag;
    struct slice text = pending_text(p);
    size_t at = find_tag(text, tag);
    bool is_found = at != SIZE_MAX;
    struct slice before = { text.data, is_found ? at : text.length - held_back(text, &tag, 1) };
    if (f->bracket && trim_space(before).length > 0) {
        f->part = PASSING_ON;
        return STEP_AGAIN;
    }
    if (!emit_text(p, OUTPUT_CONTENT, before, err))
        return STEP_FAILED;
    consume(p, before.length);
    if (!is_found)
        return STEP_WAIT;
    f->part = LOOKING_FOR_CALL;
    return STEP_AGAIN;
}

/* ---- names of tools ---- */

static struct slice tool_name(const struct output_parser *p, size_t i)
{
    return json_text(json_get(json_get(json_at(p->options.tools, i), "function"), "name"));
}

/* The name that occurs first, the longest of several at one place; *end is where it ends. */
static struct slice first_name(const struct output_parser *p, struct slice text, size_t *end)
{
    struct slice first = { "", 0 };
    size_t first_at = SIZE_MAX;
    for (size_t i = 0; i < json_size(p->options.tools); i++) {
        struct slice name = tool_name(p, i);
        const char *found =
            name.length ? memmem(text.data, text.length, name.data, name.length) : NULL;
        size_t at = found ? (size_t)(found - text.data) : SIZE_MAX;
        if (!found || at > first_at || (at == first_at && name.length <= first.length))
            continue;
        first = name;
        first_at = at;
        *end = at + name.length;
    }
    return first;
}

static bool ends_with_name(const struct output_parser *p, struct slice text)
{
    for (size_t i = 0; i < json_size(p->options.tools); i++) {
        struct slice name = tool_name(p, i);
        if (name.length > 0 && name.length <= text.length &&
            memcmp(text.data + text.length - name.length, name.data, name.length) == 0)
            return true;
    }
    return false;
}

/* Whether more text could make a name, or a longer one, of the end of `text`. */
static bool ends_within_name(const struct output_parser *p, struct slice text)
{
    for (size_t i = 0; i < json_size(p->options.tools); i++) {
        struct slice name = tool_name(p, i);
        for (size_t n = 1; n < name.length && n <= text.length; n++)
            if (memcmp(text.data + text.length - n, name.data, n) == 0)
                return true;
    }
    return false;
}

/* ---- arguments ---- */

enum found { FOUND_NOTHING, FOUND_ARGUMENTS, FOUND_ONLY_NAME, FOUND_FAILED };

/* A member that is an object, or a string that spells one. */
static enum found write_member(struct text *out, const struct json *object, const char *name,
                               struct error *err)
{
    const struct json *value = json_get(object, name);
    struct error problem = { 0 };
    size_t begin = out->length;
    if (json_kind(value) == JSON_KIND_OBJECT) {
        if (json_write(out, value))
            return FOUND_ARGUMENTS;
        fail_memory(err, out->length, "the arguments of a call");
        return FOUND_FAILED;
    }
    if (json_kind(value) != JSON_KIND_STRING)
        return FOUND_NOTHING;
    if (write_json_object(out, json_text(value), &problem))
        return FOUND_ARGUMENTS;
    out->length = begin;
    return is_unreadable_only(&problem, err) ? FOUND_NOTHING : FOUND_FAILED;
}

static enum found write_arguments(struct text *out, const struct json *value, const char *tool,
                                  struct error *err);

static enum found write_from_children(struct text *out, const struct json *value, const char *tool,
                                      struct error *err)
{
    enum found found = FOUND_NOTHING;
    for (const struct json_member *m = json_first(value); m && !found; m = json_next(value, m))
        found = write_arguments(out, json_member_value(m), tool, err);
    return found;
}

/* The arguments of the outermost object that has a name, or a member with the tool's name. The
 * depth was limited when the text was read. */
static enum found write_arguments(struct text *out, const struct json *value, const char *tool,
                                  struct error *err)
{
    enum found found = FOUND_NOTHING;
    if (json_kind(value) == JSON_KIND_ARRAY) {
        for (size_t i = 0; i < json_size(value) && !found; i++)
            if (json_kind(json_at(value, i)) == JSON_KIND_OBJECT)
                found = write_arguments(out, json_at(value, i), tool, err);
        return found;
    }
    if (json_kind(value) != JSON_KIND_OBJECT)
        return FOUND_NOTHING;
    if (json_get(value, "name")) {
        found = write_member(out, value, "arguments", err);
        if (!found)
            found = write_member(out, value, "parameters", err);
        return found ? found : FOUND_ONLY_NAME;
    }
    found = write_member(out, value, tool, err);
    return found ? found : write_from_children(out, value, tool, err);
}

/* The same for the text of an object, which is all arguments if it has none inside. */
static enum found write_arguments_of(struct text *out, struct slice object, const char *tool,
                                     struct error *err)
{
    const struct json *value;
    if (!call_json_open(&value, object, err))
        return FOUND_FAILED;
    enum found found = write_arguments(out, value, tool, err);
    if (!found)
        found = json_write(out, value) || fail_memory(err, out->length, "the arguments of a call")
                    ? FOUND_ARGUMENTS
                    : FOUND_FAILED;
    json_close(&value);
    return found;
}

/* ---- calls ---- */

static bool is_object(struct slice text, bool *is_one, struct error *err)
{
    struct error problem = { 0 };
    const struct json *value = NULL;
    *is_one = call_json_open(&value, text, &problem);
    json_close(&value);
    return *is_one || is_unreadable_only(&problem, err);
}

static bool see_brace(struct search *s, struct slice text, char c, struct error *err)
{
    if (c == '{' && s->depth++ == 0) {
        s->object_start = s->seen - 1;
        s->has_start = true;
    }
    if (c == '}' && s->depth > 0 && --s->depth == 0 && s->has_start) {
        s->object_end = s->seen;
        s->has_start = false;
        return is_object((struct slice){ text.data + s->object_start, s->seen - s->object_start },
                         &s->has_object, err);
    }
    return true;
}

/* One byte more; *is_closed when it closes the tag's bracket. */
static bool see_byte(struct finder *f, struct slice text, bool *is_closed, struct error *err)
{
    struct search *s = &f->search;
    char c = text.data[s->seen++];
    bool was_escaped = s->is_escaped, is_quote = c == '"' && !was_escaped;
    *is_closed = false;
    s->is_escaped = c == '\\' && !was_escaped;
    s->is_in_string ^= is_quote;
    if (was_escaped || c == '\\' || is_quote || s->is_in_string)
        return true;
    if (f->bracket && c == f->bracket)
        s->bracket_depth++;
    else if (f->bracket && c == f->counterpart)
        *is_closed = --s->bracket_depth == 0;
    return s->has_object || see_brace(s, text, c, err);
}

/* Whether a call can be read from the bytes that were seen. */
static bool is_call_ready(const struct output_parser *p, struct search *s, struct slice text)
{
    struct slice seen = { text.data, s->seen };
    size_t end;
    if (!s->has_object || s->is_stuck)
        return false;
    if (!s->has_name)
        s->has_name = s->seen == s->object_end ? first_name(p, seen, &end).length > 0
                                               : ends_with_name(p, seen);
    return s->has_name && !ends_within_name(p, seen);
}

/* What the search begins with anew is the object's last brace, or what stands behind the name. */
static enum step_result read_call(struct output_parser *p, struct search *s, struct error *err)
{
    struct slice text = pending_text(p);
    struct slice object = { text.data + s->object_start, s->object_end - s->object_start };
    size_t end = 0;
    struct slice name = first_name(p, (struct slice){ text.data, s->seen }, &end);
    struct text arguments;
    text_init(&arguments, SIZE_MAX);
    enum found found = write_arguments_of(&arguments, object, name.data, err);
    bool ok = found != FOUND_FAILED;
    s->is_stuck = found == FOUND_ONLY_NAME;
    if (found == FOUND_ARGUMENTS) {
        ok = emit_call(p, name, text_slice(&arguments), (struct slice){ 0 }, err);
        consume(p, size_max(end, s->object_end - 1));
        *s = (struct search){ 0 };
    }
    text_release(&arguments);
    return ok ? STEP_AGAIN : STEP_FAILED;
}

static enum step_result step_call(struct output_parser *p, struct finder *f, struct error *err)
{
    struct search *s = &f->search;
    struct slice text = pending_text(p);
    while (s->seen < text.length) {
        bool is_closed;
        if (!see_byte(f, text, &is_closed, err))
            return STEP_FAILED;
        bool is_ready = is_call_ready(p, s, text);
        if (is_ready && read_call(p, s, err) == STEP_FAILED)
            return STEP_FAILED;
        if (is_ready && !s->is_stuck)
            return STEP_AGAIN;
        if (is_closed) {
            f->part = PASSING_ON;
            return STEP_AGAIN;
        }
    }
    if (p->is_last && f->bracket && p->n_calls == 0)
        return pass_on(p, err);
    return STEP_WAIT;
}

static enum step_result step(struct output_parser *p, struct error *err)
{
    struct finder *f = p->state;
    if (f->part == LOOKING_FOR_TAG)
        return step_tag(p, f, err);
    return f->part == LOOKING_FOR_CALL ? step_call(p, f, err) : pass_on(p, err);
}

bool tool_call_finder_open(struct output_parser **out, struct slice tag, const struct json *tools,
                           struct error *err)
{
    static const struct output_family family = {
        .facts = { .name = "calls behind a tag", .has_tools = true },
        .state_bytes = sizeof(struct finder),
        .step = step,
    };
    struct output_parser_options options = { .tools = tools };
    *out = NULL;
    if (tag.length > TAG_BYTES || (tag.length && memchr(tag.data, '\0', tag.length)))
        return fail(err, ERROR_USAGE, "a tag of calls has up to %d bytes, none of them 0: '%s'",
                    TAG_BYTES, printable(tag));
    if (!output_parser_open_as(out, &family, &options, err))
        return false;
    struct finder *f = (*out)->state;
    memcpy(f->tag, tag.length ? tag.data : "{", size_max(tag.length, 1));
    bool is_bracket = strcmp(f->tag, "{") == 0 || strcmp(f->tag, "[") == 0;
    f->bracket = is_bracket ? f->tag[0] : '\0';
    f->counterpart = f->tag[0] == '[' ? ']' : '}';
    f->part = json_size(tools) > 0 ? LOOKING_FOR_TAG : PASSING_ON;
    return true;
}
