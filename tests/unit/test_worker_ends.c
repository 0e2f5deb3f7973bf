/* test_worker_ends.c: how requests and workers end: models that are none, streams without sense,
 * cancelling. */
#include "test.h"

#include "worker_peer.h"

TEST(a_model_that_is_none_is_refused)
{
    struct peer p;
    open_worker(&p, "/nowhere/at/all.gguf", "");
    assert_null(p.ready);
    assert_non_null(strstr(json_text(json_get(p.refused, "message")).data, "/nowhere/at/all.gguf"));
    assert_int_equal(close_worker(&p), 1);
}

TEST(a_stream_that_makes_no_sense_ends_the_worker)
{
    static const char heads[][FRAME_HEAD_BYTES + 1] = {
        "\xff\xff\xff\xff\x03\0\0\0\1\0\0\0\0\0\0\0", /* 4 GB */
        "\0\0\0\0\x63\0\0\0\1\0\0\0\0\0\0\0",         /* no such kind */
        "\0\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0",         /* a grant without JSON */
    };
    struct frame frame;
    NEEDS_EMBER();
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        struct peer p;
        open_worker(&p, ember, "");
        send_bytes(&p, heads[i], FRAME_HEAD_BYTES);
        assert_false(next_frame(&p, &frame));
        assert_int_equal(close_worker(&p), 1);
        start_worker(&p);
        send_bytes(&p, heads[i], FRAME_HEAD_BYTES);
        assert_false(next_frame(&p, &frame));
        assert_int_equal(close_worker(&p), 1);
    }
}

TEST(answers_that_nobody_reads_hold_nobody_up)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    open_worker(&p, ember, "");
    for (size_t i = 0; i < 40; i++) /* more than fits into a socket */
        send_frame(&p, FRAME_REQUEST, 1000 + i,
                   "{\"kind\":\"chat\",\"logprobs\":20," STORY
                   ",\"options\":{\"temperature\":0,\"num_predict\":30}}");
    answer_init(&a, 1);
    send_frame(&p, FRAME_REQUEST, 1, HELLO);
    usleep(300000);
    await_all(&p, &a, 1);
    assert_done(&a, "stop");
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}

TEST(a_cancelled_answer_ends_soon)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    open_worker(&p, ember, "");
    answer_init(&a, 3);
    send_frame(&p, FRAME_REQUEST, 3,
               "{\"kind\":\"generate\",\"prompt\":\"Once\",\"raw\":true,"
               "\"options\":{\"temperature\":1,\"seed\":1,\"repeat_penalty\":1.5}}");
    while (!a.choices[0].content.length)
        receive(&p, &a, 1);
    send_frame(&p, FRAME_CANCEL, 3, "");
    await_all(&p, &a, 1);
    assert_done(&a, "cancelled");
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}

/* Twelve million letters: seconds of work for the tokenizer. */
static void write_huge(struct text *out)
{
    text_append_string(out, "{\"kind\":\"tokenize\",\"text\":\"");
    for (size_t i = 0; i < 2000000; i++)
        text_printf(out, "%05zu ", i * 7919 % 100000);
    text_append_string(out, "\"}");
}

/* Both threads that prepare are busy; who is cancelled does not keep them. */
TEST(what_is_cancelled_while_it_is_prepared_ends_soon)
{
    NEEDS_EMBER();
    enum { N_HUGE = 2 };
    struct peer p;
    struct answer whole, a[N_HUGE + 1];
    struct text huge;
    text_init(&huge, 1 << 24);
    write_huge(&huge);
    open_worker(&p, ember, "");
    uint64_t start = clock_ns();
    ask(&p, &whole, 1, huge.data);
    uint64_t whole_ns = clock_ns() - start;
    assert_non_null(whole.result);
    for (size_t i = 0; i < N_HUGE; i++) {
        answer_init(&a[i], 2 + i);
        send_frame(&p, FRAME_REQUEST, 2 + i, huge.data);
    }
    usleep((useconds_t)(whole_ns / 4 / 1000));
    start = clock_ns();
    for (size_t i = 0; i < N_HUGE; i++)
        send_frame(&p, FRAME_CANCEL, 2 + i, "");
    answer_init(&a[N_HUGE], 9);
    send_frame(&p, FRAME_REQUEST, 9, "{\"kind\":\"tokenize\",\"text\":\"hi\"}");
    await_all(&p, a, N_HUGE + 1);
    assert_true(clock_ns() - start < whole_ns / 2);
    assert_non_null(a[N_HUGE].result);
    for (size_t i = 0; i < N_HUGE; i++) {
        assert_null(a[i].error);
        assert_null(a[i].result);
        answer_release(&a[i]);
    }
    answer_release(&a[N_HUGE]);
    answer_release(&whole);
    text_release(&huge);
    assert_int_equal(close_worker(&p), 0);
}

TEST(a_worker_ends_with_its_server)
{
    NEEDS_EMBER();
    struct peer p;
    open_worker(&p, ember, "");
    send_frame(&p, FRAME_REQUEST, 1, "{\"kind\":\"generate\",\"prompt\":\"Once\",\"raw\":true}");
    send_frame(&p, FRAME_REQUEST, 2, "{\"kind\":\"generate\",\"prompt\":\"Once\",\"raw\":true}");
    assert_int_equal(close_worker(&p), 0);
}

TEST(what_makes_no_sense_is_refused)
{
    NEEDS_EMBER();
    static const char *const requests[] = {
        "",
        "{",
        "[]",
        "{\"kind\":\"dance\"}",
        "{\"kind\":\"chat\"}",
        "{\"kind\":\"chat\",\"messages\":[]}",
        "{\"kind\":\"chat\",\"messages\":[{\"role\":\"clown\",\"content\":\"\"}]}",
        "{\"kind\":\"chat\",\"n\":0," SAY("hi") "}",
        "{\"kind\":\"chat\",\"format\":\"xml\"," SAY("hi") "}",
        "{\"kind\":\"chat\",\"format\":{\"type\":\"number\",\"multipleOf\":0}," SAY("hi") "}",
        "{\"kind\":\"chat\",\"grammar\":\"root ::= (\"," SAY("hi") "}",
        "{\"kind\":\"chat\",\"options\":{\"temperature\":\"hot\"}," SAY("hi") "}",
        "{\"kind\":\"chat\",\"logprobs\":21," SAY("hi") "}",
        "{\"kind\":\"chat\",\"logit_bias\":{\"99999999\":1}," SAY("hi") "}",
        "{\"kind\":\"generate\",\"prompt\":\"\",\"raw\":true,\"template\":\"x\"}",
        "{\"kind\":\"generate\",\"prompt\":\"a\",\"context\":[-1]}",
        "{\"kind\":\"detokenize\",\"tokens\":[1,\"x\"]}",
    };
    struct peer p;
    open_worker(&p, ember, "");
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct answer a;
        ask(&p, &a, i + 1, requests[i]);
        assert_reason(&a, "invalid");
        assert_null(a.started);
        answer_release(&a);
    }
    assert_int_equal(close_worker(&p), 0);
}
