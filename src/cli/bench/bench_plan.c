#include "cli/bench/bench_plan.h"

#include "runtime/kv_cache.h"

#include <stdio.h>

static void fill_list(struct number_list *list, uint32_t usual)
{
    if (list->count == 0)
        list->items[list->count++] = usual;
}

/* "-p 0" and "-n 0" leave that kind out. */
static void drop_zeros(struct number_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i])
            list->items[kept++] = list->items[i];
    list->count = kept;
}

static bool read_kv_types(struct bench_plan *plan, struct error *err)
{
    const char *at = plan->kv_type_names ? plan->kv_type_names : kv_type_name(KV_AUTO);
    for (;; at++) {
        char name[40];
        size_t length = strcspn(at, ",");
        if (plan->n_kv_types == COUNT_OF(plan->kv_types))
            return fail(err, ERROR_USAGE, "--kv-cache-type has more than %zu names",
                        plan->n_kv_types);
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        if (!kv_type_from_name(name, &plan->kv_types[plan->n_kv_types++], err))
            return fail_while(err, "--kv-cache-type");
        at += length;
        if (!*at)
            return true;
    }
}

bool bench_plan_resolve(struct bench_plan *plan, struct error *err)
{
    fill_list(&plan->prompts, 512);
    fill_list(&plan->generations, 128);
    fill_list(&plan->depths, 0);
    fill_list(&plan->batches, 1);
    fill_list(&plan->threads, 0);
    drop_zeros(&plan->prompts);
    drop_zeros(&plan->generations);
    if (plan->prompts.count + plan->generations.count == 0)
        return fail(err, ERROR_USAGE, "nothing to measure: --prompt 0 and --generate 0");
    return read_kv_types(plan, err);
}

size_t bench_plan_count(const struct bench_plan *plan)
{
    return plan->prompts.count + plan->generations.count * plan->batches.count;
}

struct bench_test bench_plan_test(const struct bench_plan *plan, size_t d, size_t i)
{
    uint32_t depth = plan->depths.items[d];
    if (i < plan->prompts.count)
        return (struct bench_test){ BENCH_PROMPT, plan->prompts.items[i], 1, depth };
    i -= plan->prompts.count;
    size_t n_batches = plan->batches.count;
    return (struct bench_test){ BENCH_GENERATION, plan->generations.items[i / n_batches],
                                plan->batches.items[i % n_batches], depth };
}

uint32_t bench_plan_most_sequences(const struct bench_plan *plan)
{
    uint32_t most = 1;
    for (size_t i = 0; i < plan->batches.count && plan->generations.count; i++)
        most = plan->batches.items[i] > most ? plan->batches.items[i] : most;
    return most;
}

bool bench_plan_is_simple(const struct bench_plan *plan)
{
    return plan->prompts.count == 1 && plan->generations.count == 1 && plan->depths.count == 1 &&
           plan->depths.items[0] == 0 && plan->batches.count == 1 && plan->batches.items[0] == 1 &&
           plan->threads.count == 1 && plan->n_kv_types == 1;
}

bool bench_plan_fits(const struct bench_plan *plan, uint32_t n_ctx, struct error *err)
{
    for (size_t d = 0; d < plan->depths.count; d++)
        for (size_t i = 0; i < bench_plan_count(plan); i++) {
            struct bench_test test = bench_plan_test(plan, d, i);
            uint64_t needed = (uint64_t)test.depth + test.n_tokens;
            char name[64];
            if (needed > n_ctx)
                return fail(err, ERROR_CONTEXT,
                            "%s needs %" PRIu64 " tokens, the context holds %" PRIu32,
                            bench_test_name(name, &test), needed, n_ctx);
        }
    return true;
}

const char *bench_test_name(char *out, const struct bench_test *test)
{
    bool is_prompt = test->kind == BENCH_PROMPT;
    char batch[20] = "", depth[20] = "";
    if (test->n_sequences > 1)
        snprintf(batch, sizeof batch, " x%" PRIu32, test->n_sequences);
    if (test->depth)
        snprintf(depth, sizeof depth, " @ d%" PRIu32, test->depth);
    snprintf(out, 64, "%s%" PRIu32 "%s%s", is_prompt ? "pp" : "tg", test->n_tokens, batch, depth);
    return out;
}
