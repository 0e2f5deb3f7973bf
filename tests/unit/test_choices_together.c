/* Options that choose tokens, all at once: the answer and what is told of it must not depend on how
 * many guesses were checked together. */
#include "test.h"

#include "base/text.h"
#include "hearth.h"
#include "tiny_model.h"

#include <math.h>

struct told {
    struct text answer;
    struct hearth_event done;
    size_t n_tokens;
    int32_t tokens[256];
    float logprobs[256], best[256];
    int32_t likeliest[256];
};

static struct hearth_model *open_model(struct tiny_model **tiny)
{
    struct tiny_options options = tiny_defaults();
    struct hearth_model *model;
    struct error err = { 0 };
    struct hearth_error error = { 0 };
    options.n_vocab = 300;
    options.n_ctx = 300;
    options.has_tokenizer = true;
    assert_ok(tiny_model_new(tiny, &options, &err), err);
    assert_ok(hearth_model_open(&model, tiny_model_path(*tiny), NULL, &error), error);
    return model;
}

static void note(struct told *told, const struct hearth_event *event)
{
    for (size_t i = 0; i < event->n_logprobs; i++) {
        const struct hearth_token_logprobs *l = &event->logprobs[i];
        assert_true(told->n_tokens < COUNT_OF(told->tokens));
        told->tokens[told->n_tokens] = l->chosen.token;
        told->logprobs[told->n_tokens] = l->chosen.logprob;
        told->likeliest[told->n_tokens] = l->n_top ? l->top[0].token : -1;
        told->best[told->n_tokens] = l->n_top ? l->top[0].logprob : 0;
        double sum = 0;
        for (size_t j = 0; j < l->n_top; j++) {
            sum += exp((double)l->top[j].logprob);
            assert_true(j == 0 || l->top[j].logprob <= l->top[j - 1].logprob);
        }
        assert_true(sum <= 1.0001);
        told->n_tokens++;
    }
}

static void ask(struct hearth_model *model, const struct hearth_session_options *options,
                struct told *told)
{
    static const char prompt[] = "abababab one two one two {\"a\": 1} {\"a\": 1} ";
    struct hearth_session *session;
    struct hearth_event event;
    struct hearth_error err = { 0 };
    memset(told, 0, sizeof *told);
    text_init(&told->answer, 1 << 20);
    assert_ok(hearth_session_open(&session, model, options, &err), err);
    assert_ok(hearth_session_feed(session, prompt, strlen(prompt), &err), err);
    do {
        assert_ok(hearth_session_next(session, &event, &err), err);
        note(told, &event);
        if (event.kind == HEARTH_TEXT)
            assert_true(text_append(&told->answer, event.text, event.length));
    } while (event.kind == HEARTH_TEXT);
    told->done = event;
    hearth_session_close(&session);
}

static void assert_same(const struct told *a, const struct told *b)
{
    assert_int_equal(a->n_tokens, b->n_tokens);
    assert_int_equal(a->done.reason, b->done.reason);
    assert_int_equal(a->done.answer_tokens, b->done.answer_tokens);
    assert_int_equal(a->answer.length, b->answer.length);
    assert_memory_equal(a->answer.data, b->answer.data, a->answer.length);
    assert_memory_equal(a->tokens, b->tokens, sizeof a->tokens);
    assert_memory_equal(a->logprobs, b->logprobs, sizeof a->logprobs);
    assert_memory_equal(a->likeliest, b->likeliest, sizeof a->likeliest);
}

static const struct hearth_token_bias biases[] = { { 'e' + 3, 2 }, { 'q' + 3, -100 }, { 40, 1 } };
static const char *const stops[] = { "zz", "}}" };

static struct hearth_session_options with_everything(void)
{
    struct hearth_session_options options = hearth_session_defaults();
    options.temperature = 0.9f;
    options.seed = 11;
    options.n_predict = 120;
    options.repeat_penalty = 1.1f;
    options.presence_penalty = 0.2f;
    options.frequency_penalty = 0.1f;
    options.stop = stops;
    options.n_stop = COUNT_OF(stops);
    options.logit_bias = biases;
    options.n_logit_bias = COUNT_OF(biases);
    options.n_logprobs = 5;
    return options;
}

TEST(everything_together_is_the_same_with_and_without_guesses)
{
    static const char *const formats[] = {
        NULL, "json", "{\"type\":\"array\",\"items\":{\"enum\":[\"one\",\"two\"]},\"minItems\":9}"
    };
    struct tiny_model *tiny;
    struct hearth_model *model = open_model(&tiny);
    static struct told guessed, plain;
    for (size_t format = 0; format < COUNT_OF(formats); format++)
        for (int64_t seed = 0; seed < 6; seed++) {
            struct hearth_session_options options = with_everything();
            options.format = formats[format];
            options.seed = seed;
            options.temperature = seed == 0 ? 0 : 0.9f;
            options.n_draft = 15;
            ask(model, &options, &guessed);
            options.n_draft = 0;
            ask(model, &options, &plain);
            assert_same(&guessed, &plain);
            assert_true(plain.n_tokens > 0);
            text_release(&guessed.answer);
            text_release(&plain.answer);
        }
    hearth_model_close(&model);
    tiny_model_free(&tiny);
}

TEST(logprobs_are_of_the_model_and_not_of_the_choice)
{
    struct tiny_model *tiny;
    struct hearth_model *model = open_model(&tiny);
    static struct told free_choice, biased;
    struct hearth_session_options options = hearth_session_defaults();
    options.temperature = 0;
    options.n_predict = 30;
    options.n_logprobs = 1;
    ask(model, &options, &free_choice);
    assert_int_equal(free_choice.n_tokens, free_choice.done.answer_tokens);
    for (size_t i = 0; i < free_choice.n_tokens; i++) {
        assert_int_equal(free_choice.tokens[i], free_choice.likeliest[i]);
        assert_true(free_choice.logprobs[i] == free_choice.best[i]);
    }
    const struct hearth_token_bias ban = { free_choice.tokens[0], -100 };
    options.logit_bias = &ban;
    options.n_logit_bias = 1;
    ask(model, &options, &biased);
    assert_int_not_equal(biased.tokens[0], ban.token);
    assert_int_equal(biased.likeliest[0], ban.token);
    assert_true(biased.best[0] == free_choice.best[0]);
    text_release(&free_choice.answer);
    text_release(&biased.answer);
    hearth_model_close(&model);
    tiny_model_free(&tiny);
}

TEST(options_out_of_range_name_both_numbers)
{
    struct tiny_model *tiny;
    struct hearth_model *model = open_model(&tiny);
    struct hearth_session *session;
    struct hearth_error err = { 0 };
    struct hearth_session_options options = hearth_session_defaults();
    options.n_logprobs = 21;
    assert_false(hearth_session_open(&session, model, &options, &err));
    assert_non_null(strstr(err.message, "21"));
    assert_non_null(strstr(err.message, "20"));
    options = hearth_session_defaults();
    const struct hearth_token_bias wrong = { 300, 1 };
    options.logit_bias = &wrong;
    options.n_logit_bias = 1;
    assert_false(hearth_session_open(&session, model, &options, &err));
    assert_non_null(strstr(err.message, "300"));
    hearth_model_close(&model);
    tiny_model_free(&tiny);
}
