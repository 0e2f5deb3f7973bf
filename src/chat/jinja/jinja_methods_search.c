/* Methods of str that look for a part of it, or cut it where they find one. */
#include "chat/jinja/jinja_builtin.h"
#include "chat/jinja/jinja_unicode.h"

#define METHOD(name) \
    static bool name(struct jinja_run *run, const struct jinja_call *call, struct jinja_value *out)

/* The last place of `part`, or NULL. Searching backwards can take as long as both are. */
static bool find_last(struct jinja_run *run, struct slice text, struct slice part,
                      const char **found)
{
    *found = NULL;
    if (part.length > text.length)
        return true;
    for (size_t i = text.length - part.length + 1; i-- > 0;) {
        if (part.length && text.data[i] != part.data[0])
            continue;
        if (!jinja_spend_bytes(run, 32 + part.length))
            return false;
        if (memcmp(text.data + i, part.data, part.length) == 0) {
            *found = text.data + i;
            return true;
        }
    }
    return jinja_spend_bytes(run, text.length);
}

static const char *find_first(struct slice text, struct slice part)
{
    return part.length ? memmem(text.data, text.length, part.data, part.length) : text.data;
}

/* Clip [start, end) as a slice does; *begins_behind tells that nothing can be found. */
static bool search_range(struct jinja_run *run, const struct jinja_call *call, size_t *offset,
                         struct slice *text, bool *begins_behind)
{
    int64_t length = (int64_t)call->self.string->n_points, start = 0, end = length;
    if (!jinja_integer_argument(run, &call->arguments[1], "start", &start) ||
        !jinja_integer_argument(run, &call->arguments[2], "end", &end))
        return false;
    start = start < 0 ? (start + length < 0 ? 0 : start + length) : start;
    end = end < 0 ? (end + length < 0 ? 0 : end + length) : end > length ? length : end;
    *begins_behind = start > end;
    struct slice all = jinja_slice(&call->self);
    size_t from = *begins_behind ? 0 : jinja_point_offset(all, (size_t)start);
    size_t to = *begins_behind ? 0 : jinja_point_offset(all, (size_t)end);
    *offset = *begins_behind ? 0 : (size_t)start;
    *text = (struct slice){ all.data + from, to - from };
    return jinja_spend(run, 1 + (start || end != length ? all.length / 16 : 0)) &&
           jinja_spend_bytes(run, all.length);
}

static bool find(struct jinja_run *run, const struct jinja_call *call, bool is_last,
                 struct jinja_value *out)
{
    struct slice part, text;
    size_t offset;
    bool begins_behind;
    const char *found = NULL;
    if (!jinja_text_argument(run, &call->arguments[0], "sub", &part) ||
        !search_range(run, call, &offset, &text, &begins_behind))
        return false;
    if (!begins_behind && !is_last)
        found = find_first(text, part);
    else if (!begins_behind && !find_last(run, text, part, &found))
        return false;
    int64_t at = -1;
    if (found)
        at = (int64_t)(offset + jinja_count_points(
                                    (struct slice){ text.data, (size_t)(found - text.data) }));
    *out = jinja_integer(at);
    return true;
}

METHOD(method_find)
{
    return find(run, call, false, out);
}

METHOD(method_rfind)
{
    return find(run, call, true, out);
}

static bool index_of(struct jinja_run *run, const struct jinja_call *call, bool is_last,
                     struct jinja_value *out)
{
    return find(run, call, is_last, out) &&
           (out->integer >= 0 || jinja_fail(run, "the part was not found in the text"));
}

METHOD(method_index)
{
    return index_of(run, call, false, out);
}

METHOD(method_rindex)
{
    return index_of(run, call, true, out);
}

METHOD(method_count)
{
    struct slice part, text;
    size_t offset;
    bool begins_behind;
    int64_t n = 0;
    if (!jinja_text_argument(run, &call->arguments[0], "sub", &part) ||
        !search_range(run, call, &offset, &text, &begins_behind))
        return false;
    if (part.length == 0)
        n = begins_behind ? 0 : (int64_t)jinja_count_points(text) + 1;
    for (const char *found; part.length && (found = find_first(text, part)); n++) {
        size_t skip = (size_t)(found - text.data) + part.length;
        text = (struct slice){ text.data + skip, text.length - skip };
        if (!jinja_spend(run, 1))
            return false;
    }
    *out = jinja_integer(n);
    return true;
}

static bool has_affix(struct slice text, struct slice affix, bool is_end)
{
    if (affix.length > text.length)
        return false;
    const char *at = is_end ? text.data + text.length - affix.length : text.data;
    return affix.length == 0 || memcmp(at, affix.data, affix.length) == 0;
}

/* startswith and endswith, of one text or any of a tuple. */
static bool check_affix(struct jinja_run *run, const struct jinja_call *call, bool is_end,
                        struct jinja_value *out)
{
    const struct jinja_value *affix = &call->arguments[0];
    struct slice text, part;
    size_t offset;
    bool begins_behind, found = false;
    if (!search_range(run, call, &offset, &text, &begins_behind))
        return false;
    bool is_tuple = affix->kind == JINJA_TUPLE;
    size_t count = is_tuple ? affix->list->count : 1;
    for (size_t i = 0; !found && i < count; i++) {
        if (!jinja_text_argument(run, is_tuple ? &affix->list->items[i] : affix, "prefix", &part) ||
            !jinja_spend_bytes(run, part.length + 32))
            return false;
        found = !begins_behind && has_affix(text, part, is_end);
    }
    *out = jinja_bool(found);
    return true;
}

METHOD(method_startswith)
{
    return check_affix(run, call, false, out);
}

METHOD(method_endswith)
{
    return check_affix(run, call, true, out);
}

static bool push_piece(struct jinja_run *run, struct jinja_items *items, const char *begin,
                       const char *end)
{
    struct jinja_value piece;
    return jinja_spend(run, 1) &&
           jinja_view_string(run, (struct slice){ begin, (size_t)(end - begin) }, &piece) &&
           jinja_push(run, items, &piece);
}

static void reverse(struct jinja_items *items)
{
    for (size_t i = 0; i < items->count / 2; i++) {
        struct jinja_value swap = items->items[i];
        items->items[i] = items->items[items->count - 1 - i];
        items->items[items->count - 1 - i] = swap;
    }
}

/* Where the white space at the front ends, or where it begins. */
static size_t skip_class(struct slice text, bool is_space)
{
    size_t n, i = 0;
    for (; i < text.length; i += n)
        if (jinja_is_space(jinja_point(text.data + i, text.length - i, &n)) != is_space)
            break;
    return i;
}

static bool split_at_space(struct jinja_run *run, struct slice text, uint64_t left,
                           struct jinja_items *items)
{
    text = jinja_strip(text, true, false);
    while (text.length) {
        size_t n = left ? skip_class(text, false) : text.length;
        if (!push_piece(run, items, text.data, text.data + n))
            return false;
        text = left-- ? jinja_strip((struct slice){ text.data + n, text.length - n }, true, false)
                      : (struct slice){ text.data, 0 };
    }
    return true;
}

static bool split_at_space_from_end(struct jinja_run *run, struct slice text, uint64_t left,
                                    struct jinja_items *items)
{
    text = jinja_strip(text, false, true);
    while (text.length) {
        if (left == 0)
            return push_piece(run, items, text.data, text.data + text.length);
        size_t begin = text.length; /* back to the white space in front of the last word */
        while (begin > 0) {
            size_t n, at = begin - 1;
            while (at > 0 && (text.data[at] & 0xc0) == 0x80)
                at--;
            if (jinja_is_space(jinja_point(text.data + at, text.length - at, &n)))
                break;
            begin = at;
        }
        if (!push_piece(run, items, text.data + begin, text.data + text.length))
            return false;
        text = jinja_strip((struct slice){ text.data, begin }, false, true);
        left--;
    }
    return true;
}

static bool split_at_text(struct jinja_run *run, struct slice text, struct slice separator,
                          uint64_t left, struct jinja_items *items)
{
    for (; left > 0; left--) {
        const char *found = find_first(text, separator);
        if (!found)
            break;
        if (!push_piece(run, items, text.data, found))
            return false;
        size_t skip = (size_t)(found - text.data) + separator.length;
        text = (struct slice){ text.data + skip, text.length - skip };
    }
    return push_piece(run, items, text.data, text.data + text.length);
}

static bool split_at_text_from_end(struct jinja_run *run, struct slice text, struct slice separator,
                                   uint64_t left, struct jinja_items *items)
{
    for (; left > 0; left--) {
        const char *found;
        if (!find_last(run, text, separator, &found))
            return false;
        if (!found)
            break;
        if (!push_piece(run, items, found + separator.length, text.data + text.length))
            return false;
        text.length = (size_t)(found - text.data);
    }
    return push_piece(run, items, text.data, text.data + text.length);
}

static bool split(struct jinja_run *run, const struct jinja_call *call, bool from_end,
                  struct jinja_value *out)
{
    const struct jinja_value *a = call->arguments;
    struct slice text = jinja_slice(&call->self), separator = { NULL, 0 };
    struct jinja_items items = { 0 };
    int64_t most = -1;
    bool by_space = !jinja_is_given(&a[0]) || a[0].kind == JINJA_NONE;
    if ((!by_space && !jinja_text_argument(run, &a[0], "sep", &separator)) ||
        !jinja_integer_argument(run, &a[1], "maxsplit", &most) ||
        !jinja_spend(run, text.length / 16))
        return false;
    if (!by_space && separator.length == 0)
        return jinja_fail(run, "a text cannot be split at nothing");
    uint64_t left = most < 0 ? UINT64_MAX : (uint64_t)most;
    bool ok = by_space
                  ? (from_end ? split_at_space_from_end : split_at_space)(run, text, left, &items)
                  : (from_end ? split_at_text_from_end : split_at_text)(run, text, separator, left,
                                                                        &items);
    if (from_end)
        reverse(&items);
    return ok && jinja_new_list(run, JINJA_LIST, items.items, items.count, out);
}

METHOD(method_split)
{
    return split(run, call, false, out);
}

METHOD(method_rsplit)
{
    return split(run, call, true, out);
}

METHOD(method_splitlines)
{
    struct slice rest = jinja_slice(&call->self);
    struct jinja_items items = { 0 };
    bool keeps_ends = jinja_truth(&call->arguments[0]);
    if (!jinja_spend(run, rest.length / 8))
        return false;
    while (rest.length) {
        size_t end;
        struct slice line = jinja_next_line(&rest, &end);
        if (!push_piece(run, &items, line.data, line.data + line.length + (keeps_ends ? end : 0)))
            return false;
    }
    return jinja_new_list(run, JINJA_LIST, items.items, items.count, out);
}

static bool partition(struct jinja_run *run, const struct jinja_call *call, bool is_last,
                      struct jinja_value *out)
{
    struct slice text = jinja_slice(&call->self), part;
    struct jinja_items items = { 0 };
    const char *end = text.data + text.length, *found;
    if (!jinja_text_argument(run, &call->arguments[0], "sep", &part))
        return false;
    if (part.length == 0)
        return jinja_fail(run, "a text cannot be split at nothing");
    found = find_first(text, part);
    if (found && is_last && !find_last(run, text, part, &found))
        return false;
    const char *cuts[4] = { text.data, end, end, end };
    if (found) {
        cuts[1] = found;
        cuts[2] = found + part.length;
    } else if (is_last) {
        cuts[1] = cuts[2] = text.data;
    }
    for (size_t i = 0; i < 3; i++)
        if (!push_piece(run, &items, cuts[i], cuts[i + 1]))
            return false;
    return jinja_new_list(run, JINJA_TUPLE, items.items, items.count, out);
}

METHOD(method_partition)
{
    return partition(run, call, false, out);
}

METHOD(method_rpartition)
{
    return partition(run, call, true, out);
}

static const struct jinja_builtin rows[] = {
    { "split", method_split, 0, false, { "sep", "maxsplit" } },
    { "startswith", method_startswith, 1, false, { "prefix", "start", "end" } },
    { "endswith", method_endswith, 1, false, { "suffix", "start", "end" } },
    { "find", method_find, 1, false, { "sub", "start", "end" } },
    { "rfind", method_rfind, 1, false, { "sub", "start", "end" } },
    { "index", method_index, 1, false, { "sub", "start", "end" } },
    { "rindex", method_rindex, 1, false, { "sub", "start", "end" } },
    { "count", method_count, 1, false, { "sub", "start", "end" } },
    { "rsplit", method_rsplit, 0, false, { "sep", "maxsplit" } },
    { "splitlines", method_splitlines, 0, false, { "keepends" } },
    { "partition", method_partition, 1, false, { "sep" } },
    { "rpartition", method_rpartition, 1, false, { "sep" } },
};
const struct jinja_builtins jinja_string_search_methods = { rows, COUNT_OF(rows) };
