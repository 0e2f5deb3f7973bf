#include "test.h"

#include "array/profile.h"
#include "base/memory.h"
#include "runtime/engine.h"
#include "runtime/sequence.h"
#include "tiny_model.h"

#include <math.h>

/* With keys and values in float32 too nothing is rounded below it; in f16 they carry 11 bits;
 * quantized weights round activations to 8 bits per 32 values. */
static const double FLOAT_ERROR = 1e-5, HALF_KV_ERROR = 2e-3, QUANTIZED_ERROR = 5e-2;

enum { PROMPT = 100 };

static void fill_prompt(token_id *tokens, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i++)
        tokens[i] = (token_id)((i * i * 31 + i * 7 + seed * 13) % 97);
}

static struct engine *open_engine_kv(const char *path, size_t n_threads, unsigned features,
                                     enum kv_type kv_type)
{
    struct engine *engine;
    struct error err = { 0 };
    struct engine_options options = engine_defaults();
    options.n_threads = n_threads;
    options.cpu_features = features;
    options.kv_budget_bytes = 64 << 20;
    options.kv_type = kv_type;
    assert_ok(engine_open(&engine, path, &options, &err), err);
    return engine;
}

static struct engine *open_engine(const char *path, size_t n_threads, unsigned features)
{
    return open_engine_kv(path, n_threads, features, KV_F16);
}

static struct sequence *open_sequence(struct engine *engine)
{
    struct sequence *sequence;
    struct error err = { 0 };
    assert_ok(sequence_open(&sequence, engine, &err), err);
    return sequence;
}

/* Feed tokens in chunks; the logits of the last one are copied to `out`. */
static void run_chunks(struct engine *engine, struct sequence *sequence, const token_id *tokens,
                       size_t n, size_t chunk, float *out)
{
    size_t n_vocab = (size_t)engine_config(engine)->n_vocab;
    for (size_t done = 0; done < n; done += chunk) {
        struct error err = { 0 };
        struct batch_item item = { .sequence = sequence,
                                   .tokens = tokens + done,
                                   .n_tokens = (uint32_t)size_min(chunk, n - done),
                                   .wanted = LOGITS_LAST };
        assert_ok(engine_step(engine, &item, 1, &err), err);
        memcpy(out, item.logits, n_vocab * sizeof *out);
    }
}

static void check_kv_against_doubles(const struct tiny_options *options, enum kv_type kv_type,
                                     double allowed)
{
    struct tiny_model *model;
    struct error err = { 0 };
    assert_ok(tiny_model_new(&model, options, &err), err);
    struct engine *engine = open_engine_kv(tiny_model_path(model), 0, ~0u, kv_type);
    struct sequence *sequence = open_sequence(engine);
    token_id tokens[PROMPT];
    float got[97];
    double want[97];
    fill_prompt(tokens, PROMPT, options->seed);
    run_chunks(engine, sequence, tokens, PROMPT, PROMPT, got);
    tiny_model_logits(model, tokens, PROMPT, want);
    double difference = relative_error(got, want, options->n_vocab);
    if (!(difference <= allowed))
        fail_msg("%s %s: relative error %g, allowed %g", options->architecture,
                 dtype_name(options->type), difference, allowed);
    sequence_close(&sequence);
    engine_close(&engine);
    tiny_model_free(&model);
}

static void check_against_doubles(const struct tiny_options *options, double allowed)
{
    check_kv_against_doubles(options, KV_F32, allowed);
    check_kv_against_doubles(options, KV_F16, allowed > HALF_KV_ERROR ? allowed : HALF_KV_ERROR);
}

TEST(engine_agrees_with_doubles_for_every_family)
{
    static const char *const families[] = { "llama", "qwen2", "qwen3" };
    for (size_t i = 0; i < COUNT_OF(families); i++) {
        struct tiny_options options = tiny_defaults();
        options.architecture = families[i];
        check_against_doubles(&options, FLOAT_ERROR);
    }
}

TEST(engine_agrees_with_doubles_for_every_type)
{
    for (enum dtype type = 0; type < DTYPE_COUNT; type++) {
        struct tiny_options options = tiny_defaults();
        options.type = type;
        options.n_embd = options.n_ff = 256;
        options.n_heads = 8;
        options.head_dim = 32;
        check_against_doubles(&options, dtype_is_quantized(type) ? QUANTIZED_ERROR : FLOAT_ERROR);
    }
}

TEST(engine_agrees_with_doubles_however_keys_are_stored)
{
    /* 8 bits of a number, or of the largest in a block of 32 */
    const double allowed[KV_TYPES] = { [KV_F16] = HALF_KV_ERROR,
                                       [KV_BF16] = 16 * HALF_KV_ERROR,
                                       [KV_F32] = 1e-5,
                                       [KV_Q8_0] = 16 * HALF_KV_ERROR };
    struct tiny_options options = tiny_defaults();
    options.head_dim = 32;
    for (enum kv_type type = 0; type < KV_TYPES; type++)
        check_kv_against_doubles(&options, type, allowed[type]);
}

TEST(heads_that_q8_0_cannot_hold_are_refused_with_both_numbers)
{
    struct tiny_options options = tiny_defaults();
    options.head_dim = 24;
    struct tiny_model *model;
    struct error err = { 0 };
    assert_ok(tiny_model_new(&model, &options, &err), err);
    struct engine_options with_q8_0 = engine_defaults();
    with_q8_0.kv_type = KV_Q8_0;
    struct engine *engine;
    assert_false(engine_open(&engine, tiny_model_path(model), &with_q8_0, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.message, "32"));
    assert_non_null(strstr(err.message, "24"));
    tiny_model_free(&model);
}

TEST(engine_agrees_with_doubles_for_odd_shapes)
{
    struct tiny_options options = tiny_defaults();
    options.n_embd = 40;
    options.n_ff = 52;
    options.n_heads = 3;
    options.n_kv_heads = 1;
    options.head_dim = 24;
    options.n_vocab = 61 + 36;
    options.tied = true;
    check_against_doubles(&options, FLOAT_ERROR);
}

TEST(engine_agrees_with_doubles_with_a_sliding_window)
{
    struct tiny_options options = tiny_defaults();
    for (options.window = 1; options.window < 100; options.window += 33)
        check_against_doubles(&options, FLOAT_ERROR);
}

TEST(engine_agrees_with_doubles_with_linear_scaling)
{
    struct tiny_options options = tiny_defaults();
    options.linear_factor = 4;
    check_against_doubles(&options, FLOAT_ERROR);
}

/* Logits of `tokens` when the sequence runs beside `n_others` different ones, all prefilled in
 * chunks. */
static void run_beside(struct engine *engine, const token_id *tokens, size_t n_tokens,
                       size_t n_others, size_t chunk, float *out)
{
    struct batch_item items[16] = { 0 };
    token_id others[16][PROMPT];
    size_t n_vocab = (size_t)engine_config(engine)->n_vocab;
    for (size_t i = 0; i <= n_others; i++) {
        items[i].sequence = open_sequence(engine);
        fill_prompt(others[i], PROMPT, i + 100);
    }
    size_t mine = n_others / 2;
    for (size_t done = 0; done < n_tokens; done += chunk) {
        uint32_t n = (uint32_t)size_min(chunk, n_tokens - done);
        for (size_t i = 0; i <= n_others; i++) {
            items[i].tokens = (i == mine ? tokens : others[i]) + done;
            items[i].n_tokens = n;
            items[i].wanted = LOGITS_LAST;
        }
        struct error err = { 0 };
        assert_ok(engine_step(engine, items, n_others + 1, &err), err);
    }
    memcpy(out, items[mine].logits, n_vocab * sizeof *out);
    for (size_t i = 0; i <= n_others; i++)
        sequence_close(&items[i].sequence);
}

static void check_bits(const float *a, const float *b, size_t n, const char *what)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(&a[i], &b[i], sizeof *a) != 0)
            fail_msg("%s: logit %zu is %.9g, alone it is %.9g", what, i, (double)b[i],
                     (double)a[i]);
}

static void check_independence_kv(enum dtype type, size_t window, unsigned features,
                                  enum kv_type kv_type)
{
    static const size_t chunks[] = { 1, 7, 64 }, others[] = { 1, 15 };
    struct tiny_options options = tiny_defaults();
    options.type = type;
    options.n_embd = options.n_ff = 256;
    options.n_heads = 8;
    options.head_dim = 32;
    options.window = window;
    struct tiny_model *model;
    struct error err = { 0 };
    assert_ok(tiny_model_new(&model, &options, &err), err);
    token_id tokens[PROMPT];
    float alone[97], got[97];
    char what[96];
    fill_prompt(tokens, PROMPT, 5);
    for (size_t threads = 1; threads <= 2; threads++) {
        struct engine *engine = open_engine_kv(tiny_model_path(model), threads, features, kv_type);
        run_beside(engine, tokens, PROMPT, 0, PROMPT, threads == 1 ? alone : got);
        if (threads > 1)
            check_bits(alone, got, options.n_vocab, "two threads");
        for (size_t c = 0; c < COUNT_OF(chunks); c++) {
            snprintf(what, sizeof what, "%s in chunks of %zu", dtype_name(type), chunks[c]);
            run_beside(engine, tokens, PROMPT, 0, chunks[c], got);
            check_bits(alone, got, options.n_vocab, what);
        }
        for (size_t o = 0; o < COUNT_OF(others); o++) {
            snprintf(what, sizeof what, "%s beside %zu", dtype_name(type), others[o]);
            run_beside(engine, tokens, PROMPT, others[o], 7, got);
            check_bits(alone, got, options.n_vocab, what);
        }
        engine_close(&engine);
    }
    tiny_model_free(&model);
}

static void check_independence(enum dtype type, size_t window, unsigned features)
{
    check_independence_kv(type, window, features, KV_F16);
}

TEST(logits_do_not_depend_on_neighbours_however_keys_are_stored)
{
    for (enum kv_type type = 0; type < KV_TYPES; type++) {
        check_independence_kv(DTYPE_Q8_0, 0, ~0u, type);
        check_independence_kv(DTYPE_Q8_0, 20, CPU_AVX2 | CPU_NEON, type);
    }
}

TEST(logits_do_not_depend_on_neighbours_chunks_or_threads)
{
    for (enum dtype type = 0; type < DTYPE_COUNT; type++)
        check_independence(type, 0, ~0u);
}

TEST(logits_do_not_depend_on_neighbours_with_a_window)
{
    check_independence(DTYPE_Q8_0, 20, ~0u);
}

TEST(logits_do_not_depend_on_neighbours_at_the_lowest_levels)
{
    check_independence(DTYPE_Q4_K, 0, CPU_AVX2 | CPU_NEON);
    check_independence(DTYPE_F16, 0, CPU_AVX2 | CPU_NEON);
    check_independence(DTYPE_Q4_0, 0, 0);
}

/* Deep enough for several segments of keys, with so few KV heads that threads share them. */
static void check_depth(enum kv_type kv_type, size_t window)
{
    enum { DEPTH = 2150, LAST = 6 };
    static const size_t chunks[] = { 200, 33 };
    struct tiny_options options = tiny_defaults();
    options.n_ctx = 2300;
    options.n_kv_heads = 1;
    options.head_dim = 32;
    options.window = window;
    struct tiny_model *model;
    struct error err = { 0 };
    assert_ok(tiny_model_new(&model, &options, &err), err);
    token_id tokens[DEPTH];
    float first[97], got[97];
    fill_prompt(tokens, DEPTH, 11);
    for (size_t threads = 1; threads <= 2; threads++) {
        struct engine *engine = open_engine_kv(tiny_model_path(model), threads, ~0u, kv_type);
        for (size_t c = 0; c < COUNT_OF(chunks); c++) {
            bool is_first = threads == 1 && c == 0;
            struct sequence *sequence = open_sequence(engine);
            run_chunks(engine, sequence, tokens, DEPTH - LAST, chunks[c], got);
            run_chunks(engine, sequence, tokens + DEPTH - LAST, LAST, is_first ? LAST : 1,
                       is_first ? first : got);
            check_bits(first, is_first ? first : got, options.n_vocab, "at depth");
            sequence_close(&sequence);
        }
        engine_close(&engine);
    }
    tiny_model_free(&model);
}

TEST(logits_at_depth_do_not_depend_on_chunks_or_threads)
{
    check_depth(KV_F16, 0);
    check_depth(KV_Q8_0, 1300);
}

TEST(all_logits_of_a_step_equal_those_of_single_steps)
{
    struct tiny_options options = tiny_defaults();
    struct tiny_model *model;
    struct error err = { 0 };
    assert_ok(tiny_model_new(&model, &options, &err), err);
    struct engine *engine = open_engine(tiny_model_path(model), 0, ~0u);
    struct sequence *whole = open_sequence(engine), *single = open_sequence(engine);
    token_id tokens[16];
    float all[16][97], one[97];
    fill_prompt(tokens, 16, 3);
    struct batch_item item = {
        .sequence = whole, .tokens = tokens, .n_tokens = 16, .wanted = LOGITS_ALL
    };
    assert_ok(engine_step(engine, &item, 1, &err), err);
    for (size_t i = 0; i < 16; i++)
        memcpy(all[i], item.logits + i * item.logits_stride, sizeof all[i]);
    for (size_t i = 0; i < 16; i++) {
        run_chunks(engine, single, tokens + i, 1, 1, one);
        check_bits(all[i], one, 97, "single step");
    }
    sequence_close(&whole);
    sequence_close(&single);
    engine_close(&engine);
    tiny_model_free(&model);
}

TEST(a_profile_accounts_for_the_time_of_every_thread)
{
    struct tiny_options options = tiny_defaults();
    struct tiny_model *model;
    struct error err = { 0 };
    assert_ok(tiny_model_new(&model, &options, &err), err);
    struct engine *engine = open_engine(tiny_model_path(model), 0, ~0u);
    struct sequence *sequence = open_sequence(engine);
    token_id tokens[PROMPT];
    float plain[97], measured[97];
    fill_prompt(tokens, PROMPT, 3);
    struct profile_report report;
    assert_false(engine_profile(engine, &report));
    run_chunks(engine, sequence, tokens, PROMPT, 10, plain);
    sequence_truncate(sequence, 0);
    assert_ok(engine_profile_start(engine, &err), err);
    run_chunks(engine, sequence, tokens, PROMPT, 10, measured);
    check_bits(plain, measured, 97, "while measured");
    assert_true(engine_profile(engine, &report));
    assert_int_equal(report.n_runs, 10);
    assert_int_equal(report.n_threads, engine_n_threads(engine));
    uint64_t sum = 0, stored = 0;
    for (size_t i = 0; i < report.n_rows; i++) {
        assert_true(i == 0 || report.rows[i].ns <= report.rows[i - 1].ns);
        sum += report.rows[i].ns;
        stored += strcmp(report.rows[i].name, "store") == 0 ? report.rows[i].calls : 0;
    }
    assert_int_equal(sum, report.run_ns * report.n_threads);
    assert_int_equal(stored, PROMPT * engine_config(engine)->n_layers);
    engine_profile_stop(engine);
    assert_false(engine_profile(engine, &report));
    sequence_close(&sequence);
    engine_close(&engine);
    tiny_model_free(&model);
}

TEST(a_truncated_sequence_goes_on_as_if_nothing_had_followed)
{
    struct tiny_options options = tiny_defaults();
    struct tiny_model *model;
    struct error err = { 0 };
    assert_ok(tiny_model_new(&model, &options, &err), err);
    struct engine *engine = open_engine(tiny_model_path(model), 0, ~0u);
    struct sequence *sequence = open_sequence(engine);
    token_id tokens[PROMPT];
    float first[97], again[97];
    fill_prompt(tokens, PROMPT, 3);
    run_chunks(engine, sequence, tokens, PROMPT, PROMPT, first);
    sequence_truncate(sequence, 10);
    assert_int_equal(sequence_length(sequence), 10);
    run_chunks(engine, sequence, tokens + 10, PROMPT - 10, 9, again);
    check_bits(first, again, 97, "after truncation");
    sequence_close(&sequence);
    engine_close(&engine);
    tiny_model_free(&model);
}

TEST(a_copied_sequence_goes_on_like_the_first)
{
    struct tiny_options options = tiny_defaults();
    struct tiny_model *model;
    struct error err = { 0 };
    assert_ok(tiny_model_new(&model, &options, &err), err);
    struct engine *engine = open_engine(tiny_model_path(model), 0, ~0u);
    struct sequence *first = open_sequence(engine), *copy = open_sequence(engine);
    token_id tokens[PROMPT];
    float wanted[97], got[97];
    fill_prompt(tokens, PROMPT, 3);
    run_chunks(engine, copy, tokens + 5, 30, 30, got); /* forgotten */
    run_chunks(engine, first, tokens, 70, 70, wanted);
    assert_ok(sequence_copy(copy, first, &err), err);
    assert_int_equal(sequence_length(copy), 70);
    run_chunks(engine, first, tokens + 70, PROMPT - 70, 9, wanted);
    run_chunks(engine, copy, tokens + 70, PROMPT - 70, PROMPT, got);
    check_bits(wanted, got, 97, "after copying");
    sequence_close(&first);
    sequence_close(&copy);
    engine_close(&engine);
    tiny_model_free(&model);
}

TEST(steps_that_cannot_run_are_refused_with_both_numbers)
{
    struct tiny_options options = tiny_defaults();
    options.n_ctx = 32;
    struct tiny_model *model;
    struct error err = { 0 };
    assert_ok(tiny_model_new(&model, &options, &err), err);
    struct engine *engine = open_engine(tiny_model_path(model), 0, ~0u);
    struct sequence *sequence = open_sequence(engine);
    token_id tokens[300] = { 0 };
    struct batch_item item = {
        .sequence = sequence, .tokens = tokens, .n_tokens = 33, .wanted = LOGITS_LAST
    };
    assert_false(engine_step(engine, &item, 1, &err));
    assert_int_equal(err.code, ERROR_CONTEXT);
    assert_non_null(strstr(err.message, "33"));
    assert_non_null(strstr(err.message, "32"));
    item.n_tokens = 300;
    assert_false(engine_step(engine, &item, 1, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    item.n_tokens = 0;
    assert_false(engine_step(engine, &item, 1, &err));
    item.n_tokens = 17;
    item.wanted = LOGITS_ALL;
    assert_false(engine_step(engine, &item, 1, &err));
    item.wanted = LOGITS_LAST;
    tokens[3] = 97;
    assert_false(engine_step(engine, &item, 1, &err));
    assert_non_null(strstr(err.message, "97"));
    tokens[3] = -1;
    assert_false(engine_step(engine, &item, 1, &err));
    tokens[3] = 5;
    assert_ok(engine_step(engine, &item, 1, &err), err);
    assert_int_equal(sequence_length(sequence), 17);
    sequence_close(&sequence);
    engine_close(&engine);
    tiny_model_free(&model);
}

TEST(pages_that_run_out_change_nothing)
{
    struct tiny_options options = tiny_defaults();
    struct tiny_model *model;
    struct error err = { 0 };
    assert_ok(tiny_model_new(&model, &options, &err), err);
    struct engine_options small = engine_defaults();
    small.kv_budget_bytes = 1;
    struct engine *engine;
    assert_ok(engine_open(&engine, tiny_model_path(model), &small, &err), err);
    struct sequence *sequence = open_sequence(engine);
    token_id token = 1;
    struct batch_item item = {
        .sequence = sequence, .tokens = &token, .n_tokens = 1, .wanted = LOGITS_LAST
    };
    assert_false(engine_step(engine, &item, 1, &err));
    assert_int_equal(err.code, ERROR_BUDGET);
    assert_int_equal(sequence_length(sequence), 0);
    sequence_close(&sequence);
    engine_close(&engine);
    tiny_model_free(&model);
}

TEST(opening_survives_every_failing_allocation)
{
    struct tiny_options options = tiny_defaults();
    struct tiny_model *model;
    struct error err = { 0 };
    assert_ok(tiny_model_new(&model, &options, &err), err);
    bool opened = false;
    for (int64_t n = 0; !opened; n++) {
        struct engine *engine;
        memory_fail_after(n);
        opened = engine_open(&engine, tiny_model_path(model), NULL, &err);
        memory_fail_after(-1);
        if (!opened)
            assert_int_equal(err.code, ERROR_MEMORY);
        engine_close(&engine);
    }
    tiny_model_free(&model);
}
