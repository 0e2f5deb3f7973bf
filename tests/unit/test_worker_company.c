/* test_worker_company.c: requests to a worker that share its steps, prefixes and pages. */
#include "test.h"

#include "tiny_model.h"
#include "worker_peer.h"

TEST(a_prompt_that_was_read_is_not_read_again)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a, b;
    struct text question;
    text_init(&question, 1 << 20);
    open_worker(&p, ember, "");
    write_question(&question, 5);
    ask(&p, &a, 1, question.data);
    ask(&p, &b, 2, question.data);
    assert_int_equal(started_number(&a, "cached_tokens"), 0);
    assert_true(started_number(&b, "cached_tokens") + 64 >= started_number(&b, "prompt_tokens"));
    assert_string_equal(content_of(&a, 0), content_of(&b, 0));
    while (!p.state || json_int(json_get(p.state, "kv_cached_bytes"), 0) == 0)
        receive(&p, &b, 1);
    answer_release(&a);
    answer_release(&b);
    text_release(&question);
    assert_int_equal(close_worker(&p), 0);
}

/* A prompt of about n words. */
static void write_long(struct text *out, size_t n, const char *client)
{
    text_clear(out);
    text_printf(out, "{\"kind\":\"generate\",\"raw\":true,\"client\":\"%s\",\"prompt\":\"", client);
    for (size_t i = 0; i < n; i++)
        text_printf(out, "%zu ", i * 7919 % 1000);
    text_append_string(out, "\"," GREEDY "}");
}

/* A model that takes a while to read what its context holds. */
static struct tiny_model *new_slow_model(void)
{
    struct tiny_model *model;
    struct error err = { 0 };
    struct tiny_options options = tiny_defaults();
    options.n_vocab = 300;
    options.n_ctx = 16384;
    options.n_layers = 8;
    options.has_tokenizer = true;
    assert_ok(tiny_model_new(&model, &options, &err), err);
    return model;
}

static int64_t state_number(const struct peer *p, const char *name)
{
    return json_int(json_get(p->state, name), -1);
}

TEST(a_cancelled_prompt_gives_its_pages_back)
{
    struct peer p;
    struct answer a;
    struct text question;
    struct tiny_model *model = new_slow_model();
    text_init(&question, 1 << 20);
    open_worker(&p, tiny_model_path(model), "");
    answer_init(&a, 9);
    write_long(&question, 2500, "a"); /* a letter is a token */
    send_frame(&p, FRAME_REQUEST, 9, question.data);
    while (!a.started && !a.is_over)
        receive(&p, &a, 1);
    send_frame(&p, FRAME_CANCEL, 9, "");
    uint64_t cancelled_ns = clock_ns();
    await_all(&p, &a, 1);
    assert_done(&a, "cancelled");
    assert_true(a.ended_ns - cancelled_ns < 2000000000);
    assert_int_equal(done_number(&a, 0, "answer_tokens"), 0);
    while (!p.state || state_number(&p, "n_running") != 0)
        receive(&p, &a, 1);
    assert_int_equal(state_number(&p, "kv_used_bytes"), 0);
    assert_true(state_number(&p, "kv_allocated_bytes") > 0);
    answer_release(&a);
    text_release(&question);
    assert_int_equal(close_worker(&p), 0);
    tiny_model_free(&model);
}

TEST(a_short_question_does_not_wait_for_long_ones_of_others)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a[4];
    struct text question;
    text_init(&question, 1 << 20);
    open_worker(&p, ember, "");
    for (size_t i = 0; i < 3; i++) {
        answer_init(&a[i], i + 1);
        write_long(&question, 400, "a");
        send_frame(&p, FRAME_REQUEST, i + 1, question.data);
    }
    while (!a[0].started && !a[1].started && !a[2].started && !a[0].is_over)
        receive(&p, a, 3);
    answer_init(&a[3], 4);
    send_frame(&p, FRAME_REQUEST, 4,
               "{\"kind\":\"generate\",\"raw\":true,\"client\":\"b\",\"prompt\":\"hi\"," GREEDY
               "}");
    await_all(&p, a, 4);
    size_t n_later = 0;
    for (size_t i = 0; i < 3; i++)
        n_later += a[i].ended_ns > a[3].ended_ns;
    assert_true(n_later >= 2);
    for (size_t i = 0; i < 4; i++)
        answer_release(&a[i]);
    text_release(&question);
    assert_int_equal(close_worker(&p), 0);
}

TEST(n_parallel_limits_who_runs)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a[3];
    open_worker(&p, ember, "\"n_parallel\":1");
    for (size_t i = 0; i < 3; i++) {
        answer_init(&a[i], i + 1);
        send_frame(&p, FRAME_REQUEST, i + 1, "{\"kind\":\"chat\"," STORY "," GREEDY "}");
    }
    await_all(&p, a, 3);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 3; k++)
            assert_true(i == k || a[i].ended_ns <= a[k].started_ns ||
                        a[k].ended_ns <= a[i].started_ns);
    for (size_t i = 0; i < 3; i++)
        answer_release(&a[i]);
    assert_int_equal(close_worker(&p), 0);
}
