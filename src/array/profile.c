#include "array/profile.h"

#include "array/phases.h"
#include "base/clock.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

struct profile_counter {
    uint64_t calls, ns;
};

struct profile {
    size_t n_threads, n_rows;
    struct profile_row *rows;         /* [n_rows] names */
    struct profile_row *sorted;       /* [n_rows] the last report */
    struct profile_counter *counters; /* [n_threads][n_rows rounded up to cache lines] */
    size_t stride;
    uint64_t n_runs, run_ns, began_ns;
};

static void name_row(struct profile_row *row, const struct operation *operation)
{
    const struct array *node = operation->node, *weight = node->inputs[1];
    row->kind = operation->op == OP_LINEAR      ? PROFILE_MATRIX
                : operation->op == OP_ATTENTION ? PROFILE_ATTENTION
                                                : PROFILE_ROW;
    if (operation->op == OP_LINEAR)
        snprintf(row->name, sizeof row->name, "linear %zu -> %zu %s", weight->width, node->width,
                 dtype_name(weight->of.type));
    else if (node->width == 0) /* only an effect */
        snprintf(row->name, sizeof row->name, "%s", op_name(operation->op));
    else
        snprintf(row->name, sizeof row->name, "%s %zu", op_name(operation->op), node->width);
}

/* The number of the row with this name, which may be new. */
static size_t number_of(struct profile *profile, const struct operation *operation)
{
    struct profile_row *fresh = &profile->rows[profile->n_rows];
    name_row(fresh, operation);
    size_t i = PROFILE_EXTRAS;
    while (strcmp(profile->rows[i].name, fresh->name) != 0)
        i++;
    profile->n_rows += i == profile->n_rows;
    return i;
}

static bool number_operations(struct profile *profile, struct plan *plan)
{
    size_t n_operations = 0;
    for (size_t p = 0; p < plan->n_phases; p++)
        n_operations += plan->phases[p].n_operations;
    profile->rows = memory_zeroed(PROFILE_EXTRAS + n_operations + 1, sizeof *profile->rows);
    profile->sorted = memory_zeroed(PROFILE_EXTRAS + n_operations + 1, sizeof *profile->sorted);
    if (!profile->rows || !profile->sorted)
        return false;
    static const char *const names[PROFILE_EXTRAS] = {
        [PROFILE_STARTING] = "starting threads",
        [PROFILE_WAITING + PHASE_ROWS] = "waiting after rows",
        [PROFILE_WAITING + PHASE_LINEAR] = "waiting after matmul",
        [PROFILE_WAITING + PHASE_ATTENTION] = "waiting after attention",
    };
    for (size_t i = 0; i < PROFILE_EXTRAS; i++) {
        profile->rows[i].kind = PROFILE_NO_KERNEL;
        strcpy(profile->rows[i].name, names[i]);
    }
    profile->n_rows = PROFILE_EXTRAS;
    for (size_t p = 0; p < plan->n_phases; p++)
        for (size_t o = 0; o < plan->phases[p].n_operations; o++) {
            struct operation *operation = &plan->phases[p].operations[o];
            operation->profile_row = number_of(profile, operation);
        }
    return true;
}

bool profile_open(struct profile **out, struct plan *plan, struct error *err)
{
    *out = NULL;
    struct profile *profile = memory_zeroed(1, sizeof *profile);
    if (!profile)
        return fail_memory(err, sizeof *profile, "a profile");
    profile->n_threads = thread_pool_size(plan->pool);
    if (number_operations(profile, plan)) {
        profile->stride = align_up(profile->n_rows, 8); /* threads share no cache line */
        profile->counters =
            memory_aligned(profile->n_threads * profile->stride * sizeof *profile->counters);
    }
    if (!profile->counters) {
        profile_close(&profile);
        return fail_memory(err, sizeof *profile, "a profile");
    }
    profile_clear(profile);
    *out = profile;
    return true;
}

void profile_close(struct profile **profile)
{
    if (!*profile)
        return;
    memory_free((*profile)->counters);
    memory_free((*profile)->sorted);
    memory_free((*profile)->rows);
    memory_free(*profile);
    *profile = NULL;
}

void profile_clear(struct profile *profile)
{
    memset(profile->counters, 0, profile->n_threads * profile->stride * sizeof *profile->counters);
    profile->n_runs = profile->run_ns = 0;
}

static int longest_first(const void *a, const void *b)
{
    const struct profile_row *x = a, *y = b;
    return (x->ns < y->ns) - (x->ns > y->ns);
}

void profile_report(struct profile *profile, struct profile_report *out)
{
    uint64_t noted = 0;
    for (size_t r = 0; r < profile->n_rows; r++) {
        struct profile_row *row = &profile->sorted[r];
        *row = profile->rows[r];
        for (size_t t = 0; t < profile->n_threads; t++) {
            row->calls += profile->counters[t * profile->stride + r].calls;
            row->ns += profile->counters[t * profile->stride + r].ns;
        }
        noted += row->ns;
    }
    /* What a thread did not note of a run, it spent before or after its part of it. */
    struct profile_row *starting = &profile->sorted[PROFILE_STARTING];
    starting->ns = profile->run_ns * profile->n_threads;
    starting->ns -= size_min(noted, starting->ns);
    starting->calls = profile->n_runs;
    qsort(profile->sorted, profile->n_rows, sizeof *profile->sorted, longest_first);
    *out = (struct profile_report){ profile->n_runs, profile->run_ns, profile->n_threads,
                                    profile->sorted, profile->n_rows };
}

struct profile_watch profile_watch(struct profile *profile, size_t thread)
{
    if (!profile)
        return (struct profile_watch){ 0 };
    return (struct profile_watch){ profile->counters + thread * profile->stride, clock_ns() };
}

void profile_note(struct profile_watch *watch, size_t row)
{
    if (!watch->counters)
        return;
    uint64_t now = clock_ns();
    watch->counters[row].ns += now - watch->last_ns;
    watch->counters[row].calls++;
    watch->last_ns = now;
}

void profile_run_begins(struct profile *profile)
{
    if (profile)
        profile->began_ns = clock_ns();
}

void profile_run_ends(struct profile *profile)
{
    if (!profile)
        return;
    profile->run_ns += clock_ns() - profile->began_ns;
    profile->n_runs++;
}
