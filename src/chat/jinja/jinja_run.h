/* jinja_run.h: one piece of work on a template, with everything that bounds it.
 *
 * Owns the counters of steps, depth and memory, the text that is being written, and the error. The
 * compiler has one, too, for its constants. Leaves meaning to others. Every function here and
 * around that returns bool has said why in the run's error when it returns false. One thread. */
#ifndef JINJA_RUN_H
#define JINJA_RUN_H

#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "chat/jinja.h"
#include "chat/jinja/jinja_value.h"

struct jinja_run {
    struct jinja_limits limits;
    uint64_t steps_left;
    uint32_t depth;
    uint32_t line; /* what is being worked on */
    int64_t now;
    struct arena *arena;
    struct text *out;    /* the output; what is captured stands behind it for a while */
    size_t out_start;    /* what the caller had there before */
    struct error *error; /* the caller's */

    const struct jinja_template *template;
    struct jinja_value *globals; /* by symbol; missing where there is none */
    struct jinja_scope *scope;   /* innermost; NULL: only the globals */
    struct jinja_value captured; /* what a filter or set block hands to its filters */
};

/* Take `n` steps. */
bool jinja_out_of_steps(struct jinja_run *run);
static inline bool jinja_spend(struct jinja_run *run, uint64_t n)
{
    if (n > run->steps_left)
        return jinja_out_of_steps(run);
    run->steps_left -= n;
    return true;
}

/* The steps of touching so many bytes. */
static inline bool jinja_spend_bytes(struct jinja_run *run, size_t n)
{
    return jinja_spend(run, n / 32);
}

/* One level deeper, for whatever calls itself; undone by jinja_leave. */
bool jinja_too_deep(struct jinja_run *run);
static inline bool jinja_enter(struct jinja_run *run)
{
    return ++run->depth <= run->limits.depth || jinja_too_deep(run);
}

static inline void jinja_leave(struct jinja_run *run)
{
    run->depth--;
}

/* Record what is wrong with the template; always false. */
bool jinja_fail(struct jinja_run *run, const char *format, ...) PRINTF_LIKE(2, 3);

/* Zeroed memory for the rest of the run; NULL with the error set. */
void *jinja_alloc(struct jinja_run *run, size_t count, size_t size) MUST_CHECK;

/* Strings: a copy of the bytes; one that borrows them; one that is `detail` 1, safe markup. */
bool jinja_new_string(struct jinja_run *run, struct slice bytes,
                      struct jinja_value *out) MUST_CHECK;
bool jinja_view_string(struct jinja_run *run, struct slice bytes,
                       struct jinja_value *out) MUST_CHECK;

/* a + b; grows `a` in place where that is possible. */
bool jinja_join_strings(struct jinja_run *run, const struct jinja_value *a,
                        const struct jinja_value *b, struct jinja_value *out) MUST_CHECK;

/* A list or tuple of items that nobody will change: allocated by jinja_alloc, or borrowed. */
bool jinja_new_list(struct jinja_run *run, enum jinja_kind kind, const struct jinja_value *items,
                    size_t count, struct jinja_value *out) MUST_CHECK;
bool jinja_new_pair(struct jinja_run *run, const struct jinja_value *first,
                    const struct jinja_value *second, struct jinja_value *out) MUST_CHECK;
bool jinja_join_lists(struct jinja_run *run, const struct jinja_value *a,
                      const struct jinja_value *b, struct jinja_value *out) MUST_CHECK;

/* A list that grows. */
struct jinja_items {
    struct jinja_value *items;
    size_t count, capacity;
};
bool jinja_push(struct jinja_run *run, struct jinja_items *items,
                const struct jinja_value *value) MUST_CHECK;

/* Writing: everything goes to the end of the output. What shall become a value is written between
 * jinja_mark and jinja_take, which moves it from there into a string. */
static inline size_t jinja_mark(const struct jinja_run *run)
{
    return run->out->length;
}
bool jinja_take(struct jinja_run *run, size_t mark, struct jinja_value *out) MUST_CHECK;
bool jinja_write(struct jinja_run *run, struct slice bytes) MUST_CHECK;
bool jinja_write_byte(struct jinja_run *run, char byte) MUST_CHECK;
bool jinja_write_point(struct jinja_run *run, uint32_t code_point) MUST_CHECK;
bool jinja_write_times(struct jinja_run *run, struct slice bytes, uint64_t times) MUST_CHECK;
static inline bool jinja_write_text(struct jinja_run *run, const char *text)
{
    return jinja_write(run, slice_of(text));
}

#endif
