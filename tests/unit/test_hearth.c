#include "test.h"

#include "base/text.h"
#include "hearth.h"
#include "runtime/hearth_script.h"
#include "tiny_model.h"

#include <pthread.h>

static struct tiny_model *new_model(size_t n_ctx)
{
    struct tiny_options options = tiny_defaults();
    struct tiny_model *model;
    struct error err = { 0 };
    options.n_vocab = 300;
    options.n_ctx = n_ctx;
    options.has_tokenizer = true;
    assert_ok(tiny_model_new(&model, &options, &err), err);
    return model;
}

static struct hearth_model *open_model(const char *path)
{
    struct hearth_model *model;
    struct hearth_error err = { 0 };
    assert_ok(hearth_model_open(&model, path, NULL, &err), err);
    return model;
}

static struct hearth_session *open_session(struct hearth_model *model,
                                           const struct hearth_session_options *options)
{
    struct hearth_session *session;
    struct hearth_error err = { 0 };
    assert_ok(hearth_session_open(&session, model, options, &err), err);
    return session;
}

/* Feed and collect a whole answer; the last event is returned. */
static struct hearth_event ask(struct hearth_session *session, const char *prompt,
                               struct text *answer)
{
    struct hearth_event event;
    struct hearth_error err = { 0 };
    assert_ok(hearth_session_feed(session, prompt, strlen(prompt), &err), err);
    do {
        assert_ok(hearth_session_next(session, &event, &err), err);
        if (event.kind == HEARTH_TEXT)
            assert_true(text_append(answer, event.text, event.length));
    } while (event.kind == HEARTH_TEXT);
    return event;
}

static struct hearth_session_options greedy(int32_t n_predict)
{
    struct hearth_session_options options = hearth_session_defaults();
    options.temperature = 0;
    options.n_predict = n_predict;
    return options;
}

TEST(stories260k_continues_its_documented_text)
{
    struct text answer, want;
    char expected[2048];
    text_init(&answer, 1 << 20);
    text_init(&want, 1 << 20);
    FILE *file = fopen(golden_path("stories260K/expected.txt"), "rb");
    assert_non_null(file);
    size_t n = fread(expected, 1, sizeof expected, file);
    fclose(file);
    struct hearth_model *model = open_model(golden_path("stories260K/stories260K.gguf"));
    struct hearth_session_options options = greedy(255);
    struct hearth_session *session = open_session(model, &options);
    assert_true(text_append_string(&answer, "Once upon a time"));
    ask(session, "Once upon a time", &answer);
    while (n > 0 && expected[n - 1] == '\n')
        n--;
    if (answer.length < n || memcmp(answer.data, expected, n) != 0)
        fail_msg("got '%s', expected '%.*s'", answer.data, (int)n, expected);
    hearth_session_close(&session);
    hearth_model_close(&model);
    text_release(&answer);
    text_release(&want);
}

TEST(an_answer_stops_after_n_predict_tokens)
{
    struct tiny_model *tiny = new_model(64);
    struct hearth_model *model = open_model(tiny_model_path(tiny));
    struct hearth_session_options options = greedy(5);
    struct hearth_session *session = open_session(model, &options);
    struct text answer;
    text_init(&answer, 1 << 20);
    struct hearth_event done = ask(session, "abc", &answer);
    assert_int_equal(done.kind, HEARTH_DONE);
    assert_true(done.answer_tokens <= 5);
    if (done.answer_tokens == 5)
        assert_int_equal(done.reason, HEARTH_LENGTH);
    assert_true(done.prompt_tokens >= 4);
    struct hearth_error err = { 0 };
    assert_ok(hearth_session_next(session, &done, &err), err);
    assert_int_equal(done.kind, HEARTH_DONE);
    assert_int_equal(done.answer_tokens, 0);
    hearth_session_close(&session);
    hearth_model_close(&model);
    tiny_model_free(&tiny);
    text_release(&answer);
}

TEST(the_end_of_the_context_ends_an_answer_with_length)
{
    struct tiny_model *tiny = new_model(32);
    struct hearth_model *model = open_model(tiny_model_path(tiny));
    struct hearth_session_options options = greedy(-1);
    options.repeat_penalty = 1.5f; /* away from the end token */
    struct text answer;
    text_init(&answer, 1 << 20);
    bool reached = false;
    for (int letter = 'a'; letter <= 'z' && !reached; letter++) {
        struct hearth_session *session = open_session(model, &options);
        char prompt[] = { (char)letter, 'b', '\0' };
        struct hearth_event done = ask(session, prompt, &answer);
        if (done.reason == HEARTH_LENGTH) {
            assert_int_equal(done.context_tokens, 32);
            reached = true;
        }
        hearth_session_close(&session);
    }
    assert_true(reached);
    hearth_model_close(&model);
    tiny_model_free(&tiny);
    text_release(&answer);
}

TEST(a_prompt_longer_than_the_context_is_refused_with_both_numbers)
{
    struct tiny_model *tiny = new_model(32);
    struct hearth_model *model = open_model(tiny_model_path(tiny));
    struct hearth_session *session = open_session(model, NULL);
    struct hearth_error err = { 0 };
    char prompt[100];
    memset(prompt, 'a', sizeof prompt);
    assert_false(hearth_session_feed(session, prompt, sizeof prompt, &err));
    assert_int_equal(err.code, ERROR_CONTEXT);
    assert_non_null(strstr(err.message, "10"));
    assert_non_null(strstr(err.message, "32"));
    struct text answer;
    text_init(&answer, 1 << 20);
    struct hearth_event done = ask(session, "abc", &answer); /* the session is as it was */
    assert_true(done.prompt_tokens < 10);
    hearth_session_close(&session);
    hearth_model_close(&model);
    tiny_model_free(&tiny);
    text_release(&answer);
}

TEST(two_answers_of_one_session_equal_one_fed_whole)
{
    struct tiny_model *tiny = new_model(256);
    struct hearth_model *model = open_model(tiny_model_path(tiny));
    struct hearth_session_options options = greedy(8);
    struct hearth_session *session = open_session(model, &options);
    struct text first, again;
    text_init(&first, 1 << 20);
    text_init(&again, 1 << 20);
    ask(session, "hello", &first);
    hearth_session_clear(session);
    ask(session, "hello", &again);
    assert_true(slice_equal(text_slice(&first), text_slice(&again)));
    hearth_session_close(&session);
    hearth_model_close(&model);
    tiny_model_free(&tiny);
    text_release(&first);
    text_release(&again);
}

TEST(a_cancelled_answer_ends_soon_and_the_session_goes_on)
{
    struct tiny_model *tiny = new_model(256);
    struct hearth_model *model = open_model(tiny_model_path(tiny));
    struct hearth_session_options options = greedy(-1);
    struct hearth_session *session = open_session(model, &options);
    struct hearth_event event;
    struct hearth_error err = { 0 };
    assert_ok(hearth_session_feed(session, "abc", 3, &err), err);
    hearth_session_cancel(session);
    assert_ok(hearth_session_next(session, &event, &err), err);
    assert_int_equal(event.kind, HEARTH_DONE);
    assert_int_equal(event.reason, HEARTH_CANCELLED);
    struct text answer;
    text_init(&answer, 1 << 20);
    event = ask(session, "d", &answer);
    assert_int_not_equal(event.reason, HEARTH_CANCELLED);
    hearth_session_close(&session);
    hearth_model_close(&model);
    tiny_model_free(&tiny);
    text_release(&answer);
}

struct reader {
    struct hearth_model *model;
    struct text answer;
};

static void *read_alone(void *context)
{
    struct reader *reader = context;
    struct hearth_session_options options = greedy(20);
    struct hearth_session *session = open_session(reader->model, &options);
    ask(session, "shared", &reader->answer);
    hearth_session_close(&session);
    return NULL;
}

TEST(threads_may_share_a_model)
{
    struct tiny_model *tiny = new_model(256);
    struct hearth_model *model = open_model(tiny_model_path(tiny));
    struct reader readers[4];
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        readers[i].model = model;
        text_init(&readers[i].answer, 1 << 20);
        assert_int_equal(pthread_create(&threads[i], NULL, read_alone, &readers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 1; i < 4; i++)
        assert_true(slice_equal(text_slice(&readers[0].answer), text_slice(&readers[i].answer)));
    for (size_t i = 0; i < 4; i++)
        text_release(&readers[i].answer);
    hearth_model_close(&model);
    tiny_model_free(&tiny);
}

TEST(missing_files_and_bad_options_are_errors_with_a_message)
{
    struct hearth_model *model;
    struct hearth_error err = { 0 };
    assert_false(hearth_model_open(&model, "/nonexistent/model.gguf", NULL, &err));
    assert_non_null(strstr(err.message, "/nonexistent/model.gguf"));
    struct tiny_model *tiny = new_model(64);
    model = open_model(tiny_model_path(tiny));
    struct hearth_session *session;
    struct hearth_session_options options = hearth_session_defaults();
    options.temperature = -1;
    assert_false(hearth_session_open(&session, model, &options, &err));
    assert_null(session);
    const char *const stops[] = { "" };
    options = hearth_session_defaults();
    options.stop = stops;
    options.n_stop = 1;
    assert_false(hearth_session_open(&session, model, &options, &err));
    hearth_model_close(&model);
    tiny_model_free(&tiny);
}

/* The answer to a prompt that repeats itself, with guesses or without. */
static void answer_with(struct hearth_model *model, int32_t n_draft, float temperature,
                        int64_t seed, int32_t n_predict, struct text *answer,
                        struct hearth_event *done)
{
    static const char *const stops[] = { "never said" };
    struct hearth_session_options options = hearth_session_defaults();
    options.n_draft = n_draft;
    options.temperature = temperature;
    options.seed = seed;
    options.n_predict = n_predict;
    options.frequency_penalty = seed % 2 ? 0.3f : 0;
    options.stop = stops;
    options.n_stop = 1;
    struct hearth_session *session = open_session(model, &options);
    text_clear(answer);
    ask(session, "abcabcabcabcabc", answer);
    *done =
        ask(session, "xyzxyzabcabc", answer); /* goes on after an answer whose end was guessed */
    hearth_session_close(&session);
}

TEST(guesses_never_change_an_answer)
{
    struct tiny_model *tiny = new_model(256);
    struct hearth_model *model = open_model(tiny_model_path(tiny));
    struct text with, without;
    text_init(&with, 1 << 20);
    text_init(&without, 1 << 20);
    for (int64_t seed = 0; seed < 24; seed++) {
        struct hearth_event a, b;
        float temperature = seed % 3 == 0 ? 0.0f : 0.4f;
        int32_t n_predict = 40 + (int32_t)seed;
        answer_with(model, 0, temperature, seed, n_predict, &without, &a);
        answer_with(model, seed % 4 == 0 ? 3 : -1, temperature, seed, n_predict, &with, &b);
        if (!slice_equal(text_slice(&with), text_slice(&without)))
            fail_msg("seed %d: '%s' with guesses, '%s' without", (int)seed, with.data,
                     without.data);
        assert_int_equal(a.answer_tokens, b.answer_tokens);
        assert_int_equal(a.context_tokens, b.context_tokens);
        assert_int_equal(a.reason, b.reason);
    }
    text_release(&with);
    text_release(&without);
    hearth_model_close(&model);
    tiny_model_free(&tiny);
}

/* A dictated answer of n tokens: its text, and what the sampler itself would have said. */
static struct guess_counts follow_script(struct hearth_session *session, int32_t n_draft,
                                         const token_id *tokens, size_t n_prompt, size_t n,
                                         token_id *own, struct text *answer)
{
    struct hearth_session_options options = hearth_session_defaults();
    struct hearth_error error = { 0 };
    struct hearth_event event;
    struct error err = { 0 };
    options.n_draft = n_draft;
    options.seed = 5;
    options.n_predict = (int32_t)n;
    assert_ok(hearth_session_configure(session, &options, &error), error);
    assert_ok(session_hold(session, tokens, n_prompt, &err), err);
    session_follow(session, tokens + n_prompt, own, n);
    text_clear(answer);
    do {
        assert_ok(hearth_session_next(session, &event, &error), error);
        if (event.kind == HEARTH_TEXT)
            assert_true(text_append(answer, event.text, event.length));
    } while (event.kind == HEARTH_TEXT);
    assert_int_equal(event.answer_tokens, n);
    assert_int_equal(event.context_tokens, n_prompt + n);
    return session_guesses(session);
}

TEST(a_dictated_answer_is_the_same_with_guesses_and_takes_fewer_steps)
{
    enum { PROMPT = 40, ANSWER = 60 };
    struct tiny_model *tiny = new_model(256);
    struct hearth_model *model = open_model(tiny_model_path(tiny));
    struct hearth_session_options options = hearth_session_defaults();
    struct hearth_session *session = open_session(model, &options);
    token_id tokens[PROMPT + ANSWER], own[2][ANSWER];
    for (size_t i = 0; i < PROMPT + ANSWER; i++) /* the answer repeats, and errs now and then */
        tokens[i] = (token_id)(i % 17 == 16 ? 150 + i : 100 + i % 20);
    struct text with, without;
    text_init(&with, 1 << 20);
    text_init(&without, 1 << 20);
    struct guess_counts plain = follow_script(session, 0, tokens, PROMPT, ANSWER, own[0], &without);
    struct guess_counts guessed = follow_script(session, -1, tokens, PROMPT, ANSWER, own[1], &with);
    assert_int_equal(plain.n_steps, ANSWER);
    assert_int_equal(plain.n_checked, 0);
    assert_true(guessed.n_true > 0);
    assert_int_equal(guessed.n_steps + guessed.n_true, ANSWER);
    assert_memory_equal(own[0], own[1], sizeof own[0]);
    assert_true(slice_equal(text_slice(&with), text_slice(&without)));
    struct error err = { 0 };
    assert_false(session_hold(session, tokens, 0, &err));
    hearth_session_close(&session);
    hearth_model_close(&model);
    tiny_model_free(&tiny);
    text_release(&with);
    text_release(&without);
}
