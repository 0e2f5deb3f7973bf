/* test_worker.c: answers of a whole worker, alone and together. */
#include "test.h"

#include "worker_peer.h"

TEST(a_chat_is_answered)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    open_worker(&p, ember, "");
    assert_non_null(p.ready);
    assert_true(json_int(json_get(json_get(p.ready, "plan"), "kv_page_bytes"), 0) > 0);
    ask(&p, &a, 7, HELLO);
    assert_done(&a, "stop");
    assert_non_null(strstr(content_of(&a, 0), "Paris"));
    assert_true(started_number(&a, "prompt_tokens") > 4);
    assert_int_equal(started_number(&a, "truncated_tokens"), 0);
    assert_true(done_number(&a, 0, "answer_tokens") > 0);
    assert_true(done_number(&a, 0, "first_token_ns") > 0);
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}

enum { N_TOGETHER = 32 };

TEST(answers_are_the_same_in_any_company)
{
    NEEDS_EMBER();
    struct peer p;
    static struct answer alone[N_TOGETHER], together[N_TOGETHER];
    struct text question;
    text_init(&question, 1 << 20);
    open_worker(&p, ember, "");
    for (size_t i = 0; i < N_TOGETHER; i++) {
        write_question(&question, i);
        ask(&p, &alone[i], i + 1, question.data);
    }
    for (size_t i = 0; i < N_TOGETHER; i++) {
        write_question(&question, i);
        answer_init(&together[i], 100 + i);
        send_frame(&p, FRAME_REQUEST, 100 + i, question.data);
    }
    await_all(&p, together, N_TOGETHER);
    for (size_t i = 0; i < N_TOGETHER; i++) {
        assert_null(together[i].error);
        assert_true(alone[i].choices[0].content.length > 0);
        assert_string_equal(content_of(&alone[i], 0), content_of(&together[i], 0));
        answer_release(&alone[i]);
        answer_release(&together[i]);
    }
    text_release(&question);
    assert_int_equal(close_worker(&p), 0);
}

/* Short prompts that begin alike: many are read to their end in one step. */
TEST(many_prompts_may_end_at_once)
{
    NEEDS_EMBER();
    struct peer p;
    static struct answer answers[N_TOGETHER];
    char question[300];
    open_worker(&p, ember, "");
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < N_TOGETHER; i++) {
            answer_init(&answers[i], round * 100 + i + 1);
            snprintf(
                question, sizeof question,
                "{\"kind\":\"generate\",\"raw\":true,\"client\":\"%zu\",\"prompt\":\"Story %zu: "
                "once upon a time\",\"options\":{\"temperature\":1,\"seed\":1,\"num_predict\":8}}",
                i, i);
            send_frame(&p, FRAME_REQUEST, answers[i].request, question);
        }
        await_all(&p, answers, N_TOGETHER);
        for (size_t i = 0; i < N_TOGETHER; i++) {
            if (answers[i].error)
                fail_msg("%s", json_text(json_get(answers[i].error, "message")).data);
            assert_non_null(answers[i].choices[0].done);
            answer_release(&answers[i]);
        }
    }
    assert_int_equal(close_worker(&p), 0);
}

TEST(a_prompt_has_many_choices_with_seeds_one_after_another)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer all, third;
    open_worker(&p, ember, "");
    ask(&p, &all, 1,
        "{\"kind\":\"chat\",\"n\":3," STORY
        ",\"options\":{\"seed\":5,\"temperature\":1,\"num_predict\":16}}");
    ask(&p, &third, 2,
        "{\"kind\":\"chat\"," STORY
        ",\"options\":{\"seed\":7,\"temperature\":1,\"num_predict\":16}}");
    for (size_t i = 0; i < 3; i++) {
        assert_non_null(all.choices[i].done);
        assert_true(all.choices[i].content.length > 0);
    }
    assert_string_equal(content_of(&all, 2), content_of(&third, 0));
    assert_string_not_equal(content_of(&all, 0), content_of(&all, 1));
    answer_release(&all);
    answer_release(&third);
    assert_int_equal(close_worker(&p), 0);
}

TEST(a_text_is_gone_on_with)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a, more;
    open_worker(&p, ember, "");
    ask(&p, &a, 1,
        "{\"kind\":\"generate\",\"prompt\":\"Once upon a "
        "time\",\"raw\":true,\"returns_context\":true," GREEDY "}");
    assert_done(&a, "length");
    const struct json *context = json_get(a.choices[0].done, "context");
    assert_int_equal(json_size(context), started_number(&a, "prompt_tokens") + 24);
    struct text next;
    text_init(&next, 1 << 20);
    text_append_string(&next,
                       "{\"kind\":\"generate\",\"prompt\":\" And then\",\"raw\":true,\"context\":");
    json_write(&next, context);
    text_append_string(&next, "," GREEDY "}");
    ask(&p, &more, 2, next.data);
    assert_done(&more, "length");
    assert_true(started_number(&more, "prompt_tokens") > (int64_t)json_size(context));
    text_release(&next);
    answer_release(&a);
    answer_release(&more);
    assert_int_equal(close_worker(&p), 0);
}
