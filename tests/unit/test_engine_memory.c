/* What an engine says of its memory is what it takes. */
#include "test.h"

#include "runtime/engine.h"
#include "tiny_model.h"

#include <malloc.h>

enum { PROMPT = 300 };

static struct tiny_model *new_model(void)
{
    struct tiny_options options = tiny_defaults();
    struct tiny_model *model;
    struct error err = { 0 };
    options.n_ctx = 1000;
    assert_ok(tiny_model_new(&model, &options, &err), err);
    return model;
}

static size_t allocated_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

struct footprint {
    size_t planned, taken;
};

static struct footprint open_once(const struct tiny_model *model, uint32_t max_rows,
                                  uint32_t max_outputs, bool wants_hidden)
{
    struct engine_options options = engine_defaults();
    struct engine *engine;
    struct engine_memory memory;
    struct error err = { 0 };
    options.n_threads = 2;
    options.max_batch_tokens = max_rows;
    options.max_outputs = max_outputs;
    options.wants_hidden = wants_hidden;
    size_t before = allocated_bytes();
    assert_ok(engine_open(&engine, tiny_model_path(model), &options, &err), err);
    struct footprint footprint = { .taken = allocated_bytes() - before };
    engine_memory(engine, &memory);
    assert_int_equal(memory.kv_allocated_bytes, 0); /* nothing until it is needed */
    footprint.planned = (size_t)memory.scratch_bytes;
    engine_close(&engine);
    return footprint;
}

/* Whatever else an engine has does not depend on these. */
static void assert_same_growth(struct footprint small, struct footprint large)
{
    enum { ROUNDING = 64 << 10 }; /* by malloc, of each of a dozen allocations to a page or less */
    size_t planned = large.planned - small.planned, taken = large.taken - small.taken;
    assert_true(large.planned >= small.planned);
    if (taken > planned + ROUNDING || planned > taken + ROUNDING)
        fail_msg("%zu bytes more planned, %zu bytes more taken", planned, taken);
}

TEST(the_plan_of_scratch_is_what_is_allocated)
{
    struct tiny_model *model = new_model();
    struct footprint usual = open_once(model, 256, 16, false);
    if (usual.taken == 0) {
        tiny_model_free(&model);
        SKIP("this allocator does not say what it has");
    }
    assert_true(usual.taken >= usual.planned);
    struct footprint wide = open_once(model, 4096, 16, false);
    struct footprint many = open_once(model, 256, 16384, false);
    assert_true(wide.planned > 4 * usual.planned / 3 && many.planned > 4 * usual.planned / 3);
    assert_same_growth(usual, wide);
    assert_same_growth(usual, many);
    assert_same_growth(open_once(model, 16384, 16384, false), open_once(model, 16384, 16384, true));
    tiny_model_free(&model);
}

TEST(keys_and_values_take_pages_times_what_a_page_takes)
{
    struct tiny_model *model = new_model();
    struct engine_options options = engine_defaults();
    struct engine *engine;
    struct engine_memory memory;
    struct sequence *sequence;
    struct error err = { 0 };
    token_id tokens[PROMPT] = { 0 };
    options.keeps_prefixes = true;
    assert_ok(engine_open(&engine, tiny_model_path(model), &options, &err), err);
    assert_ok(sequence_open(&sequence, engine, &err), err);
    uint64_t page_bytes = engine_kv_page_bytes(engine);
    for (size_t n = 0; n < PROMPT; n += 30) {
        assert_ok(engine_prefill(engine, sequence, tokens, 30, NULL, NULL, &err), err);
        engine_memory(engine, &memory);
        size_t n_pages = (n + 30 + KV_PAGE_TOKENS - 1) / KV_PAGE_TOKENS;
        assert_int_equal(memory.kv_used_bytes, n_pages * page_bytes);
        assert_int_equal(memory.kv_allocated_bytes, n_pages * page_bytes);
        assert_int_equal(memory.kv_cached_bytes, 0);
    }
    sequence_close(&sequence);
    engine_memory(engine, &memory);
    assert_int_equal(memory.kv_used_bytes, 0);
    assert_int_equal(memory.kv_cached_bytes, 5 * page_bytes);
    engine_close(&engine);
    tiny_model_free(&model);
}
