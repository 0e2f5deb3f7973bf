/* test_worker_limits.c: what a worker does when context or pages run out. */
#include "test.h"

#include "worker_peer.h"

TEST(a_context_that_was_granted_is_the_longest)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    open_worker(&p, ember, "");
    send_frame(&p, FRAME_GRANT, 0, "{\"kv_bytes\":1000000000,\"n_ctx\":16}");
    ask(&p, &a, 1, "{\"kind\":\"chat\"," STORY "}");
    assert_reason(&a, "context_length");
    assert_int_equal(json_int(json_get(a.error, "n_ctx"), 0), 16);
    assert_true(json_int(json_get(a.error, "prompt_tokens"), 0) > 16);
    answer_release(&a);
    send_frame(&p, FRAME_GRANT, 0, "{\"kv_bytes\":1000000000,\"n_ctx\":512}");
    ask(&p, &a, 2, "{\"kind\":\"chat\"," STORY "," GREEDY "}");
    assert_null(a.error);
    assert_int_equal(started_number(&a, "n_ctx"), 512);
    answer_release(&a);
    ask(&p, &a, 3, "{\"kind\":\"chat\",\"n_ctx\":64," STORY "}");
    assert_int_equal(started_number(&a, "n_ctx"), 64);
    assert_true(done_number(&a, 0, "answer_tokens") < 64);
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}

/* Grants of so many pages. */
static void grant_pages(struct peer *p, int64_t n_pages)
{
    char grant[200];
    int64_t page = json_int(json_get(json_get(p->ready, "plan"), "kv_page_bytes"), 0);
    snprintf(grant, sizeof grant, "{\"kv_bytes\":%" PRId64 ",\"n_ctx\":0}", n_pages * page);
    send_frame(p, FRAME_GRANT, 0, grant);
}

TEST(what_can_never_fit_is_refused_with_the_numbers)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    struct text question;
    text_init(&question, 1 << 16);
    open_worker(&p, ember, "");
    grant_pages(&p, 3);
    write_question(&question, 6); /* over 500 tokens */
    ask(&p, &a, 1, question.data);
    assert_reason(&a, "memory");
    answer_release(&a);
    ask(&p, &a, 2, HELLO);
    assert_done(&a, "stop");
    answer_release(&a);
    text_release(&question);
    assert_int_equal(close_worker(&p), 0);
}

enum { N_CROWD = 12 };

TEST(pages_that_run_out_go_round)
{
    NEEDS_EMBER();
    struct peer p;
    static struct answer alone[N_CROWD], crowd[N_CROWD];
    struct text question;
    text_init(&question, 1 << 16);
    open_worker(&p, ember, "");
    for (size_t round = 0; round < 2; round++) {
        struct answer *answers = round ? crowd : alone;
        if (round)
            grant_pages(&p, 9); /* all of them want some forty */
        for (size_t i = 0; i < N_CROWD; i++) {
            text_clear(&question);
            text_printf(&question,
                        "{\"kind\":\"generate\",\"raw\":true,\"prompt\":\"%zu times upon a time\","
                        "\"options\":{\"temperature\":0,\"num_predict\":120}}",
                        i);
            answer_init(&answers[i], round * 100 + i + 1);
            send_frame(&p, FRAME_REQUEST, answers[i].request, question.data);
        }
        await_all(&p, answers, N_CROWD);
    }
    for (size_t i = 0; i < N_CROWD; i++) {
        assert_null(crowd[i].error);
        assert_true(alone[i].choices[0].content.length > 0);
        assert_string_equal(content_of(&alone[i], 0), content_of(&crowd[i], 0));
        answer_release(&alone[i]);
        answer_release(&crowd[i]);
    }
    text_release(&question);
    assert_int_equal(close_worker(&p), 0);
}
