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
    uint64_t logprob_bits; /* of all of them */
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

/* `n_pages`: 0: enough for all. */
static void open_stage(struct stage *stage, uint64_t seed, uint64_t n_pages)
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
    struct engine *engine = model_stepped_engine(stage->model);
    if (n_pages)
        engine_set_kv_budget(engine, n_pages * engine_kv_page_bytes(engine));
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
    for (size_t i = 0; i < event->n_logprobs; i++) {
        uint32_t bits;
        memcpy(&bits, &event->logprobs[i].chosen.logprob, sizeof bits);
        answer->logprob_bits = answer->logprob_bits * 31 + bits;
    }
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
    assert_int_equal(a->logprob_bits, b->logprob_bits);
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

/* Any of those who are there, or nobody. */
static struct hearth_session *neighbour_of(struct crowd *c, size_t n)
{
    size_t other = roll(c->stage, c->n_all);
    return other == n ? NULL : c->sessions[other];
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
        assert_ok(session_begin_beside(c->sessions[n], neighbour_of(c, n), &err), err);
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

static void yield(struct crowd *c, size_t n)
{
    session_yield(c->sessions[n]);
    c->n_yields++;
}

/* Where pages run out, the first goes on and all others give theirs back. */
static size_t run(struct crowd *c, const size_t *who, size_t n_parts)
{
    struct error err = { 0 };
    struct engine *engine = model_stepped_engine(c->stage->model);
    if (engine_step(engine, c->items, n_parts, &err))
        return n_parts;
    assert_int_equal(err.code, ERROR_BUDGET);
    for (size_t n = 0; n < c->n_all; n++)
        if (c->sessions[n] && n != who[0])
            yield(c, n);
    assert_ok(engine_step(engine, c->items, 1, &err), err);
    return 1;
}

static void step(struct crowd *c)
{
    struct error err = { 0 };
    size_t who[MOST_SESSIONS], n_parts = offer_some(c, who);
    if (n_parts == 0)
        return;
    n_parts = run(c, who, n_parts);
    for (size_t i = 0; i < n_parts; i++) {
        c->parts[who[i]].item = c->items[i];
        assert_ok(session_settle(&c->parts[who[i]], n_parts == 1 ? 1000 : 0, &err), err);
        collect(c, who[i]);
        if (c->sessions[who[i]] && roll(c->stage, 40) == 0) {
            yield(c, who[i]);
            assert_true(session_n_pending(c->sessions[who[i]]) > 1);
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

static struct answer alone[MOST_SESSIONS];
static struct crowd crowd;

static void answer_all_alone(struct stage *stage)
{
    for (size_t n = 0; n < MOST_SESSIONS; n++)
        answer_alone(stage, n, &alone[n]);
}

static void check_together(struct stage *stage, size_t n_all)
{
    answer_together(stage, n_all, &crowd);
    for (size_t n = 0; n < n_all; n++) {
        assert_same(&crowd.answers[n], &alone[n]);
        text_release(&crowd.answers[n].text);
    }
}

/* Nothing is in use when all have gone. */
static void release(struct stage *stage)
{
    struct engine_memory memory;
    engine_memory(model_stepped_engine(stage->model), &memory);
    assert_int_equal(memory.kv_used_bytes, 0);
    assert_true(memory.kv_cached_bytes > 0);
    for (size_t n = 0; n < MOST_SESSIONS; n++)
        text_release(&alone[n].text);
    close_stage(stage);
}

TEST(together_sessions_answer_as_each_does_alone)
{
    struct stage stage;
    for (size_t n_all = 1; n_all <= MOST_SESSIONS; n_all *= n_all < 8 ? 8 : 4) {
        struct stage cold;
        open_stage(&stage, n_all, 0);
        answer_all_alone(&stage);
        open_stage(&cold, n_all, 0);
        check_together(&cold, n_all);
        close_stage(&cold);
        check_together(&stage, n_all); /* with what they left alone */
        release(&stage);
    }
}

TEST(with_pages_for_a_few_sessions_all_answer_the_same)
{
    struct stage stage;
    size_t n_yields = 0;
    for (uint64_t seed = 0; seed < 3; seed++) {
        open_stage(&stage, seed, 6 + 6 * seed);
        answer_all_alone(&stage);
        check_together(&stage, MOST_SESSIONS);
        n_yields += crowd.n_yields;
        release(&stage);
    }
    assert_true(n_yields > 100);
}

static uint32_t begin_again(struct stage *stage, size_t n, struct hearth_session **session)
{
    struct error err = { 0 };
    *session = open_session(stage, n);
    assert_ok(session_begin(*session, &err), err);
    return session_n_cached(*session);
}

TEST(a_session_that_waited_goes_on_where_another_has_come)
{
    struct stage stage;
    struct error err = { 0 };
    struct hearth_session *first, *second;
    struct session_part part;
    token_id tokens[N_CTX];
    open_stage(&stage, 3, 0);
    size_t n_prompt = prompt_of(4, tokens);
    assert_true(n_prompt > 128);
    assert_int_equal(begin_again(&stage, 4, &first), 0);
    assert_int_equal(begin_again(&stage, 4, &second), 0);
    while (session_n_pending(first) > 1) {
        assert_ok(session_offer(first, MOST_ROWS, 1, &part, &err), err);
        assert_ok(engine_step(model_stepped_engine(stage.model), &part.item, 1, &err), err);
        assert_ok(session_settle(&part, 0, &err), err);
    }
    assert_int_equal(session_n_cached(second), 0);
    assert_ok(session_offer(second, MOST_ROWS, 1, &part, &err), err);
    assert_true(session_n_cached(second) >= 128 - KV_PAGE_TOKENS); /* published by later steps */
    assert_int_equal(session_n_cached(second) + session_n_pending(second), n_prompt);
    hearth_session_close(&first);
    hearth_session_close(&second);
    /* all but the last token, whose logits are wanted */
    assert_int_equal(begin_again(&stage, 4, &first), n_prompt - 1);
    hearth_session_close(&first);
    close_stage(&stage);
}

static void step_alone(struct stage *stage, struct hearth_session *session)
{
    struct session_part part;
    struct error err = { 0 };
    assert_ok(session_offer(session, MOST_ROWS, 1, &part, &err), err);
    assert_ok(engine_step(model_stepped_engine(stage->model), &part.item, 1, &err), err);
    assert_ok(session_settle(&part, 0, &err), err);
}

/* The question's answer, whose session has begun. */
static void finish(struct hearth_session *session, struct answer *answer)
{
    struct hearth_event event;
    struct hearth_error error = { 0 };
    *answer = (struct answer){ 0 };
    text_init(&answer->text, 1 << 20);
    do
        assert_ok(hearth_session_next(session, &event, &error), error);
    while (!note(answer, &event));
}

TEST(a_session_beside_another_has_all_that_it_has_read_at_once)
{
    enum { N_QUESTIONS = 20 };
    for (size_t n = 0; n < N_QUESTIONS; n++) {
        struct stage stage;
        struct error err = { 0 };
        struct hearth_session *first, *second, *other;
        struct answer own, answer;
        open_stage(&stage, n, 0);
        answer_alone(&stage, n, &own);
        close_stage(&stage);
        open_stage(&stage, n, 0);
        first = open_session(&stage, n);
        assert_ok(session_begin(first, &err), err);
        do
            step_alone(&stage, first);
        while (session_n_pending(first) > 1);
        second = open_session(&stage, n);
        assert_ok(session_begin_beside(second, first, &err), err);
        assert_int_equal(session_n_pending(second), 1);
        other = open_session(&stage, n + 1); /* as much as is common, and not more */
        assert_ok(session_begin_beside(other, first, &err), err);
        assert_true(session_n_pending(other) >= 1);
        finish(second, &answer);
        assert_same(&answer, &own);
        text_release(&answer.text);
        finish(first, &answer);
        assert_same(&answer, &own);
        text_release(&answer.text);
        text_release(&own.text);
        hearth_session_close(&other);
        hearth_session_close(&second);
        hearth_session_close(&first);
        close_stage(&stage);
    }
}

TEST(an_answer_that_is_cancelled_between_steps_ends_without_another)
{
    struct stage stage;
    struct session_part part;
    struct hearth_event event;
    struct error err = { 0 };
    open_stage(&stage, 2, 0);
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
