/* test_worker_forms.c: what answers of a worker look like: calls, formats, logprobs, stop strings.
 */
#include "test.h"

#include "worker_peer.h"

TEST(tools_are_called_by_their_schema)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    open_worker(&p, ember, "");
    ask(&p, &a, 1,
        "{\"kind\":\"chat\",\"tool_choice\":\"required\"," WEATHER
        "," SAY("What is the weather in Oslo?") ",\"options\":{\"temperature\":0,\"num_predict\":"
                                                "200}}");
    assert_done(&a, "stop");
    const struct json *call = read_json(text_slice(&a.choices[0].calls));
    assert_string_equal(json_text(json_get(call, "name")).data, "get_weather");
    assert_true(json_text(json_get(json_get(call, "arguments"), "city")).length > 0);
    assert_true(json_text(json_get(call, "id")).length > 0);
    json_close(&call);
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}

TEST(a_format_holds)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    open_worker(&p, ember, "");
    ask(&p, &a, 1,
        "{\"kind\":\"chat\",\"n\":2,\"format\":{\"type\":\"object\",\"properties\":{\"color\":{"
        "\"enum\":"
        "[\"red\",\"blue\"]},\"size\":{\"type\":\"integer\"}},\"required\":[\"color\",\"size\"]}"
        "," STORY ",\"options\":{\"temperature\":1,\"seed\":3,\"num_predict\":60}}");
    for (size_t i = 0; i < 2; i++) {
        assert_non_null(a.choices[i].done);
        const struct json *object = read_json(text_slice(&a.choices[i].content));
        assert_int_equal(json_kind(json_get(object, "size")), JSON_KIND_INTEGER);
        assert_int_equal(json_kind(json_get(object, "color")), JSON_KIND_STRING);
        json_close(&object);
    }
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}

#define COLOR(names)                                                                             \
    "{\"kind\":\"chat\",\"n\":3,\"format\":{\"type\":\"object\",\"properties\":{\"color\":{"     \
    "\"enum\":[" names "]},\"words\":{\"type\":\"string\"}},\"required\":[\"color\",\"words\"]}" \
    "," STORY ",\"options\":{\"temperature\":1,\"seed\":11,\"num_predict\":60}}"

/* Ids of calls are another worker's own. */
static const char *name_and_arguments(const struct told *told)
{
    return told->calls.length ? strstr(told->calls.data, "\"name\"") : "";
}

/* What was made for one request is kept for others of the same form, and changes no answer. */
TEST(answers_of_one_form_are_the_same_with_a_kept_grammar)
{
    enum { N_CHOICES = 3, N_TIMES = 3 };
    static const char *const requests[] = { COLOR("\"red\",\"blue\""), COLOR("\"green\""),
                                            "{\"kind\":\"chat\",\"n\":3," WEATHER "," STORY
                                            "," GREEDY "}" };
    NEEDS_EMBER();
    struct answer fresh[COUNT_OF(requests)], later;
    struct peer p;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        open_worker(&p, ember, "");
        ask(&p, &fresh[i], 1, requests[i]);
        assert_int_equal(close_worker(&p), 0);
    }
    open_worker(&p, ember, "");
    for (size_t time = 0; time < N_TIMES; time++)
        for (size_t i = 0; i < COUNT_OF(requests); i++) {
            ask(&p, &later, 1 + time * COUNT_OF(requests) + i, requests[i]);
            for (size_t k = 0; k < N_CHOICES; k++) {
                const struct told *told = &later.choices[k], *first = &fresh[i].choices[k];
                assert_true(told->content.length + told->calls.length > 0);
                assert_true(slice_equal(text_slice(&told->content), text_slice(&first->content)));
                assert_string_equal(name_and_arguments(told), name_and_arguments(first));
            }
            answer_release(&later);
        }
    assert_int_equal(close_worker(&p), 0);
    for (size_t i = 0; i < COUNT_OF(requests); i++)
        answer_release(&fresh[i]);
}

TEST(logprobs_come_in_front_of_their_text)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    open_worker(&p, ember, "");
    ask(&p, &a, 1,
        "{\"kind\":\"chat\",\"logprobs\":2," SAY(
            "hi") ",\"options\":{\"temperature\":0,\"num_predict\":1}}");
    assert_done(&a, "length");
    const struct json *list = read_json(text_slice(&a.choices[0].logprobs)),
                      *one = json_at(list, 0);
    assert_int_equal(json_size(list), 1);
    assert_int_equal(json_size(json_get(one, "top")), 2);
    assert_true(json_number(json_get(one, "logprob"), 1) <= 0);
    assert_int_equal(json_size(json_get(one, "bytes")), json_text(json_get(one, "token")).length);
    assert_int_equal(json_int(json_get(one, "id"), -1),
                     json_int(json_get(json_at(json_get(one, "top"), 0), "id"), -2));
    json_close(&list);
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}

TEST(the_stop_string_that_ended_an_answer_is_told)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    open_worker(&p, ember, "");
    ask(&p, &a, 1,
        "{\"kind\":\"chat\"," SAY(
            "What is the capital of France?") ",\"options\":{\"temperature\":0,\"num_predict\":50,"
                                              "\"stop\":[\"xyzzy\",\"aris\"]}}");
    assert_done(&a, "stop");
    assert_string_equal(json_text(json_get(a.choices[0].done, "stop")).data, "aris");
    assert_null(strstr(content_of(&a, 0), "aris"));
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}
