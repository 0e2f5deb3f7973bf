/* Sessions that move on together answer as each does by itself, whatever the order in which they
 * come and go, however their prompts are cut and whoever has to give pages back. */
#include "test.h"

#include "base/text.h"
#include "runtime/hearth_control.h"
#include "runtime/session_steps.h"
#include "tiny_model.h"

enum { MOST_SESSIONS = 32, MOST_ROWS = 40, MOST_OUTPUTS = 40, N_CTX = 300 };

struct answer {
    struct text text;
    enum hearth_done_reason reason;
    uint32_t n_tokens, n_logprobs;
};

struct stage {
    struct tiny_model *tiny;
    struct hearth_model *model;
    uint64_t random;
};

static uint64_t roll(struct stage *stage, uint64_t below)
{
    stage->random = stage->random * 6364136223846793005u + 1442695040888963407u;
    return (stage->random >> 33) % below;
}

static void open_stage(struct stage *stage, uint64_t seed)
{
    struct tiny_options tiny = tiny_defaults();
    struct engine_options options = engine_defaults();
    struct error err = { 0 };
    *stage = (struct stage){ .random = seed };
    tiny.n_vocab = 300;
    tiny.n_ctx = N_CTX;
    tiny.has_tokenizer = true;
    options.n_threads = 2;
    options.max_batch_tokens = MOST_ROWS;
    options.max_outputs = MOST_OUTPUTS;
    assert_ok(tiny_model_new(&stage->tiny, &tiny, &err), err);
    assert_ok(model_open_with(&stage->model, tiny_model_path(stage->tiny), &options, &err), err);
}

static void close_stage(struct stage *stage)
{
    hearth_model_close(&stage->model);
    tiny_model_free(&stage->tiny);
}

/* ---- what is asked ---- */

/* The n-th question has a way of choosing tokens of its own, and a prompt that shares more or less
 * with others. */
static struct hearth_session_options options_of(size_t n)
{
    static const char *const stops[] = { "q", "zz" };
    static const struct hearth_token_bias biases[] = { { 'e' + 3, 2 }, { 'q' + 3, 1 } };
    struct hearth_session_options o = hearth_session_defaults();
    o.n_predict = (int32_t)(10 + n * 7 % 50);
    o.seed = (int64_t)n;
    o.temperature = n % 3 == 0 ? 0 : 0.8f;
    o.n_draft = n % 4 == 1 ? 0 : -1;
    if (n % 5 == 1)
        o.format = "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}},"
                   "\"required\":[\"a\"]}";
    if (n % 5 == 2)
        o.grammar = "root ::= (\"ab\" | \"ba\" | \"c\") root | \"!\"";
    if (n % 4 == 2)
        o.repeat_penalty = 1.3f, o.presence_penalty = 0.3f;
    if (n % 3 == 1)
        o.stop = stops, o.n_stop = COUNT_OF(stops);
    if (n % 6 == 3)
        o.logit_bias = biases, o.n_logit_bias = COUNT_OF(biases);
    if (n % 2)
        o.n_logprobs = (int32_t)(n % 4);
    return o;
}

static size_t prompt_of(size_t n, token_id *tokens)
{
    size_t length = 3 + n * 37 % 180;
    for (size_t i = 0; i < length; i++)
        tokens[i] = (token_id)(3 + 'a' + (i * i + i / 7) % 20);
    tokens[0] = 1;
    if (n % 3) /* not all begin alike */
        tokens[length / 2] = (token_id)(3 + 'A' + n % 26);
    return length;
}

static struct hearth_session *open_session(struct stage *stage, size_t n)
{
    struct hearth_session_options options = options_of(n);
    struct hearth_session *session;
    struct hearth_error error = { 0 };
    struct error err = { 0 };
    token_id tokens[N_CTX];
    assert_ok(hearth_session_open(&session, stage->model, &options, &error), error);
    assert_ok(session_prompt(session, tokens, prompt_of(n, tokens), &err), err);
    return session;
}

/* True when it was the last event. */
static bool note(struct answer *answer, const struct hearth_event *event)
{
    answer->n_logprobs += (uint32_t)event->n_logprobs;
    if (event->kind == HEARTH_TEXT) {
        assert_true(text_append(&answer->text, event->text, event->length));
        return false;
    }
    answer->reason = event->reason;
    answer->n_tokens = event->answer_tokens;
    return true;
}

static void answer_alone(struct stage *stage, size_t n, struct answer *answer)
{
    struct hearth_session *session = open_session(stage, n);
    struct hearth_event event;
    struct hearth_error error = { 0 };
    *answer = (struct answer){ 0 };
    text_init(&answer->text, 1 << 20);
    do
        assert_ok(hearth_session_next(session, &event, &error), error);
    while (!note(answer, &event));
    hearth_session_close(&session);
}

static void assert_same(const struct answer *a, const struct answer *b)
{
    assert_int_equal(a->reason, b->reason);
    assert_int_equal(a->n_tokens, b->n_tokens);
    assert_int_equal(a->n_logprobs, b->n_logprobs);
    assert_int_equal(a->text.length, b->text.length);
    assert_memory_equal(a->text.data, b->text.data, a->text.length);
}

/* ---- a scheduler without reason ---- */

struct crowd {
    struct stage *stage;
    struct hearth_session *sessions[MOST_SESSIONS]; /* NULL: not there yet, or over */
    struct answer answers[MOST_SESSIONS];
    struct session_part parts[MOST_SESSIONS];
    struct batch_item items[MOST_SESSIONS];
    size_t n_all, n_joined, n_over, n_yields;
};

static void collect(struct crowd *c, size_t n)
{
    struct hearth_event event;
    while (c->sessions[n] && session_collect(c->sessions[n], &event))
        if (note(&c->answers[n], &event)) {
            assert_int_equal(session_n_pending(c->sessions[n]), 0);
            hearth_session_close(&c->sessions[n]);
            c->n_over++;
        }
}

/* Some of those who are there, with as many rows as they happen to get. */
static size_t offer_some(struct crowd *c, size_t *who)
{
    struct error err = { 0 };
    size_t n_parts = 0, rows_left = MOST_ROWS, outputs_left = MOST_OUTPUTS;
    for (size_t n = 0; n < c->n_all && rows_left && outputs_left; n++) {
        struct session_part *part = &c->parts[n];
        if (!c->sessions[n] || roll(c->stage, 4) == 0)
            continue;
        uint32_t rows = (uint32_t)(1 + roll(c->stage, rows_left));
        uint32_t outputs = (uint32_t)(1 + roll(c->stage, outputs_left));
        assert_ok(session_begin(c->sessions[n], &err), err);
        assert_ok(session_offer(c->sessions[n], rows, outputs, part, &err), err);
        if (part->item.n_tokens == 0) {
            collect(c, n);
            continue;
        }
        assert_true(part->item.n_tokens <= rows);
        rows_left -= part->item.n_tokens;
        outputs_left -= part->item.wanted == LOGITS_ALL ? part->item.n_tokens : 1;
        c->items[n_parts] = part->item;
        who[n_parts++] = n;
    }
    return n_parts;
}

static void step(struct crowd *c)
{
    struct error err = { 0 };
    size_t who[MOST_SESSIONS], n_parts = offer_some(c, who);
    if (n_parts == 0)
        return;
    assert_ok(engine_step(model_stepped_engine(c->stage->model), c->items, n_parts, &err), err);
    for (size_t i = 0; i < n_parts; i++) {
        c->parts[who[i]].item = c->items[i];
        assert_ok(session_settle(&c->parts[who[i]], n_parts == 1 ? 1000 : 0, &err), err);
        collect(c, who[i]);
        if (c->sessions[who[i]] && roll(c->stage, 40) == 0) {
            session_yield(c->sessions[who[i]]);
            assert_true(session_n_pending(c->sessions[who[i]]) > 1);
            c->n_yields++;
        }
    }
}

static void answer_together(struct stage *stage, size_t n_all, struct crowd *c)
{
    *c = (struct crowd){ .stage = stage, .n_all = n_all };
    for (size_t n = 0; n < n_all; n++)
        text_init(&c->answers[n].text, 1 << 20);
    while (c->n_over < n_all) {
        while (c->n_joined < n_all && roll(stage, 3)) {
            c->sessions[c->n_joined] = open_session(stage, c->n_joined);
            c->n_joined++;
        }
        step(c);
    }
}

TEST(together_sessions_answer_as_each_does_alone)
{
    static struct crowd crowd;
    static struct answer alone[MOST_SESSIONS];
    struct stage stage;
    size_t n_yields = 0;
    open_stage(&stage, 1);
    for (size_t n = 0; n < MOST_SESSIONS; n++)
        answer_alone(&stage, n, &alone[n]);
    for (size_t n_all = 1; n_all <= MOST_SESSIONS; n_all *= n_all < 8 ? 8 : 2) {
        answer_together(&stage, n_all, &crowd);
        n_yields += crowd.n_yields;
        for (size_t n = 0; n < n_all; n++) {
            assert_same(&crowd.answers[n], &alone[n]);
            text_release(&crowd.answers[n].text);
        }
    }
    assert_true(n_yields > 0);
    for (size_t n = 0; n < MOST_SESSIONS; n++)
        text_release(&alone[n].text);
    close_stage(&stage);
}

TEST(an_answer_that_is_cancelled_between_steps_ends_without_another)
{
    struct stage stage;
    struct session_part part;
    struct hearth_event event;
    struct error err = { 0 };
    open_stage(&stage, 2);
    struct hearth_session *session = open_session(&stage, 6);
    assert_ok(session_begin(session, &err), err);
    size_t n_pending = session_n_pending(session);
    assert_ok(session_offer(session, 5, 1, &part, &err), err);
    assert_int_equal(part.item.n_tokens, 5);
    assert_ok(engine_step(model_stepped_engine(stage.model), &part.item, 1, &err), err);
    assert_ok(session_settle(&part, 0, &err), err);
    assert_false(session_collect(session, &event));
    assert_int_equal(session_n_pending(session), n_pending - 5);
    hearth_session_cancel(session);
    assert_ok(session_offer(session, 5, 1, &part, &err), err);
    assert_int_equal(part.item.n_tokens, 0);
    assert_true(session_collect(session, &event));
    assert_int_equal(event.kind, HEARTH_DONE);
    assert_int_equal(event.reason, HEARTH_CANCELLED);
    assert_false(session_collect(session, &event));
    hearth_session_close(&session);
    close_stage(&stage);
}
