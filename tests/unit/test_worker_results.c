/* test_worker_results.c: requests to a worker that generate nothing. */
#include "test.h"

#include "worker_peer.h"

TEST(tokens_counts_and_prompts_are_told)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a, b, c;
    struct text request;
    open_worker(&p, ember, "");
    ask(&p, &a, 1, "{\"kind\":\"tokenize\",\"text\":\"The sea, the sea!\",\"with_pieces\":true}");
    const struct json *tokens = json_get(a.result, "tokens");
    assert_true(json_size(tokens) > 2);
    assert_int_equal(json_size(tokens), json_size(json_get(a.result, "pieces")));
    text_init(&request, 1 << 16);
    text_append_string(&request, "{\"kind\":\"detokenize\",\"tokens\":");
    json_write(&request, tokens);
    text_append_string(&request, "}");
    ask(&p, &b, 2, request.data);
    assert_string_equal(json_text(json_get(b.result, "text")).data, "The sea, the sea!");
    answer_release(&a);
    answer_release(&b);
    ask(&p, &a, 3, "{\"kind\":\"count\"," SAY("hello") "}");
    ask(&p, &b, 4, "{\"kind\":\"render\"," SAY("hello") "}");
    ask(&p, &c, 5, "{\"kind\":\"chat\"," SAY("hello") "," GREEDY "}");
    int64_t n = json_int(json_get(a.result, "prompt_tokens"), -1);
    assert_int_equal(n, json_size(json_get(b.result, "tokens")));
    assert_int_equal(n, started_number(&c, "prompt_tokens"));
    assert_non_null(strstr(json_text(json_get(b.result, "prompt")).data, "hello"));
    answer_release(&a);
    answer_release(&b);
    answer_release(&c);
    text_release(&request);
    assert_int_equal(close_worker(&p), 0);
}

/* Twelve texts, so that some are read in one step and some in several. */
static void write_inputs(struct text *out, size_t from, size_t end)
{
    text_clear(out);
    text_append_string(out, "{\"kind\":\"embed\",\"input\":[");
    for (size_t i = from; i < end; i++) {
        text_printf(out, "%s\"The text of number %zu", i > from ? "," : "", i);
        for (size_t k = 0; k < i * 20; k++)
            text_printf(out, " and %zu", k * 31 % 97);
        text_append_string(out, "\"");
    }
    text_append_string(out, "]}");
}

TEST(texts_are_embedded_alike_alone_and_together)
{
    enum { N_TEXTS = 12 };
    NEEDS_EMBER();
    struct peer p;
    struct answer all, one;
    struct text request;
    size_t n_tokens = 0;
    text_init(&request, 1 << 20);
    open_worker(&p, ember, "");
    write_inputs(&request, 0, N_TEXTS);
    ask(&p, &all, 1, request.data);
    assert_null(all.error);
    const struct json *vectors = json_get(all.result, "embeddings");
    assert_int_equal(json_size(vectors), N_TEXTS);
    for (size_t i = 0; i < N_TEXTS; i++) {
        write_inputs(&request, i, i + 1);
        ask(&p, &one, 2 + i, request.data);
        const struct json *vector = json_at(json_get(one.result, "embeddings"), 0);
        const struct json *same = json_at(vectors, i);
        assert_int_equal(json_size(vector),
                         json_int(json_get(json_get(p.ready, "info"), "n_embd"), -1));
        for (size_t k = 0; k < json_size(vector); k++)
            assert_true(json_number(json_at(vector, k), 1e9) == json_number(json_at(same, k), 0));
        assert_true(json_number(json_at(vector, 0), 0) != json_number(json_at(vector, 1), 0));
        n_tokens += (size_t)json_int(json_get(one.result, "prompt_tokens"), 0);
        answer_release(&one);
    }
    assert_int_equal(json_int(json_get(all.result, "prompt_tokens"), 0), n_tokens);
    answer_release(&all);
    text_release(&request);
    assert_int_equal(close_worker(&p), 0);
}

TEST(a_text_too_long_to_embed_is_refused_or_cut)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a, b;
    open_worker(&p, ember, "");
    ask(&p, &a, 1, "{\"kind\":\"embed\",\"n_ctx\":3,\"input\":[[5,6,7],[5,6,7,8]]}");
    assert_reason(&a, "context_length");
    answer_release(&a);
    ask(&p, &a, 2, "{\"kind\":\"embed\",\"n_ctx\":3,\"truncate\":true,\"input\":[[5,6,7,8]]}");
    ask(&p, &b, 3, "{\"kind\":\"embed\",\"input\":[[5,6,7]]}");
    assert_int_equal(json_int(json_get(a.result, "prompt_tokens"), 0), 3);
    assert_true(json_number(json_at(json_at(json_get(a.result, "embeddings"), 0), 7), 0) ==
                json_number(json_at(json_at(json_get(b.result, "embeddings"), 0), 7), 1));
    answer_release(&a);
    answer_release(&b);
    ask(&p, &a, 4, "{\"kind\":\"embed\",\"input\":[]}");
    assert_reason(&a, "invalid");
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}

TEST(a_dry_run_checks_all_and_answers_nothing)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    open_worker(&p, ember, "");
    ask(&p, &a, 1,
        "{\"kind\":\"generate\",\"prompt\":\"hi\",\"dry_run\":true,\"n\":3,\"format\":\"json\"}");
    assert_true(json_int(json_get(a.result, "prompt_tokens"), 0) > 0);
    assert_true(json_int(json_get(a.result, "n_ctx"), 0) > 0);
    assert_int_equal(json_int(json_get(a.result, "truncated_tokens"), -1), 0);
    assert_null(a.started);
    answer_release(&a);
    ask(&p, &a, 2, "{\"kind\":\"generate\",\"prompt\":\"hi\",\"dry_run\":true,\"n_ctx\":1}");
    assert_reason(&a, "context_length");
    answer_release(&a);
    ask(&p, &a, 3,
        "{\"kind\":\"generate\",\"prompt\":\"hi\",\"dry_run\":true,\"grammar\":\"root ::= (\"}");
    assert_reason(&a, "invalid");
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}
