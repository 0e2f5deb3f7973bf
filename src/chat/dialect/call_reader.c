#include "chat/dialect/call_reader.h"

#include "chat/output/argument_types.h"
#include "chat/output/call_json.h"
#include "chat/output/output_scan.h"

enum { NAME_BYTES = 4096, KEY_BYTES = 4096, MAX_PAIRS = 512, INTEGER_BYTES = 400 };

enum phase {
    AT_FIRST,
    AT_NEXT,
    AT_OBJECT,
    AT_NAME,
    AT_JSON,
    AT_LITERALS,
    AT_PAIR,
    AT_KEY,
    AT_VALUE,
    AT_CLOSE
};

static size_t find_slice(struct slice text, size_t from, struct slice what)
{
    if (from > text.length)
        return SIZE_MAX;
    const char *found = memmem(text.data + from, text.length - from, what.data, what.length);
    return found ? (size_t)(found - text.data) : SIZE_MAX;
}

/* ---- what the texts tell ---- */

/* A call that is one JSON object has its first brace in `open`, and in `close` all that are still
 * to be closed behind the arguments. */
static void find_object(struct call_reader *r)
{
    const struct call_syntax *s = r->syntax;
    const char *brace = s->open.length ? memchr(s->open.data, '{', s->open.length) : NULL;
    int depth = 0;
    r->object_at = s->open.length;
    if (s->arguments != ARGUMENTS_JSON || !brace)
        return;
    r->object_at = (size_t)(brace - s->open.data);
    for (size_t i = r->object_at; i < s->open.length; i++)
        depth += (s->open.data[i] == '{') - (s->open.data[i] == '}');
    while (depth > 0 && r->close_at < s->close.length)
        depth -= s->close.data[r->close_at++] == '}';
    r->is_object = depth == 0;
}

void call_reader_init(struct call_reader *r, const struct call_syntax *syntax)
{
    *r = (struct call_reader){ .syntax = syntax };
    text_init(&r->name, NAME_BYTES);
    text_init(&r->id, NAME_BYTES);
    text_init(&r->key, KEY_BYTES);
    text_init(&r->arguments, SIZE_MAX);
    call_arguments_init(&r->pairs);
    find_object(r);
    r->is_undecided = syntax->is_only_first;
}

void call_reader_release(struct call_reader *r)
{
    text_release(&r->name);
    text_release(&r->id);
    text_release(&r->key);
    text_release(&r->arguments);
    call_arguments_release(&r->pairs);
}

void call_reader_begin(struct call_reader *r, bool is_first)
{
    r->phase = is_first ? AT_FIRST : AT_NEXT;
    r->at = r->searched = 0;
    r->brackets = (struct bracket_scan){ 0 };
    r->literals = (struct literal_scan){ 0 };
    text_clear(&r->name);
    text_clear(&r->id);
    text_clear(&r->key);
    text_clear(&r->arguments);
    call_arguments_release(&r->pairs);
    call_arguments_init(&r->pairs);
}

static enum call_reading go_to(struct call_reader *r, enum phase phase, size_t at)
{
    r->phase = phase;
    r->at = r->searched = at;
    return CALL_READ;
}

/* What a failure while something was read means for the call. */
static enum call_reading unreadable_or_failed(const struct error *problem, struct error *err)
{
    return is_unreadable_only(problem, err) ? CALL_UNREADABLE : CALL_FAILED;
}

static enum call_reading wait_or_give_up(bool is_last)
{
    return is_last ? CALL_UNREADABLE : CALL_UNFINISHED;
}

/* ---- the beginning of a call ---- */

/* The first call stands behind what opens a section, or behind its trigger alone; the next ones
 * behind what separates them, or behind nothing. */
static enum call_reading read_head(struct call_reader *r, struct slice text, bool is_last)
{
    const struct call_syntax *s = r->syntax;
    struct slice open = slice_to(s->open, r->is_object ? r->object_at : s->open.length);
    struct slice rows[2][2] = { { s->between, open }, { slice_of(""), open } };
    if (r->phase == AT_FIRST) {
        rows[0][0] = s->section_open;
        rows[1][0] = s->section_open.length ? s->trigger : slice_of("");
    }
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t n_bytes;
        enum loose_match match = match_row(text, rows[i], 2, is_last, &n_bytes);
        if (match == MATCHES_SO_FAR)
            return CALL_UNFINISHED;
        if (match == MATCHES)
            return go_to(r, r->is_object ? AT_OBJECT : AT_NAME, n_bytes);
    }
    return CALL_UNREADABLE;
}

/* ---- a call that is an object ---- */

static bool is_call_key(struct slice key)
{
    static const char *const keys[] = { "name", "tool_name", "function",
                                        "type", "arguments", "parameters" };
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (slice_is(key, keys[i]))
            return true;
    return false;
}

/* An object that may be an answer in JSON is one when its first key is no word for calls. */
static bool is_other_object(struct slice object)
{
    struct slice rest = core_of(slice_from(object, 1));
    if (rest.length == 0)
        return false;
    if (rest.data[0] != '"')
        return true;
    const char *end = memchr(rest.data + 1, '"', rest.length - 1);
    return end && !is_call_key((struct slice){ rest.data + 1, (size_t)(end - rest.data) - 1 });
}

static const struct json *first_of(const struct json *object, const char *const *names)
{
    for (; *names; names++)
        if (json_get(object, *names))
            return json_get(object, *names);
    return NULL;
}

/* {"name": ..., "arguments": ...}, also inside of {"function": ...}; arguments may be a string that
 * spells them. */
static enum call_reading take_object(struct call_reader *r, const struct json *call,
                                     struct error *err)
{
    static const char *const names[] = { "name", "tool_name", NULL };
    static const char *const arguments[] = { "arguments", "parameters", NULL };
    static const char *const ids[] = { "id", "tool_call_id", "call_id", NULL };
    const struct json *function = json_get(call, "function");
    bool is_inside = json_kind(function) == JSON_KIND_OBJECT;
    const struct json *inner = is_inside ? function : call;
    struct slice name = json_text(first_of(inner, names));
    const struct json *values = first_of(inner, arguments);
    struct error problem = { 0 };
    if (name.length == 0 && json_kind(function) == JSON_KIND_STRING)
        name = json_text(function);
    if (name.length == 0 || name.length > NAME_BYTES)
        return CALL_UNREADABLE;
    bool ok = text_append_slice(&r->name, name) &&
              (json_text(first_of(call, ids)).length > NAME_BYTES ||
               text_append_slice(&r->id, json_text(first_of(call, ids))));
    if (json_kind(values) == JSON_KIND_STRING) {
        if (!write_json_object(&r->arguments, json_text(values), &problem))
            return unreadable_or_failed(&problem, err);
    } else if (json_kind(values) == JSON_KIND_OBJECT)
        ok = ok && json_write(&r->arguments, values);
    else if (values && json_kind(values) != JSON_KIND_NULL)
        return CALL_UNREADABLE;
    else
        ok = ok && text_append_string(&r->arguments, "{}");
    if (!ok)
        fail_memory(err, name.length, "a call");
    return ok ? CALL_READ : CALL_FAILED;
}

static enum call_reading read_object(struct call_reader *r, struct slice text, bool is_last,
                                     struct error *err)
{
    struct error problem = { 0 };
    const struct json *call;
    while (r->brackets.at == 0 && r->at < text.length && is_blank(text.data[r->at]))
        r->at++;
    struct slice object = slice_from(text, r->at);
    if (object.length == 0)
        return wait_or_give_up(is_last);
    if (object.data[0] != '{' || (r->is_undecided && is_other_object(object)))
        return CALL_UNREADABLE;
    if (!find_brackets_end(&r->brackets, object))
        return wait_or_give_up(is_last);
    object.length = r->brackets.at;
    if (!call_json_open(&call, object, &problem))
        return unreadable_or_failed(&problem, err);
    enum call_reading result = take_object(r, call, err);
    json_close(&call);
    return result == CALL_READ ? go_to(r, AT_CLOSE, r->at + object.length) : result;
}

/* ---- a name ---- */

/* Kimi's calls have a number before what ends the name. */
static struct slice name_end_core(const struct call_syntax *s)
{
    struct slice core = core_of(s->name_end);
    size_t n = core.length > 1 && core.data[0] == ':' ? 1 : 0;
    while (n > 0 && n < core.length && core.data[n] >= '0' && core.data[n] <= '9')
        n++;
    return slice_from(core, n);
}

/* Where the name ends: at what says so, else at what comes next. *n_bytes: of what ends it. */
static size_t find_name_end(struct call_reader *r, struct slice text, size_t *n_bytes)
{
    const struct call_syntax *s = r->syntax;
    struct slice core = name_end_core(s);
    size_t from = r->searched > r->at + core.length ? r->searched - core.length : r->at;
    *n_bytes = core.length;
    r->searched = text.length;
    if (core.length)
        return find_slice(text, from, core);
    const struct slice ends[] = { core_of(s->arg_open), core_of(s->close), slice_of("{"),
                                  slice_of("\n") };
    size_t first = SIZE_MAX;
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        if (ends[i].length)
            first = size_min(first, find_slice(text, r->at, ends[i]));
    return first;
}

/* What no name has in it: then it is none. */
static bool is_name(struct slice text)
{
    text = core_of(text);
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.data[i] < 0x20 || memchr("<>{}\"", text.data[i], 5))
            return false;
    return text.length > 0;
}

/* The declared tool that `written` begins with, if an id follows. */
static struct slice declared_front(const struct output_parser *p, struct slice written)
{
    struct slice longest = written;
    bool is_found = false;
    for (size_t i = 0; i < json_size(p->options.tools); i++) {
        struct slice name =
            json_text(json_get(json_get(json_at(p->options.tools, i), "function"), "name"));
        bool is_front = name.length && name.length < written.length &&
                        memcmp(written.data, name.data, name.length) == 0 &&
                        memchr(":[", written.data[name.length], 2);
        if (is_front && (!is_found || name.length > longest.length)) {
            longest = slice_to(written, name.length);
            is_found = true;
        }
    }
    return longest;
}

/* What follows a name is an id: behind a tag of its own, or a number, with which the whole is. */
static bool set_name(struct call_reader *r, const struct output_parser *p, struct slice written)
{
    static const char space[] = "functions.";
    const struct call_syntax *s = r->syntax;
    written = core_of(written);
    bool is_own = declared_tool(p, written) || declared_front(p, written).length < written.length;
    if (begins_with(written, space) && !is_own)
        written = slice_from(written, strlen(space));
    struct slice name = declared_tool(p, written) ? written : declared_front(p, written);
    struct slice rest = slice_from(written, name.length);
    bool is_number = rest.length && rest.data[0] == ':';
    const char *tag_end = rest.length ? memchr(rest.data, ']', rest.length) : NULL;
    bool ok = text_append_slice(&r->name, name);
    if (is_number && ends_with(s->open, space))
        ok = ok && text_append_string(&r->id, space);
    if (is_number)
        ok = ok && text_append_slice(&r->id, written);
    else if (tag_end)
        ok = ok && text_append_slice(&r->id, slice_from(rest, (size_t)(tag_end + 1 - rest.data)));
    return ok;
}

static enum phase phase_of_arguments(const struct call_syntax *s)
{
    switch (s->arguments) {
    case ARGUMENTS_RAW:
        return AT_PAIR;
    case ARGUMENTS_PYTHON:
    case ARGUMENTS_QUOTED:
        return AT_LITERALS;
    default:
        return AT_JSON;
    }
}

static enum call_reading read_name(struct call_reader *r, const struct output_parser *p,
                                   struct slice text, bool is_last, struct error *err)
{
    size_t n_bytes, n_space, end = find_name_end(r, text, &n_bytes);
    if (end == SIZE_MAX && text.length - r->at <= NAME_BYTES)
        return wait_or_give_up(is_last);
    struct slice written = { text.data + r->at, size_min(end, text.length) - r->at };
    if (end == SIZE_MAX || written.length > NAME_BYTES || !is_name(written))
        return CALL_UNREADABLE;
    struct slice space = space_behind(r->syntax->name_end);
    r->searched = end;
    if (match_loosely(slice_from(text, end + n_bytes), space, is_last, &n_space) == MATCHES_SO_FAR)
        return CALL_UNFINISHED;
    if (!set_name(r, p, written)) {
        fail_memory(err, written.length, "the name of a called tool");
        return CALL_FAILED;
    }
    return go_to(r, phase_of_arguments(r->syntax), end + n_bytes + n_space);
}

/* ---- arguments as JSON or as literals ---- */

static enum call_reading read_json(struct call_reader *r, struct slice text, bool is_last,
                                   struct error *err)
{
    struct error problem = { 0 };
    while (r->brackets.at == 0 && r->at < text.length && is_blank(text.data[r->at]))
        r->at++;
    struct slice object = slice_from(text, r->at);
    if (object.length == 0)
        return wait_or_give_up(is_last);
    if (object.data[0] != '{')
        return CALL_UNREADABLE;
    if (!find_brackets_end(&r->brackets, object))
        return wait_or_give_up(is_last);
    object.length = r->brackets.at;
    if (!write_json_object(&r->arguments, object, &problem))
        return unreadable_or_failed(&problem, err);
    return go_to(r, AT_CLOSE, r->at + object.length);
}

static enum call_reading read_literals(struct call_reader *r, struct slice text, bool is_last,
                                       struct error *err)
{
    const struct call_syntax *s = r->syntax;
    const char *quote = s->quote.length ? s->quote.data : "";
    struct error problem = { 0 };
    struct slice inside = slice_from(text, r->at);
    if (!find_literals_end(&r->literals, inside, quote, is_last))
        return wait_or_give_up(is_last);
    inside.length = r->literals.at - 1; /* without the bracket, which `close` begins with */
    struct slice sign = core_of(s->arg_name_end);
    if (!write_literals(&r->arguments, inside, sign.length ? sign.data[0] : '=', quote, &problem))
        return unreadable_or_failed(&problem, err);
    return go_to(r, AT_CLOSE, r->at + inside.length);
}

/* ---- arguments in tags ---- */

/* Another argument, or the end of the call. */
static enum call_reading read_pair(struct call_reader *r, struct slice text, bool is_last,
                                   struct error *err)
{
    const struct call_syntax *s = r->syntax;
    const struct slice row[] = { s->arg_between, s->arg_open };
    struct slice rest = slice_from(text, r->at);
    size_t n_bytes;
    enum loose_match match = match_row(rest, row, 2, is_last, &n_bytes);
    if (match == MATCHES_NOT)
        match = match_loosely(rest, s->arg_open, is_last, &n_bytes);
    if (match == MATCHES_SO_FAR)
        return CALL_UNFINISHED;
    if (match == MATCHES)
        return r->pairs.count < MAX_PAIRS ? go_to(r, AT_KEY, r->at + n_bytes) : CALL_UNREADABLE;
    match = match_loosely(rest, s->close, is_last, &n_bytes);
    if (match == MATCHES_SO_FAR)
        return CALL_UNFINISHED;
    if (match == MATCHES_NOT && !(is_last && is_cut_off(rest, s->close)))
        return CALL_UNREADABLE;
    return call_arguments_write(&r->pairs, &r->arguments, err) ? go_to(r, AT_CLOSE, r->at)
                                                               : CALL_FAILED;
}

/* The first tag of a core, behind which the model may put white space or leave it out. */
static struct slice front_of(struct slice core)
{
    size_t n = 0;
    while (n < core.length && !is_blank(core.data[n]) && (n == 0 || core.data[n - 1] != '>'))
        n++;
    return slice_to(core, n);
}

static enum call_reading read_key(struct call_reader *r, struct slice text, bool is_last,
                                  struct error *err)
{
    struct slice name_end = r->syntax->arg_name_end, front = front_of(core_of(name_end));
    size_t from = r->searched > r->at + front.length ? r->searched - front.length : r->at, n_bytes;
    size_t end = find_slice(text, from, front);
    if (end == SIZE_MAX) {
        r->searched = text.length;
        return text.length - r->at > KEY_BYTES + front.length ? CALL_UNREADABLE
                                                              : wait_or_give_up(is_last);
    }
    r->searched = end;
    enum loose_match match = match_loosely(slice_from(text, end), name_end, is_last, &n_bytes);
    struct slice key = core_of((struct slice){ text.data + r->at, end - r->at });
    if (match == MATCHES_SO_FAR)
        return CALL_UNFINISHED;
    if (match == MATCHES_NOT || key.length > KEY_BYTES)
        return CALL_UNREADABLE;
    text_clear(&r->key);
    if (!text_append_slice(&r->key, key)) {
        fail_memory(err, key.length, "the name of an argument");
        return CALL_FAILED;
    }
    struct slice read = { text.data + end, n_bytes };
    r->is_strict = slice_equal(read, name_end);
    return go_to(r, AT_VALUE, end + n_bytes);
}

/* Of an argument whose type is not declared: what reads as JSON is that. */
static bool write_undeclared(struct text *out, struct slice raw, struct error *err)
{
    struct error problem = { 0 };
    size_t begin = out->length;
    if (begins_with(raw, "\""))
        return write_string_value(out, raw, err);
    if (write_json_value(out, raw, &problem))
        return true;
    text_truncate(out, begin);
    return is_unreadable_only(&problem, err) && write_string_value(out, raw, err);
}

/* Templates print null as Python does, and models learn from them. */
static bool is_null(const struct argument_types *types, struct slice raw)
{
    return types->count > 0 && !types->is_string && slice_is(raw, "None");
}

/* However many digits it has. */
static bool is_declared_integer(const struct argument_types *types, struct slice raw)
{
    size_t sign = begins_with(raw, "-"), n = sign;
    while (n < raw.length && raw.data[n] >= '0' && raw.data[n] <= '9')
        n++;
    return (types->is_integer || types->is_number) && n == raw.length && n > sign;
}

static bool set_pair(struct call_reader *r, const struct output_parser *p, struct slice raw,
                     struct error *err)
{
    struct text *value;
    const struct json *parameters = declared_parameters(p, text_slice(&r->name));
    struct argument_types types = argument_types_of(parameters, text_slice(&r->key));
    if (!call_arguments_set(&r->pairs, text_slice(&r->key), &value, err))
        return false;
    if (argument_is_text(&types))
        return write_string_value(value, raw, err);
    if (is_null(&types, raw))
        return write_word_value(value, "null", err);
    if (is_declared_integer(&types, raw) && raw.length <= INTEGER_BYTES)
        return write_number_value(value, raw, err);
    return types.count ? argument_write(value, raw, &types, err)
                       : write_undeclared(value, raw, err);
}

/* Whether what follows a value that ends otherwise than the texts say goes on as a call does. */
static enum loose_match goes_on(const struct call_reader *r, struct slice rest, bool is_last)
{
    const struct call_syntax *s = r->syntax;
    const struct slice row[] = { s->arg_between, s->arg_open };
    size_t n_bytes;
    enum loose_match opens = match_row(rest, row, 2, is_last, &n_bytes);
    enum loose_match closes = match_loosely(rest, s->close, is_last, &n_bytes);
    if (opens == MATCHES || closes == MATCHES || (is_last && is_cut_off(rest, s->close)))
        return MATCHES;
    return opens == MATCHES_SO_FAR ? opens : closes;
}

/* The first tag, without the white space around it, behind which the call goes on. */
static size_t find_loose_end(struct call_reader *r, struct slice text, size_t from, bool is_last)
{
    struct slice core = core_of(r->syntax->arg_close);
    size_t end = find_slice(text, from, core);
    for (; end != SIZE_MAX; end = find_slice(text, end + 1, core)) {
        enum loose_match match = goes_on(r, slice_from(text, end + core.length), is_last);
        if (match == MATCHES)
            return end;
        if (match == MATCHES_SO_FAR) {
            r->searched = end; /* undecided */
            return SIZE_MAX;
        }
    }
    r->searched = text.length;
    return SIZE_MAX;
}

/* The value ends with the first whole arg_close; one that began differently, or whose answer is
 * over, where at least the tag is. */
static size_t find_value_end(struct call_reader *r, struct slice text, bool is_last, size_t *behind)
{
    struct slice close = r->syntax->arg_close, core = core_of(close);
    size_t from = r->searched > r->at + close.length ? r->searched - close.length : r->at;
    size_t end = SIZE_MAX;
    if (r->is_strict && close.length) {
        end = find_slice(text, from, close);
        r->searched = text.length;
        *behind = end + close.length;
        from = r->at;
    }
    if (end == SIZE_MAX && core.length && (!r->is_strict || is_last)) {
        end = find_loose_end(r, text, from, is_last);
        *behind = end + core.length;
    }
    return end;
}

/* Line breaks that the texts have around a value, or might have. */
static struct slice without_line_breaks(struct slice value)
{
    if (begins_with(value, "\n"))
        value = slice_from(value, 1);
    if (ends_with(value, "\n"))
        value.length--;
    return value;
}

static enum call_reading read_value(struct call_reader *r, const struct output_parser *p,
                                    struct slice text, bool is_last, struct error *err)
{
    size_t behind = 0, end = find_value_end(r, text, is_last, &behind);
    if (end == SIZE_MAX)
        return wait_or_give_up(is_last);
    struct slice raw = { text.data + r->at, end - r->at };
    if (!r->is_strict || behind - end < r->syntax->arg_close.length)
        raw = without_line_breaks(raw);
    if (!set_pair(r, p, raw, err))
        return CALL_FAILED;
    return go_to(r, AT_PAIR, behind);
}

/* ---- the end ---- */

/* What closes a call may be missing. */
static enum call_reading read_close(struct call_reader *r, struct slice text, bool is_last)
{
    struct slice close = slice_from(r->syntax->close, r->is_object ? r->close_at : 0);
    struct slice rest = slice_from(text, r->at);
    size_t n_bytes;
    enum loose_match match = match_loosely(rest, close, is_last, &n_bytes);
    if (match == MATCHES_SO_FAR)
        return CALL_UNFINISHED;
    if (match == MATCHES_NOT && is_last && is_cut_off(rest, close))
        n_bytes = rest.length;
    r->at += n_bytes;
    return CALL_READ;
}

enum call_reading call_reader_read(struct call_reader *r, const struct output_parser *p,
                                   struct slice text, size_t *n_bytes, struct error *err)
{
    enum call_reading result = CALL_READ;
    bool is_last = p->is_last;
    while (result == CALL_READ) {
        switch ((enum phase)r->phase) {
        case AT_FIRST:
        case AT_NEXT:
            result = read_head(r, text, is_last);
            break;
        case AT_OBJECT:
            result = read_object(r, text, is_last, err);
            break;
        case AT_NAME:
            result = read_name(r, p, text, is_last, err);
            break;
        case AT_JSON:
            result = read_json(r, text, is_last, err);
            break;
        case AT_LITERALS:
            result = read_literals(r, text, is_last, err);
            break;
        case AT_PAIR:
            result = read_pair(r, text, is_last, err);
            break;
        case AT_KEY:
            result = read_key(r, text, is_last, err);
            break;
        case AT_VALUE:
            result = read_value(r, p, text, is_last, err);
            break;
        case AT_CLOSE:
            result = read_close(r, text, is_last);
            *n_bytes = r->at;
            return result;
        }
    }
    return result;
}
