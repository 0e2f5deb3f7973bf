#include "test.h"

#include "runtime/constraint.h"
#include "runtime/grammar/gbnf.h"
#include "runtime/hearth_control.h"
#include "tiny_model.h"

enum { BOS = 1 }; /* "<s>", a control token */

struct stage {
    struct tiny_model *tiny;
    struct hearth_model *model;
    struct hearth_session *session;
    struct text heard;
    size_t n_told, ends_after;
};

static void open_stage_with(struct stage *stage, const struct hearth_session_options *options,
                            size_t n_ctx)
{
    struct tiny_options tiny = tiny_defaults();
    struct error err = { 0 };
    struct hearth_error error = { 0 };
    *stage = (struct stage){ 0 };
    text_init(&stage->heard, 1 << 20);
    tiny.n_vocab = 300;
    tiny.n_ctx = n_ctx;
    tiny.has_tokenizer = true;
    assert_ok(tiny_model_new(&stage->tiny, &tiny, &err), err);
    assert_ok(hearth_model_open(&stage->model, tiny_model_path(stage->tiny), NULL, &error), error);
    assert_ok(hearth_session_open(&stage->session, stage->model, options, &error), error);
}

static void open_stage(struct stage *stage, int32_t n_predict)
{
    struct hearth_session_options options = hearth_session_defaults();
    options.temperature = 0;
    options.n_predict = n_predict;
    open_stage_with(stage, &options, 64);
}

static void close_stage(struct stage *stage)
{
    hearth_session_close(&stage->session);
    hearth_model_close(&stage->model);
    tiny_model_free(&stage->tiny);
    text_release(&stage->heard);
}

static struct hearth_event answer(struct stage *stage)
{
    struct hearth_event event;
    struct hearth_error err = { 0 };
    text_clear(&stage->heard);
    do {
        assert_ok(hearth_session_next(stage->session, &event, &err), err);
        if (event.kind == HEARTH_TEXT && event.length)
            assert_true(text_append(&stage->heard, event.text, event.length));
    } while (event.kind == HEARTH_TEXT);
    return event;
}

static void prompt(struct stage *stage, const token_id *tokens, size_t n)
{
    struct error err = { 0 };
    assert_ok(session_prompt(stage->session, tokens, n, &err), err);
}

TEST(a_prompt_keeps_what_was_evaluated_of_its_beginning)
{
    static const token_id first[] = { BOS, 100, 101, 102, 103 };
    static const token_id second[] = { BOS, 100, 101, 102, 110, 111 };
    struct stage warm, cold;
    open_stage(&warm, 8);
    open_stage(&cold, 8);
    prompt(&warm, first, COUNT_OF(first));
    assert_int_equal(answer(&warm).prompt_tokens, COUNT_OF(first));
    prompt(&warm, second, COUNT_OF(second));
    assert_int_equal(answer(&warm).prompt_tokens, 2);
    prompt(&cold, second, COUNT_OF(second));
    assert_int_equal(answer(&cold).prompt_tokens, COUNT_OF(second));
    assert_string_equal(warm.heard.data, cold.heard.data);
    /* the same again: the last token is evaluated anew, for its logits */
    prompt(&warm, second, COUNT_OF(second));
    assert_int_equal(answer(&warm).prompt_tokens, 1);
    assert_string_equal(warm.heard.data, cold.heard.data);
    close_stage(&warm);
    close_stage(&cold);
}

TEST(a_prompt_that_does_not_fit_says_both_numbers_and_changes_nothing)
{
    static const token_id small[] = { BOS, 100 };
    token_id large[65];
    struct stage stage;
    struct error err = { 0 };
    for (size_t i = 0; i < COUNT_OF(large); i++)
        large[i] = 100;
    open_stage(&stage, 4);
    prompt(&stage, small, COUNT_OF(small));
    assert_false(session_prompt(stage.session, large, COUNT_OF(large), &err));
    assert_int_equal(err.code, ERROR_CONTEXT);
    assert_non_null(strstr(err.message, "65"));
    assert_non_null(strstr(err.message, "64"));
    assert_false(session_prompt(stage.session, large, 0, &err));
    assert_int_equal(answer(&stage).prompt_tokens, COUNT_OF(small));
    close_stage(&stage);
}

/* "\xFE<s>" stands for the control token <s>. */
static struct grammar *grammar_of(const char *rule, const char *control)
{
    struct grammar *g = grammar_new();
    struct error err = { 0 };
    assert_non_null(g);
    grammar_expr parts[] = { grammar_bytes(g, slice_of(control)),
                             grammar_bytes(g, slice_of(rule)) };
    grammar_rule root = grammar_declare(g, slice_of("root"));
    grammar_define(g, root, grammar_sequence(g, parts, 2));
    assert_ok(grammar_finish(g, root, &err), err);
    return g;
}

TEST(a_grammar_demands_control_tokens_and_shows_those_it_is_told_to)
{
    static const token_id tokens[] = { BOS, 100 };
    static const token_id shown[] = { BOS };
    struct stage stage;
    struct error err = { 0 };
    open_stage(&stage, -1);
    assert_ok(session_constrain(stage.session, grammar_of("ab", CONSTRAINT_CONTROL "<s>"), &err),
              err);
    prompt(&stage, tokens, COUNT_OF(tokens));
    assert_int_equal(answer(&stage).answer_tokens, 3);
    assert_string_equal(stage.heard.data, "ab");
    assert_ok(session_show(stage.session, shown, 1, &err), err);
    prompt(&stage, tokens, COUNT_OF(tokens));
    answer(&stage);
    assert_string_equal(stage.heard.data, "<s>ab");
    /* written by letters it is not the token */
    assert_ok(session_constrain(stage.session, grammar_of("<s>", ""), &err), err);
    prompt(&stage, tokens, COUNT_OF(tokens));
    assert_int_equal(answer(&stage).answer_tokens, 3);
    assert_string_equal(stage.heard.data, "<s>");
    assert_ok(session_constrain(stage.session, NULL, &err), err);
    close_stage(&stage);
}

static enum watch_verdict listen(void *context, struct slice text, bool is_last, struct error *err)
{
    struct stage *stage = context;
    static const token_id letters[] = { 3 + 'X', 3 + 'Y', 3 + 'Z' }; /* byte tokens */
    if (is_last)
        return WATCH_GO_ON;
    if (!text_append_slice(&stage->heard, text))
        return WATCH_FAIL;
    if (++stage->n_told == 2)
        return session_force(stage->session, letters, 3, err) ? WATCH_GO_ON : WATCH_FAIL;
    return stage->n_told == stage->ends_after ? WATCH_END : WATCH_GO_ON;
}

TEST(a_watcher_hears_each_token_says_how_it_goes_on_and_ends_it)
{
    static const token_id tokens[] = { BOS, 100, 101 };
    struct stage stage;
    open_stage(&stage, 20);
    prompt(&stage, tokens, COUNT_OF(tokens));
    stage.ends_after = 6;
    session_watch_by(stage.session, listen, &stage);
    struct hearth_event event;
    struct hearth_error err = { 0 };
    size_t n_events = 0;
    do {
        assert_ok(hearth_session_next(stage.session, &event, &err), err);
        n_events++;
    } while (event.kind == HEARTH_TEXT);
    assert_int_equal(event.reason, HEARTH_STOP);
    assert_int_equal(event.answer_tokens, 6);
    assert_int_equal(stage.n_told, 6);
    assert_true(n_events > 2);
    assert_non_null(strstr(stage.heard.data, "XYZ"));
    close_stage(&stage);
}

TEST(a_loop_ends_an_answer_only_where_that_is_allowed_and_its_format_is_kept)
{
    static const struct hearth_token_bias always_a[] = { { 3 + 'a', 100 } };
    static const token_id tokens[] = { BOS, 100 };
    struct hearth_session_options options = hearth_session_defaults();
    options.temperature = 0;
    options.logit_bias = always_a;
    options.n_logit_bias = 1;
    for (size_t i = 0; i < 6; i++) {
        struct stage stage;
        options.n_draft = i % 2 ? -1 : 0;
        options.stops_loops = i >= 2;
        options.format = i < 4 ? NULL : "{\"type\":\"string\"}";
        open_stage_with(&stage, &options, 700);
        prompt(&stage, tokens, COUNT_OF(tokens));
        struct hearth_event done = answer(&stage);
        assert_int_equal(done.reason, i < 2 ? HEARTH_LENGTH : HEARTH_REPETITION);
        if (i >= 2 && i < 4)
            assert_int_equal(done.answer_tokens, 512);
        if (i >= 4) {
            assert_int_equal(done.answer_tokens, 512 + 2);
            assert_int_equal(stage.heard.data[0], '"');
            assert_int_equal(stage.heard.data[stage.heard.length - 1], '"');
        }
        close_stage(&stage);
    }
}
