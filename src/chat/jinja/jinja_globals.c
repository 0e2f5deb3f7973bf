#include "chat/jinja/jinja_globals.h"

#include "chat/jinja/jinja_compare.h"
#include "chat/jinja/jinja_dict.h"
#include "chat/jinja/jinja_evaluate.h"
#include "chat/jinja/jinja_iterate.h"
#include "chat/jinja/jinja_loop.h"
#include "chat/jinja/jinja_print.h"
#include "chat/jinja/jinja_undefined.h"

#include <time.h>

/* As the reference's sandbox has it. */
enum { LONGEST_RANGE = 100000 };

static bool whole_number(struct jinja_run *run, const struct jinja_value *v, int64_t *out)
{
    if (v->kind == JINJA_UNDEFINED)
        return jinja_fail_undefined(run, v);
    if (v->kind != JINJA_INTEGER && v->kind != JINJA_BOOL)
        return jinja_fail(run, "range needs whole numbers, not a %s", jinja_type_name(v));
    *out = jinja_int64(v);
    return true;
}

static bool call_range(struct jinja_run *run, const struct jinja_call *call,
                       struct jinja_value *out)
{
    int64_t numbers[3] = { 0, 0, 1 };
    size_t n = call->count;
    if (n < 1 || n > 3 || call->n_keywords)
        return jinja_fail(run, "range takes one to three arguments, not %zu", n);
    for (size_t i = 0; i < n; i++)
        if (!whole_number(run, &call->arguments[i], &numbers[n == 1 ? 1 : i]))
            return false;
    int64_t start = numbers[0], stop = numbers[1], step = numbers[2];
    if (step == 0)
        return jinja_fail(run, "the step of a range is 0");
    uint64_t distance = 0, stride = step < 0 ? 0 - (uint64_t)step : (uint64_t)step;
    if (step > 0 ? start < stop : start > stop)
        distance = step > 0 ? (uint64_t)stop - (uint64_t)start : (uint64_t)start - (uint64_t)stop;
    uint64_t count = distance ? (distance - 1) / stride + 1 : 0;
    if (count > LONGEST_RANGE)
        return jinja_fail(run, "a range has more than %d elements", LONGEST_RANGE);
    struct jinja_range *range = jinja_alloc(run, 1, sizeof *range);
    if (!range)
        return false;
    *range = (struct jinja_range){ start, stop, step, (int64_t)count };
    *out = (struct jinja_value){ .kind = JINJA_RANGE, .range = range };
    return true;
}

static bool put_pairs(struct jinja_run *run, struct jinja_dict *dict,
                      const struct jinja_value *source)
{
    struct jinja_iterator *it;
    struct jinja_value item, pair;
    struct jinja_value view = *source;
    if (source->kind == JINJA_DICT) {
        view.kind = JINJA_VIEW;
        view.detail = JINJA_ITEMS;
    }
    if (!jinja_iterate(run, &view, &it))
        return false;
    for (;;) {
        if (!jinja_next(run, it, &item))
            return false;
        if (!jinja_is_given(&item))
            return true;
        if (!jinja_to_list(run, &item, JINJA_TUPLE, &pair))
            return false;
        if (pair.list->count != 2)
            return jinja_fail(run, "a dict is made of pairs, and one has %zu elements",
                              pair.list->count);
        if (!jinja_put(run, dict, &pair.list->items[0], &pair.list->items[1]))
            return false;
    }
}

static struct jinja_dict *make_dict(struct jinja_run *run, const struct jinja_call *call)
{
    struct jinja_dict *dict = jinja_new_dict(run, call->n_keywords);
    if (!dict)
        return NULL;
    if (call->count > 1) {
        jinja_fail(run, "a dict is made of one argument and keywords");
        return NULL;
    }
    if (call->count == 1 && !put_pairs(run, dict, &call->arguments[0]))
        return NULL;
    for (size_t i = 0; i < call->n_keywords; i++)
        if (!jinja_put(run, dict, &call->keywords[i].name, &call->keywords[i].value))
            return NULL;
    return dict;
}

static bool call_dict(struct jinja_run *run, const struct jinja_call *call, struct jinja_value *out)
{
    *out = jinja_dict_value(make_dict(run, call));
    return out->dict != NULL;
}

static bool call_namespace(struct jinja_run *run, const struct jinja_call *call,
                           struct jinja_value *out)
{
    *out = (struct jinja_value){ .kind = JINJA_NAMESPACE, .dict = make_dict(run, call) };
    return out->dict != NULL;
}

static bool call_cycler(struct jinja_run *run, const struct jinja_call *call,
                        struct jinja_value *out)
{
    struct jinja_value list;
    struct jinja_items items = { 0 };
    if (call->count == 0 || call->n_keywords)
        return jinja_fail(run, "a cycler needs something to go through");
    for (size_t i = 0; i < call->count; i++)
        if (!jinja_push(run, &items, &call->arguments[i]))
            return false;
    struct jinja_cycler *cycler = jinja_alloc(run, 1, sizeof *cycler);
    if (!cycler || !jinja_new_list(run, JINJA_LIST, items.items, items.count, &list))
        return false;
    cycler->items = list.list;
    *out = (struct jinja_value){ .kind = JINJA_CYCLER, .cycler = cycler };
    return true;
}

static bool cycler_next(struct jinja_run *run, const struct jinja_call *call,
                        struct jinja_value *out)
{
    struct jinja_cycler *cycler = call->self.cycler;
    (void)run;
    *out = cycler->items->items[cycler->position];
    cycler->position = (cycler->position + 1) % cycler->items->count;
    return true;
}

static bool cycler_reset(struct jinja_run *run, const struct jinja_call *call,
                         struct jinja_value *out)
{
    (void)run;
    call->self.cycler->position = 0;
    *out = jinja_none();
    return true;
}

struct joiner_state {
    bool was_used; /* first: a value points at it */
    struct jinja_value separator;
};

static bool call_joiner(struct jinja_run *run, const struct jinja_call *call,
                        struct jinja_value *out)
{
    struct joiner_state *state = jinja_alloc(run, 1, sizeof *state);
    if (!state)
        return false;
    state->separator = call->arguments[0];
    if (!jinja_is_given(&state->separator) &&
        !jinja_view_string(run, slice_of(", "), &state->separator))
        return false;
    *out = (struct jinja_value){ .kind = JINJA_JOINER, .joiner = &state->was_used };
    return true;
}

bool jinja_call_joiner(struct jinja_run *run, const struct jinja_value *joiner,
                       const struct jinja_call *call, struct jinja_value *out)
{
    struct joiner_state *state = (struct joiner_state *)joiner->joiner;
    if (call->count || call->n_keywords)
        return jinja_fail(run, "a joiner takes no arguments");
    *out = state->separator;
    if (!state->was_used && !jinja_view_string(run, slice_of(""), out))
        return false;
    state->was_used = true;
    return true;
}

static bool call_raise_exception(struct jinja_run *run, const struct jinja_call *call,
                                 struct jinja_value *out)
{
    struct jinja_value message;
    (void)out;
    if (!jinja_to_string(run, &call->arguments[0], &message))
        return false;
    struct slice text = jinja_slice(&message);
    size_t length = text.length; /* a message that is cut stays UTF-8 */
    while (length > sizeof run->error->message - 1 ||
           (length < text.length && length > 0 && (text.data[length] & 0xc0) == 0x80))
        length = size_min(length - 1, sizeof run->error->message - 1);
    return fail(run->error, ERROR_USAGE, "%.*s", (int)length, text.data);
}

/* One directive of strftime, in the C locale, which is what hearth runs in. */
static bool write_time(struct jinja_run *run, const struct tm *now, const char *directive)
{
    char buffer[200];
    size_t n = strftime(buffer, sizeof buffer, directive, now);
    return jinja_write(run, (struct slice){ buffer, n });
}

static bool call_strftime_now(struct jinja_run *run, const struct jinja_call *call,
                              struct jinja_value *out)
{
    struct tm now;
    time_t seconds = (time_t)run->now;
    size_t mark = jinja_mark(run);
    if (call->arguments[0].kind != JINJA_STRING)
        return jinja_fail(run, "strftime_now needs a str");
    struct slice format = jinja_slice(&call->arguments[0]);
    if (!gmtime_r(&seconds, &now))
        return jinja_fail(run, "the time %" PRId64 " has no date", run->now);
    bool ok = true;
    for (size_t i = 0; ok && i < format.length; i++) {
        char directive[5] = "%", c = format.data[i];
        size_t n = 1;
        if (c != '%') {
            ok = jinja_write_byte(run, c);
            continue;
        }
        if (i + 1 < format.length && memchr("-_0^#", format.data[i + 1], 5))
            directive[n++] = format.data[++i];
        if (i + 1 == format.length || (unsigned char)format.data[i + 1] >= 0x80) {
            ok = jinja_write_text(run, directive);
            continue;
        }
        directive[n++] = format.data[++i];
        /* What Python fills in by itself: microseconds, and a zone that is not known. */
        if (directive[n - 1] == 'f')
            ok = jinja_write_text(run, "000000");
        else if (directive[n - 1] != 'z' && directive[n - 1] != 'Z')
            ok = jinja_spend(run, 4) && write_time(run, &now, directive);
    }
    return ok && jinja_take(run, mark, out);
}

static bool call_block(struct jinja_run *run, const struct jinja_call *call,
                       struct jinja_value *out)
{
    const struct jinja_template *t = run->template;
    enum jinja_flow flow = JINJA_GOES_ON;
    for (size_t i = 0; i < t->n_blocks; i++)
        if (slice_equal(t->blocks[i].name, jinja_slice(&call->self))) {
            const struct jinja_node *node = t->blocks[i].node;
            return jinja_capture(run, &node->block.body, NULL, node->block.n_names, &flow, out);
        }
    return jinja_fail(run, "there is no such block");
}

bool jinja_block_attribute(struct jinja_run *run, const struct jinja_value *name,
                           struct jinja_value *out)
{
    static const struct jinja_builtin row = { "block", call_block, 0, false, { NULL } };
    const struct jinja_template *t = run->template;
    for (size_t i = 0; i < t->n_blocks; i++)
        if (slice_equal(t->blocks[i].name, jinja_slice(name))) {
            struct jinja_method *method = jinja_alloc(run, 1, sizeof *method);
            if (!method)
                return false;
            *method = (struct jinja_method){ *name, &row };
            *out = (struct jinja_value){ .kind = JINJA_METHOD, .method = method };
        }
    return jinja_spend(run, t->n_blocks);
}

static bool loop_cycle(struct jinja_run *run, const struct jinja_call *call,
                       struct jinja_value *out)
{
    if (call->count == 0)
        return jinja_fail(run, "loop.cycle needs something to go through");
    *out = call->arguments[(size_t)call->self.loop->index0 % call->count];
    return true;
}

static bool loop_changed(struct jinja_run *run, const struct jinja_call *call,
                         struct jinja_value *out)
{
    struct jinja_loop *loop = call->self.loop;
    struct jinja_value *items = jinja_alloc(run, call->count, sizeof *items), now;
    if (!items)
        return false;
    for (size_t i = 0; i < call->count; i++)
        items[i] = call->arguments[i];
    bool equal = false;
    if (!jinja_new_list(run, JINJA_TUPLE, items, call->count, &now) ||
        (jinja_is_given(&loop->changed) && !jinja_equal(run, &loop->changed, &now, &equal)))
        return false;
    if (!equal)
        loop->changed = now;
    *out = jinja_bool(!equal);
    return true;
}

static const struct jinja_builtin global_rows[] = {
    { "range", call_range, 0, true, { NULL } },
    { "dict", call_dict, 0, true, { NULL } },
    { "namespace", call_namespace, 0, true, { NULL } },
    { "cycler", call_cycler, 0, true, { NULL } },
    { "joiner", call_joiner, 0, false, { "sep" } },
    { "raise_exception", call_raise_exception, 1, false, { "message" } },
    { "strftime_now", call_strftime_now, 1, false, { "format" } },
};
const struct jinja_builtins jinja_globals = { global_rows, COUNT_OF(global_rows) };

static const struct jinja_builtin loop_rows[] = {
    { "cycle", loop_cycle, 0, true, { NULL } },
    { "changed", loop_changed, 0, true, { NULL } },
};
const struct jinja_builtins jinja_loop_methods = { loop_rows, COUNT_OF(loop_rows) };

static const struct jinja_builtin cycler_rows[] = {
    { "next", cycler_next, 0, false, { NULL } },
    { "reset", cycler_reset, 0, false, { NULL } },
};
const struct jinja_builtins jinja_cycler_methods = { cycler_rows, COUNT_OF(cycler_rows) };
