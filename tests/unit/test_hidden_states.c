/* The state that logits are made from, for embeddings. */
#include "test.h"

#include "runtime/engine.h"
#include "tiny_model.h"

enum { PROMPT = 70, MOST_OUTPUTS = 128, N_EMBD = 64 };

/* In float32 throughout. */
static const double FLOAT_ERROR = 1e-5;

struct stage {
    struct tiny_model *tiny;
    struct engine *engine;
    struct sequence *sequence;
    token_id tokens[PROMPT];
};

static void open_stage(struct stage *s, bool wants_hidden)
{
    struct tiny_options tiny = tiny_defaults();
    struct engine_options options = engine_defaults();
    struct error err = { 0 };
    tiny.n_embd = N_EMBD;
    options.n_threads = 2;
    options.max_outputs = MOST_OUTPUTS;
    options.kv_type = KV_F32;
    options.wants_hidden = wants_hidden;
    assert_ok(tiny_model_new(&s->tiny, &tiny, &err), err);
    assert_ok(engine_open(&s->engine, tiny_model_path(s->tiny), &options, &err), err);
    assert_ok(sequence_open(&s->sequence, s->engine, &err), err);
    for (size_t i = 0; i < PROMPT; i++)
        s->tokens[i] = (token_id)(i * i * 7 % 97);
}

static void close_stage(struct stage *s)
{
    sequence_close(&s->sequence);
    engine_close(&s->engine);
    tiny_model_free(&s->tiny);
}

static struct batch_item read_all(struct stage *s, enum logits_wanted wanted, bool hidden_only)
{
    struct error err = { 0 };
    struct batch_item item = { .sequence = s->sequence,
                               .tokens = s->tokens,
                               .n_tokens = PROMPT,
                               .wanted = wanted,
                               .hidden_only = hidden_only };
    sequence_truncate(s->sequence, 0);
    assert_ok(engine_step(s->engine, &item, 1, &err), err);
    return item;
}

TEST(hidden_states_agree_with_doubles_at_every_token)
{
    struct stage s;
    double want[N_EMBD];
    open_stage(&s, true);
    for (int only = 0; only < 2; only++) {
        struct batch_item item = read_all(&s, LOGITS_ALL, only);
        for (size_t i = 0; i < PROMPT; i++) {
            tiny_model_hidden(s.tiny, s.tokens, i + 1, want);
            double error = relative_error(item.hidden + i * item.hidden_stride, want, N_EMBD);
            if (!(error <= FLOAT_ERROR))
                fail_msg("token %zu: relative error %g, allowed %g", i, error, FLOAT_ERROR);
        }
        assert_true((item.logits == NULL) == only);
    }
    close_stage(&s);
}

TEST(logits_are_the_same_bits_beside_hidden_states)
{
    struct stage with, without;
    open_stage(&with, true);
    open_stage(&without, false);
    struct batch_item a = read_all(&with, LOGITS_ALL, false);
    struct batch_item b = read_all(&without, LOGITS_ALL, false);
    for (size_t i = 0; i < PROMPT; i++)
        assert_memory_equal(a.logits + i * a.logits_stride, b.logits + i * b.logits_stride,
                            97 * sizeof(float));
    assert_null(b.hidden);
    close_stage(&with);
    close_stage(&without);
}

TEST(a_step_of_logits_and_states_gives_each_its_own)
{
    struct stage s;
    struct sequence *second;
    struct error err = { 0 };
    double want[N_EMBD];
    float logits[97];
    open_stage(&s, true);
    memcpy(logits, read_all(&s, LOGITS_LAST, false).logits, sizeof logits);
    sequence_truncate(s.sequence, 0);
    assert_ok(sequence_open(&second, s.engine, &err), err);
    struct batch_item items[2] = {
        { .sequence = s.sequence, .tokens = s.tokens, .n_tokens = 9, .wanted = LOGITS_ALL },
        { .sequence = second, .tokens = s.tokens, .n_tokens = PROMPT, .wanted = LOGITS_LAST },
    };
    items[0].hidden_only = true;
    assert_ok(engine_step(s.engine, items, 2, &err), err);
    for (size_t i = 0; i < 9; i++) {
        tiny_model_hidden(s.tiny, s.tokens, i + 1, want);
        assert_true(relative_error(items[0].hidden + i * items[0].hidden_stride, want, N_EMBD) <=
                    FLOAT_ERROR);
    }
    assert_memory_equal(items[1].logits, logits, sizeof logits);
    sequence_close(&second);
    close_stage(&s);
}

TEST(states_that_were_not_asked_for_are_refused)
{
    struct stage s;
    struct error err = { 0 };
    open_stage(&s, false);
    struct batch_item item = { .sequence = s.sequence,
                               .tokens = s.tokens,
                               .n_tokens = 1,
                               .wanted = LOGITS_LAST,
                               .hidden_only = true };
    assert_false(engine_step(s.engine, &item, 1, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    close_stage(&s);
}
