#include "cli/bench/bench_measure.h"

#include "base/clock.h"
#include "base/memory.h"
#include "cli/bench/bench_sample.h"
#include "cli/bench/bench_work.h"
#include "cli/output.h"
#include "cli/bench/process_memory.h"
#include "runtime/engine.h"
#include "runtime/sequence.h"

#include <math.h>
#include <stdio.h>

/* How often a measurement pauses for the gauge; how much of it runs once uncounted. */
enum { GAUGE_PERIOD_MS = 250, WARM_PROMPT = 256, WARM_GENERATION = 8 };

struct bench {
    const struct bench_plan *plan;
    const struct bench_setting *setting;
    struct bench_report *report;
    struct engine *engine;
    struct bench_gauge *gauge;
    struct bench_work work;
    uint32_t n_sequences;        /* as many as the largest batch */
    struct sequence **sequences; /* the first is filled, the others are copies of it */
    struct batch_item *items;
    token_id *next;                          /* [n_sequences] */
    struct bench_sample *samples;            /* [bench_plan_count][n_repetitions] */
    double load_ms, extra_bytes;             /* the most that was seen */
    uint64_t worked_ns, began_ns, gauged_ns; /* the stopwatch; when the gauge passed last */
};

static void stopwatch_start(struct bench *b)
{
    bench_gauge_zero(b->gauge);
    bench_gauge_pass(b->gauge, engine_kernels(b->engine));
    b->worked_ns = 0;
    b->began_ns = b->gauged_ns = clock_ns();
}

/* After each step: the watch stands while the gauge passes. */
static void stopwatch_lap(struct bench *b)
{
    uint64_t now = clock_ns();
    b->worked_ns += now - b->began_ns;
    if (now - b->gauged_ns > (uint64_t)GAUGE_PERIOD_MS * 1000000) {
        bench_gauge_pass(b->gauge, engine_kernels(b->engine));
        now = b->gauged_ns = clock_ns();
    }
    b->began_ns = now;
}

/* Tokens that a text could have, the same ones in every run; every position has its own. */
static token_id token_at(const struct bench *b, uint64_t position)
{
    uint64_t mixed = (position + 1) * 6364136223846793005u;
    mixed = (mixed ^ mixed >> 31) * 1442695040888963407u;
    return (token_id)((mixed >> 33) % (uint64_t)engine_config(b->engine)->n_vocab);
}

static token_id likeliest(const struct bench *b, const float *logits)
{
    float value;
    size_t n_vocab = (size_t)engine_config(b->engine)->n_vocab;
    return (token_id)engine_kernels(b->engine)->elementwise.argmax(logits, n_vocab, &value);
}

/* One step of the next tokens of the text, at most `n_left`; returns how many, 0 on failure. */
static uint32_t read_some(struct bench *b, uint32_t n_left, float **logits, struct error *err)
{
    token_id tokens[512];
    uint32_t most = (uint32_t)size_min(engine_max_batch_tokens(b->engine), COUNT_OF(tokens));
    uint32_t n = (uint32_t)size_min(n_left, most), length = sequence_length(b->sequences[0]);
    for (uint32_t i = 0; i < n; i++)
        tokens[i] = token_at(b, length + i);
    bool is_last = n == n_left && logits;
    return engine_prefill(b->engine, b->sequences[0], tokens, n, is_last ? logits : NULL, NULL, err)
               ? n
               : 0;
}

/* The first sequence as long as `depth`, by forgetting or reading on; the others as copies. */
static bool go_to_depth(struct bench *b, uint32_t depth, struct error *err)
{
    struct sequence *first = b->sequences[0];
    sequence_truncate(first, depth);
    while (sequence_length(first) < depth) {
        progress("reading up to depth %u: %u", depth, sequence_length(first));
        if (!read_some(b, depth - sequence_length(first), NULL, err))
            return false;
    }
    for (uint32_t i = 1; i < b->n_sequences; i++)
        if (!sequence_copy(b->sequences[i], first, err))
            return false;
    return true;
}

static bool measure_prompt(struct bench *b, uint32_t n_tokens, struct bench_sample *out,
                           struct error *err)
{
    float *logits = NULL;
    stopwatch_start(b);
    for (uint32_t left = n_tokens; left > 0;) {
        uint32_t n = read_some(b, left, &logits, err);
        if (n == 0)
            return false;
        left -= n;
        if (left == 0)
            b->next[0] = likeliest(b, logits);
        stopwatch_lap(b);
    }
    struct bench_limits limits = bench_gauge_limits(b->gauge);
    double seconds = (double)b->worked_ns / 1e9;
    double at_peak = bench_work_matmul_seconds(&b->work, n_tokens, 1, &limits);
    *out = (struct bench_sample){
        .tps = n_tokens / seconds,
        .ttft_ms = seconds * 1e3,
        .read_gbs = limits.read_bytes / 1e9,
        .read_share = NAN,
        .peak_gops = at_peak > 0 ? limits.integer_ops / 1e9 : NAN,
        .peak_share = at_peak > 0 ? at_peak / seconds : NAN,
    };
    return true;
}

static bool measure_generation(struct bench *b, const struct bench_test *test, uint32_t n_steps,
                               struct bench_sample *out, struct error *err)
{
    uint32_t n = test->n_sequences;
    double bytes = 0;
    for (uint32_t i = 0; i < n; i++)
        b->next[i] = token_at(b, ((uint64_t)i << 32) + test->depth);
    stopwatch_start(b);
    for (uint32_t step = 0; step < n_steps; step++) {
        for (uint32_t i = 0; i < n; i++)
            b->items[i] = (struct batch_item){
                .sequence = b->sequences[i],
                .tokens = &b->next[i],
                .n_tokens = 1,
                .wanted = LOGITS_LAST,
            };
        if (!engine_step(b->engine, b->items, n, err))
            return false;
        for (uint32_t i = 0; i < n; i++)
            b->next[i] = likeliest(b, b->items[i].logits);
        bytes += bench_work_step_bytes(&b->work, n, test->depth + step + 1);
        stopwatch_lap(b);
    }
    struct bench_limits limits = bench_gauge_limits(b->gauge);
    double seconds = (double)b->worked_ns / 1e9, n_tokens = (double)n * n_steps;
    double at_peak = bench_work_matmul_seconds(&b->work, n_tokens, n_tokens, &limits);
    *out = (struct bench_sample){
        .tps = n_tokens / seconds,
        .ttft_ms = NAN,
        .read_gbs = limits.read_bytes / 1e9,
        .read_share = bytes / limits.read_bytes / seconds,
        .peak_gops = at_peak > 0 ? limits.integer_ops / 1e9 : NAN,
        .peak_share = at_peak > 0 ? at_peak / seconds : NAN,
    };
    return true;
}

/* All of the pages beyond `depth`, so that what is resident of them is known. */
static void touch_pages(struct sequence *sequence, uint32_t depth)
{
    size_t page_bytes = kv_cache_page_bytes(sequence->cache);
    for (size_t i = depth / KV_PAGE_TOKENS; i < sequence->n_pages; i++)
        for (volatile uint8_t *p = sequence->pages[i]; p < sequence->pages[i] + page_bytes;
             p += 4096)
            *p = *p;
}

static double kv_bytes(const struct bench *b)
{
    struct engine_memory memory;
    engine_memory(b->engine, &memory);
    return (double)memory.kv_allocated_bytes;
}

/* Sequences back at the depth, and what memory they took on the way. */
static void rewind_sequences(struct bench *b, uint32_t depth, bool note_memory)
{
    for (uint32_t i = 0; i < b->n_sequences; i++)
        touch_pages(b->sequences[i], depth);
    if (note_memory)
        b->extra_bytes =
            fmax(b->extra_bytes, (double)process_memory_anonymous_bytes() - kv_bytes(b) -
                                     (double)bench_gauge_bytes(b->gauge));
    for (uint32_t i = 0; i < b->n_sequences; i++)
        sequence_truncate(b->sequences[i], depth);
}

static bool measure_once(struct bench *b, const struct bench_test *test, bool is_warm_up,
                         struct bench_sample *out, struct error *err)
{
    uint32_t most = !is_warm_up                  ? UINT32_MAX
                    : test->kind == BENCH_PROMPT ? WARM_PROMPT
                                                 : WARM_GENERATION;
    uint32_t n = (uint32_t)size_min(test->n_tokens, most);
    bool ok = test->kind == BENCH_PROMPT ? measure_prompt(b, n, out, err)
                                         : measure_generation(b, test, n, out, err);
    rewind_sequences(b, test->depth, true);
    return ok;
}

static bool report_test(struct bench *b, const struct bench_test *test,
                        const struct bench_sample *samples, size_t n, struct error *err)
{
    struct bench_row row = {
        .model = b->setting->path,
        .cpu = cpu_features_name(engine_kernels(b->engine)->features),
        .kv_type = kv_type_name(engine_kv_type(b->engine)),
        .test = *test,
        .n_threads = (double)engine_n_threads(b->engine),
        .load_ms = b->load_ms,
        .peak_bytes = (double)process_memory_peak_bytes() - (double)bench_gauge_bytes(b->gauge),
        .kv_bytes = kv_bytes(b),
        .extra_bytes = b->extra_bytes,
    };
    bench_test_name(row.name, test);
    bench_samples_summarize(samples, n, &row);
    return bench_report_row(b->report, &row, err);
}

/* Until whoever started this says so with a line. */
static bool wait_for_turn(const struct bench *b, struct error *err)
{
    int c = 0;
    while (b->plan->is_paced && c != '\n')
        if ((c = getchar()) == EOF)
            return fail(err, ERROR_CANCELLED, "standard input ended before the last measurement");
    return true;
}

/* Ready at the d-th depth, each measurement warmed up. */
static bool prepare_depth(struct bench *b, size_t d, struct error *err)
{
    uint32_t depth = b->plan->depths.items[d];
    struct bench_sample ignored;
    if (!wait_for_turn(b, err) || !go_to_depth(b, depth, err))
        return false;
    for (size_t i = 0; i < bench_plan_count(b->plan); i++) {
        struct bench_test test = bench_plan_test(b->plan, d, i);
        char name[64];
        progress("%s, warming up", bench_test_name(name, &test));
        if (!measure_once(b, &test, true, &ignored, err))
            return false;
    }
    return !b->plan->is_paced || bench_report_ready(b->report, depth, err);
}

/* One repetition of each measurement. */
static bool measure_round(struct bench *b, size_t d, uint32_t round, struct error *err)
{
    uint32_t n = b->plan->n_repetitions;
    for (size_t i = 0; i < bench_plan_count(b->plan); i++) {
        struct bench_test test = bench_plan_test(b->plan, d, i);
        struct bench_sample *sample = &b->samples[i * n + round];
        char name[64];
        progress("%s, %u of %u", bench_test_name(name, &test), round + 1, n);
        if (!wait_for_turn(b, err) || !measure_once(b, &test, false, sample, err) ||
            (b->plan->is_paced && !report_test(b, &test, sample, 1, err)))
            return false;
    }
    return true;
}

static bool measure_depth(struct bench *b, size_t d, struct error *err)
{
    uint32_t n = b->plan->n_repetitions;
    if (!prepare_depth(b, d, err))
        return false;
    for (uint32_t round = 0; round < n; round++)
        if (!measure_round(b, d, round, err))
            return false;
    for (size_t i = 0; i < bench_plan_count(b->plan) && !b->plan->is_paced; i++) {
        struct bench_test test = bench_plan_test(b->plan, d, i);
        if (!report_test(b, &test, &b->samples[i * n], n, err))
            return false;
    }
    return true;
}

static bool measure_depths(struct bench *b, struct error *err)
{
    for (size_t d = 0; d < b->plan->depths.count; d++)
        if (!measure_depth(b, d, err))
            return false;
    return true;
}

static bool open_sequences(struct bench *b, struct error *err)
{
    size_t n = b->n_sequences;
    b->sequences = memory_zeroed(n, sizeof *b->sequences);
    b->items = memory_zeroed(n, sizeof *b->items);
    b->next = memory_zeroed(n, sizeof *b->next);
    b->samples =
        memory_zeroed(bench_plan_count(b->plan) * b->plan->n_repetitions, sizeof *b->samples);
    if (!b->sequences || !b->items || !b->next || !b->samples)
        return fail_memory(err, n * sizeof *b->items, "a benchmark");
    for (size_t i = 0; i < n; i++)
        if (!sequence_open(&b->sequences[i], b->engine, err))
            return false;
    b->work = bench_work_of(b->engine,
                            (double)kv_cache_page_bytes(b->sequences[0]->cache) / KV_PAGE_TOKENS);
    return true;
}

static void release(struct bench *b)
{
    for (size_t i = 0; b->sequences && i < b->n_sequences; i++)
        sequence_close(&b->sequences[i]);
    memory_free(b->sequences);
    memory_free(b->items);
    memory_free(b->next);
    memory_free(b->samples);
    engine_close(&b->engine);
    bench_gauge_close(&b->gauge);
}

bool bench_check(const struct bench_plan *plan, const char *path, struct error *err)
{
    struct engine *engine = NULL;
    struct engine_options options = engine_defaults_for(bench_plan_most_sequences(plan));
    if (!engine_open(&engine, path, &options, err))
        return false;
    uint32_t n_ctx = engine_n_ctx(engine);
    engine_close(&engine);
    return bench_plan_fits(plan, n_ctx, err) || fail_while(err, "'%s'", path);
}

bool bench_measure(const struct bench_plan *plan, const struct bench_setting *setting,
                   struct bench_report *report, struct error *err)
{
    struct bench b = {
        .plan = plan,
        .setting = setting,
        .report = report,
        .n_sequences = bench_plan_most_sequences(plan),
    };
    struct engine_options options = engine_defaults_for(bench_plan_most_sequences(plan));
    options.n_threads = setting->n_threads;
    options.kv_type = setting->kv_type;
    bool ok = bench_gauge_open(&b.gauge, setting->n_threads, err);
    process_memory_reset_peak();
    ok = ok && engine_open(&b.engine, setting->path, &options, err);
    if (ok)
        b.load_ms = (double)engine_load_ns(b.engine) / 1e6;
    ok = ok && open_sequences(&b, err) && measure_depths(&b, err);
    progress_clear();
    release(&b);
    return ok;
}
