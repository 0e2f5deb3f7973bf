/* test_openai_completion.c: bodies of /v1/completions become the worker's requests, and a task's
 * events the bytes that clients get. */
#include "test.h"

#include "base/memory.h"
#include "openai_events.h"
#include "server/openai/openai_completion_reply.h"
#include "server/openai/openai_completion_request.h"

/* ---- requests ---- */

static void expect(const char *fields, const char *prompt, const char *want)
{
    char source[2048];
    struct openai_completion_request completion;
    struct openai_problem problem = { 0 };
    snprintf(source, sizeof source, "{\"model\":\"m\",\"prompt\":%s%s}", prompt, fields);
    const struct json *body = told_json(source);
    assert_ok(openai_completion_request_read(&completion, body, slice_of("me"), &problem),
              problem.error);
    struct text all;
    text_init(&all, 10000);
    for (size_t i = 0; i < completion.n_prompts; i++)
        assert_true(text_append_slice(&all, text_slice(&completion.requests[i])) &&
                    text_append_byte(&all, '\n'));
    assert_string_equal(all.data, want);
    text_release(&all);
    openai_completion_request_release(&completion);
    json_close(&body);
}

static void refuse(const char *fields, const char *param, const char *words)
{
    char source[1 << 15];
    struct openai_completion_request completion;
    struct openai_problem problem = { 0 };
    snprintf(source, sizeof source, "{\"model\":\"m\",%s}", fields);
    const struct json *body = told_json(source);
    assert_false(openai_completion_request_read(&completion, body, slice_of("me"), &problem));
    assert_string_equal(problem.param, param);
    if (!strstr(problem.error.message, words))
        fail_msg("'%s' does not have '%s'", problem.error.message, words);
    openai_completion_request_release(&completion);
    json_close(&body);
}

#define HEAD        "{\"kind\":\"generate\",\"client\":\"me\","
#define OPTIONS     "\"options\":{\"temperature\":1,\"top_p\":1}"
#define NOT_CUT_OFF "\"truncate\":false,"

TEST(a_prompt_goes_to_the_model_as_it_is)
{
    expect("", "\"once \\\"\"",
           HEAD NOT_CUT_OFF OPTIONS ",\"prompt\":\"once \\\"\",\"raw\":true}\n");
    expect("", "[1,2,3]",
           HEAD NOT_CUT_OFF OPTIONS ",\"prompt\":\"\",\"context\":[1,2,3],\"raw\":true}\n");
    expect(",\"suffix\":\"end\"", "\"begin\"",
           HEAD NOT_CUT_OFF OPTIONS ",\"prompt\":\"begin\",\"suffix\":\"end\"}\n");
}

TEST(each_prompt_has_a_request)
{
    expect(",\"n\":2,\"logprobs\":3,\"logit_bias\":{\"1\":2},\"best_of\":2,\"max_tokens\":4",
           "[\"a\",\"b\"]",
           HEAD "\"n\":2,\"logprobs\":3,\"logit_bias\":{\"1\":2}," NOT_CUT_OFF
                "\"options\":{\"num_predict\":4,\"temperature\":1,\"top_p\":1},\"prompt\":\"a\","
                "\"raw\":true}\n" HEAD
                "\"n\":2,\"logprobs\":3,\"logit_bias\":{\"1\":2}," NOT_CUT_OFF
                "\"options\":{\"num_predict\":4,\"temperature\":1,\"top_p\":1},\"prompt\":\"b\","
                "\"raw\":true}\n");
    expect("", "[[1],\"b\"]",
           HEAD NOT_CUT_OFF OPTIONS
           ",\"prompt\":\"\",\"context\":[1],\"raw\":true}\n" HEAD NOT_CUT_OFF OPTIONS
           ",\"prompt\":\"b\",\"raw\":true}\n");
}

TEST(what_is_no_prompt_is_refused)
{
    const char *const prompts[] = { "\"prompt\":[]",      "\"prompt\":{\"a\":1}", "\"prompt\":5",
                                    "\"prompt\":[[]]",    "\"prompt\":[1,\"a\"]", "\"prompt\":[-1]",
                                    "\"prompt\":[[1.5]]", "\"prompt\":null",      "\"echo\":true" };
    for (size_t i = 0; i < COUNT_OF(prompts); i++)
        refuse(prompts[i], "prompt", "a string, tokens, or an array");
    char many[4096] = "\"prompt\":[\"a\"";
    for (int i = 0; i < 128; i++)
        strcat(many, ",\"a\"");
    refuse(strcat(many, "]"), "prompt", "129");
}

TEST(what_completions_cannot_do_is_named)
{
    refuse("\"prompt\":\"a\",\"best_of\":2", "best_of", "'n'");
    refuse("\"prompt\":[1],\"echo\":true", "echo", "tokens");
    refuse("\"prompt\":\"a\",\"echo\":true,\"logprobs\":0", "echo", "logprobs");
    refuse("\"prompt\":[1],\"suffix\":\"a\"", "suffix", "tokens");
    refuse("\"prompt\":\"a\",\"logprobs\":true", "logprobs", "bool");
}

/* ---- replies ---- */

#define STARTED                                                            \
    {                                                                      \
        TASK_STARTED, "{\"prompt_tokens\":9,\"cached_tokens\":4}", NULL, 0 \
    }
#define DONE(choice)                                                                          \
    {                                                                                         \
        TASK_DONE, "{\"reason\":\"stop\",\"stop\":\"END\",\"answer_tokens\":5}", NULL, choice \
    }
#define END                     \
    {                           \
        TASK_END, NULL, NULL, 0 \
    }
#define OBJECT                                                                                     \
    "{\"id\":\"cmpl-1\",\"object\":\"text_completion\",\"created\":1700000000,\"model\":\"m:7b\"," \
    "\"system_fingerprint\":\"fp_hearth\",\"choices\":["

static struct response *told_with(bool is_streaming, bool includes_usage, const char *echo,
                                  uint32_t n_choices, const struct told *events)
{
    struct openai_answer_settings settings = { .id = "cmpl-1",
                                               .created = 1700000000,
                                               .model = slice_of("m:7b"),
                                               .is_streaming = is_streaming,
                                               .includes_usage = includes_usage,
                                               .prompt_field = "prompt" };
    struct openai_completion_reply *reply = openai_completion_reply_new(&settings, n_choices);
    for (uint32_t i = 0; i < n_choices; i++)
        assert_true(openai_completion_reply_echo(reply, i, slice_of(echo)));
    struct response *response = response_new();
    tell_all(openai_completion_reply_tell, reply, events, response);
    openai_completion_reply_release(reply);
    return response;
}

static const char LOGPROBS[] =
    "[{\"token\":\"\xc3\xa9\",\"id\":5,\"logprob\":-0.5,\"bytes\":[195,169],\"top\":["
    "{\"token\":\"\xc3\xa9\",\"id\":5,\"logprob\":-0.5,\"bytes\":[195,169]},{\"token\":\"K\","
    "\"id\":"
    "7,\"logprob\":-2,\"bytes\":[75]},{\"token\":\"K\",\"id\":8,\"logprob\":-3,\"bytes\":[75]}]},"
    "{\"token\":\"i\",\"id\":8,\"logprob\":-4,\"bytes\":[105],\"top\":[]}]";

#define TOLD_LOGPROBS                                                                              \
    "\"logprobs\":{\"tokens\":[\"\xc3\xa9\",\"i\"],\"token_logprobs\":[-0.5,-4],\"top_logprobs\":" \
    "[{\"\xc3\xa9\":-0.5,\"K\":-2},{\"i\":-4}],\"text_offset\":[2,3]}"

TEST(a_whole_completion_has_the_prompt_and_probabilities)
{
    const struct told events[] = { STARTED,
                                   { TASK_LOGPROBS, LOGPROBS, NULL, 0 },
                                   { TASK_CONTENT, NULL, "\xc3\xa9i", 0 },
                                   DONE(0),
                                   END };
    struct response *response = told_with(false, false, "\xc3\xa4:", 1, events);
    assert_string_equal(
        taken(response),
        OBJECT "{\"text\":\"\xc3\xa4:\xc3\xa9i\",\"index\":0," TOLD_LOGPROBS ",\"finish_reason\":"
               "\"stop\",\"stop_reason\":\"END\"}],\"usage\":{\"prompt_tokens\":9,"
               "\"completion_tokens\":5,\"total_tokens\":14,\"prompt_tokens_details\":{"
               "\"cached_tokens\":4},\"completion_tokens_details\":{\"reasoning_tokens\":0}}}");
    response_drop(&response);
}

TEST(a_streamed_completion_has_an_event_for_each_text)
{
    const struct told events[] = { STARTED, { TASK_CONTENT, NULL, "b", 1 }, DONE(1),
                                   STARTED, { TASK_CONTENT, NULL, "a", 0 }, DONE(0),
                                   END };
    struct response *response = told_with(true, true, "p", 2, events);
#define CHOICE(text, index, end) \
    "data: " OBJECT "{\"text\":\"" text "\",\"index\":" index ",\"logprobs\":null," end "}]"
#define GOES_ON "\"finish_reason\":null"
#define STOP    "\"finish_reason\":\"stop\",\"stop_reason\":\"END\""
#define NO_USE  ",\"usage\":null}\n\n"
    assert_string_equal(taken(response),
                        CHOICE("p", "0", GOES_ON) NO_USE CHOICE("p", "1", GOES_ON)
                            NO_USE CHOICE("b", "1", GOES_ON) NO_USE CHOICE("", "1", STOP)
                                NO_USE CHOICE("a", "0", GOES_ON) NO_USE CHOICE("", "0", STOP) NO_USE
                        "data: " OBJECT
                        "],\"usage\":{\"prompt_tokens\":18,\"completion_tokens\":10,"
                        "\"total_tokens\":28,\"prompt_tokens_details\":{\"cached_tokens\":8},"
                        "\"completion_tokens_details\":{\"reasoning_tokens\":0}}}\n\n"
                        "data: [DONE]\n\n");
    response_drop(&response);
}

TEST(a_failed_completion_is_an_error)
{
    const struct told early[] = { { TASK_FAILED, NULL, "insert", 0 }, END },
                      late[] = { STARTED, { TASK_FAILED, NULL, "memory", 0 }, END };
    struct response *response = told_with(false, false, "", 1, early);
    assert_int_equal(response_status(response), 400);
    assert_non_null(strstr(taken(response), "\"param\":\"suffix\""));
    response_drop(&response);
    response = told_with(true, false, "", 1, late);
    assert_string_equal(taken(response),
                        "data: {\"error\":{\"message\":\"because of the test\",\"type\":"
                        "\"api_error\",\"param\":null,\"code\":\"insufficient_memory\"}}\n\n");
    response_drop(&response);
}

TEST(every_failing_allocation_ends_a_completion)
{
    const struct told events[] = {
        STARTED, { TASK_LOGPROBS, LOGPROBS, NULL, 0 }, { TASK_CONTENT, NULL, "b", 0 }, DONE(0), END
    };
    struct openai_answer_settings settings = { .id = "cmpl-1", .model = slice_of("m") };
    for (int64_t n = 0; n < 40; n++) {
        struct response *response = response_new();
        memory_fail_after(n);
        struct openai_completion_reply *reply = openai_completion_reply_new(&settings, 1);
        if (reply)
            tell_all(openai_completion_reply_tell, reply, events, response);
        memory_fail_after(-1);
        openai_completion_reply_release(reply);
        response_drop(&response);
    }
}
