/* test_openai_chat_reply.c: the bytes that clients of /v1/chat/completions get for a task's events.
 */
#include "test.h"

#include "base/memory.h"
#include "openai_events.h"
#include "server/openai/openai_chat_reply.h"

#define STARTED                                                            \
    {                                                                      \
        TASK_STARTED, "{\"prompt_tokens\":9,\"cached_tokens\":4}", NULL, 0 \
    }
#define END                     \
    {                           \
        TASK_END, NULL, NULL, 0 \
    }
#define DONE(reason)                                                                              \
    {                                                                                             \
        TASK_DONE, "{\"reason\":\"" reason "\",\"answer_tokens\":5,\"thinking_tokens\":2}", NULL, \
            0                                                                                     \
    }
#define USAGE                                                                     \
    "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":5,\"total_tokens\":14," \
    "\"prompt_tokens_details\":{\"cached_tokens\":4},"                            \
    "\"completion_tokens_details\":{\"reasoning_tokens\":2}}"
#define HEAD(object)                                                                              \
    "{\"id\":\"chatcmpl-1\",\"object\":\"" object "\",\"created\":1700000000,\"model\":\"m:7b\"," \
    "\"system_fingerprint\":\"fp_hearth\","

static struct openai_answer_settings settings(bool is_streaming)
{
    return (struct openai_answer_settings){ .id = "chatcmpl-1",
                                            .created = 1700000000,
                                            .model = slice_of("m:7b"),
                                            .is_streaming = is_streaming,
                                            .prompt_field = "messages" };
}

static struct response *told_with(struct openai_answer_settings s, uint32_t n_choices,
                                  const struct told *events)
{
    struct openai_chat_reply *reply = openai_chat_reply_new(&s, n_choices);
    struct response *response = response_new();
    tell_all(openai_chat_reply_tell, reply, events, response);
    openai_chat_reply_release(reply);
    return response;
}

static void expect_whole(const struct told *events, const char *want)
{
    struct response *response = told_with(settings(false), 1, events);
    assert_string_equal(taken(response), want);
    assert_int_equal(response_status(response), 200);
    assert_string_equal(response_content_type(response), "application/json");
    assert_true(response_is_over(response));
    response_drop(&response);
}

static void expect_stream(struct openai_answer_settings s, uint32_t n_choices,
                          const struct told *events, const char *want)
{
    struct response *response = told_with(s, n_choices, events);
    assert_string_equal(taken(response), want);
    assert_int_equal(response_status(response), 200);
    assert_string_equal(response_content_type(response), "text/event-stream");
    response_drop(&response);
}

TEST(a_whole_answer_has_content_and_usage)
{
    const struct told events[] = { STARTED,
                                   { TASK_CONTENT, NULL, "Hello \"", 0 },
                                   { TASK_CONTENT, NULL, "you\n", 0 },
                                   DONE("stop"),
                                   END };
    expect_whole(events, HEAD("chat.completion") "\"choices\":[{\"index\":0,\"message\":{\"role\":"
                                                 "\"assistant\",\"content\":\"Hello \\\"you\\n\","
                                                 "\"refusal\":null},\"logprobs\":null,"
                                                 "\"finish_reason\":\"stop\"}]," USAGE "}");
}

TEST(thinking_has_both_names_and_calls_have_arguments_as_text)
{
    const struct told events[] = {
        STARTED,
        { TASK_THINKING, NULL, "hm", 0 },
        { TASK_CALL,
          "{\"index\":0,\"id\":\"call_1\",\"name\":\"f\",\"arguments\":{\"z\":1,\"a\":\"\"}}", NULL,
          0 },
        { TASK_CALL, "{\"index\":1,\"id\":\"call_2\",\"name\":\"g\",\"arguments\":{}}", NULL, 0 },
        DONE("stop"),
        END
    };
    expect_whole(
        events,
        HEAD("chat.completion") "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
                                "\"content\":null,\"refusal\":null,\"reasoning\":\"hm\","
                                "\"reasoning_content\":\"hm\",\"tool_calls\":[{\"index\":0,\"id\":"
                                "\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"f\","
                                "\"arguments\":\"{\\\"z\\\":1,\\\"a\\\":\\\"\\\"}\"}},"
                                "{\"index\":1,\"id\":\"call_2\",\"type\":\"function\",\"function\":"
                                "{\"name\":\"g\",\"arguments\":\"{}\"}}]},\"logprobs\":null,"
                                "\"finish_reason\":\"tool_calls\"}]," USAGE "}");
}

static void expect_end(const char *done, const char *want)
{
    const struct told events[] = { STARTED, { TASK_DONE, done, NULL, 0 }, END };
    struct response *response = told_with(settings(false), 1, events);
    const char *bytes = taken(response);
    if (!strstr(bytes, want))
        fail_msg("'%s' does not have '%s'", bytes, want);
    response_drop(&response);
}

TEST(ends_are_told_in_openais_words)
{
    expect_end("{\"reason\":\"length\"}", "\"finish_reason\":\"length\"}");
    expect_end("{\"reason\":\"stop\",\"stop\":\"END\"}",
               "\"finish_reason\":\"stop\",\"stop_reason\":\"END\"}");
    expect_end("{\"reason\":\"repetition\"}",
               "\"finish_reason\":\"length\",\"stop_reason\":\"repetition\"}");
    expect_end("{\"reason\":\"cancelled\"}",
               "{\"error\":{\"message\":\"the answer was cancelled\"");
}

#define CHUNK(delta, rest)                                                                         \
    "data: " HEAD("chat.completion.chunk") "\"choices\":[{\"index\":0,\"delta\":{" delta "}," rest \
                                           "}]}\n\n"
#define GOES_ON   "\"logprobs\":null,\"finish_reason\":null"
#define LAST      "data: [DONE]\n\n"
#define ASSISTANT "\"role\":\"assistant\",\"content\":\"\""

TEST(a_stream_has_the_role_once_then_deltas_then_its_end)
{
    const struct told events[] = { STARTED,
                                   { TASK_THINKING, NULL, "hm", 0 },
                                   { TASK_CONTENT, NULL, "Hi", 0 },
                                   { TASK_CONTENT, NULL, "!", 0 },
                                   DONE("length"),
                                   END };
    expect_stream(settings(true), 1, events,
                  CHUNK(ASSISTANT, GOES_ON)
                      CHUNK("\"reasoning\":\"hm\",\"reasoning_content\":\"hm\"", GOES_ON)
                          CHUNK("\"content\":\"Hi\"", GOES_ON) CHUNK("\"content\":\"!\"", GOES_ON)
                              CHUNK("", "\"logprobs\":null,\"finish_reason\":\"length\"") LAST);
}

TEST(a_streamed_call_is_one_delta)
{
    const struct told events[] = {
        STARTED,
        { TASK_CALL, "{\"index\":0,\"id\":\"call_1\",\"name\":\"f\",\"arguments\":{\"a\":1}}", NULL,
          0 },
        DONE("stop"),
        END
    };
    expect_stream(settings(true), 1, events,
                  CHUNK(ASSISTANT, GOES_ON)
                      CHUNK("\"tool_calls\":[{\"index\":0,\"id\":\"call_1\",\"type\":\"function\","
                            "\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}]",
                            GOES_ON) CHUNK("", "\"logprobs\":null,\"finish_reason\":\"tool_calls\"")
                          LAST);
}

TEST(usage_is_a_chunk_of_its_own)
{
    const struct told events[] = { STARTED, DONE("stop"), END };
    struct openai_answer_settings s = settings(true);
    s.includes_usage = true;
    expect_stream(
        s, 1, events,
        "data: " HEAD(
            "chat.completion.chunk") "\"choices\":[{\"index\":0,\"delta\":{" ASSISTANT "}," GOES_ON
                                     "}],\"usage\":null}\n\n"
                                     "data: " HEAD(
                                         "chat.completion.chunk") "\"choices\":[{\"index\":0,"
                                                                  "\"delta\":{},"
                                                                  "\"logprobs\":null,\"finish_"
                                                                  "reason\":\"stop\"}],\"usage\":"
                                                                  "null}\n\n"
                                                                  "data: " HEAD("chat.completion."
                                                                                "chunk") "\"choices"
                                                                                         "\":[]"
                                                                                         "," USAGE
                                                                                         "}\n"
                                                                                         "\n" LAST);
}

#define LOGPROBS                                                                                   \
    "[{\"token\":\"H\",\"id\":5,\"logprob\":-0.5,\"bytes\":[72],\"top\":[{\"token\":\"J\",\"id\":" \
    "6,\"logprob\":-1,\"bytes\":[74]},{\"token\":\"K\",\"id\":7,\"logprob\":-2.25,\"bytes\":[75]}" \
    "]},{\"token\":\"i\",\"id\":8,\"logprob\":0,\"bytes\":[105],\"top\":[]}]"
#define TOLD_LOGPROBS                                                                     \
    "\"logprobs\":{\"content\":[{\"token\":\"H\",\"logprob\":-0.5,\"bytes\":[72],"        \
    "\"top_logprobs\":[{\"token\":\"J\",\"logprob\":-1,\"bytes\":[74]},{\"token\":\"K\"," \
    "\"logprob\":-2.25,\"bytes\":[75]}]},{\"token\":\"i\",\"logprob\":0,\"bytes\":[105]," \
    "\"top_logprobs\":[]}],\"refusal\":null}"

TEST(probabilities_travel_with_the_text_behind_them)
{
    const struct told events[] = { STARTED,
                                   { TASK_LOGPROBS, LOGPROBS, NULL, 0 },
                                   { TASK_CONTENT, NULL, "Hi", 0 },
                                   { TASK_CONTENT, NULL, "!", 0 },
                                   DONE("stop"),
                                   END };
    expect_stream(settings(true), 1, events,
                  CHUNK(ASSISTANT, GOES_ON)
                      CHUNK("\"content\":\"Hi\"", TOLD_LOGPROBS ",\"finish_reason\":null")
                          CHUNK("\"content\":\"!\"", GOES_ON)
                              CHUNK("", "\"logprobs\":null,\"finish_reason\":\"stop\"") LAST);
    expect_whole(events, HEAD("chat.completion") "\"choices\":[{\"index\":0,\"message\":{\"role\":"
                                                 "\"assistant\",\"content\":\"Hi!\",\"refusal\":"
                                                 "null}," TOLD_LOGPROBS
                                                 ",\"finish_reason\":\"stop\"}]," USAGE "}");
}

TEST(choices_keep_their_numbers)
{
    const struct told events[] = { STARTED,
                                   { TASK_CONTENT, NULL, "b", 1 },
                                   { TASK_CONTENT, NULL, "a", 0 },
                                   { TASK_DONE, "{\"reason\":\"stop\",\"answer_tokens\":2}", NULL,
                                     1 },
                                   { TASK_DONE,
                                     "{\"reason\":\"length\",\"answer_tokens\":3,"
                                     "\"thinking_tokens\":2}",
                                     NULL, 0 },
                                   { TASK_CONTENT, NULL, "nobody's", 2 },
                                   END };
    struct response *response = told_with(settings(false), 2, events);
    assert_string_equal(
        taken(response),
        HEAD(
            "chat.completion") "\"choices\":["
                               "{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"a\","
                               "\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"length\"},"
                               "{\"index\":1,\"message\":{\"role\":\"assistant\",\"content\":\"b\","
                               "\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}]"
                               "," USAGE "}");
    response_drop(&response);
    response = told_with(settings(true), 2, events);
    const char *bytes = taken(response);
    assert_non_null(strstr(bytes, "{\"index\":1,\"delta\":{\"content\":\"b\"},"));
    assert_non_null(strstr(bytes, "{\"index\":0,\"delta\":{},\"logprobs\":null,"
                                  "\"finish_reason\":\"length\"}"));
    response_drop(&response);
}

static void expect_failure(bool is_streaming, const struct told *events, unsigned status,
                           const char *want)
{
    struct response *response = told_with(settings(is_streaming), 1, events);
    assert_int_equal(response_status(response), status);
    assert_string_equal(taken(response), want);
    response_drop(&response);
}

TEST(a_prompt_that_does_not_fit_is_told_with_both_numbers)
{
    const struct told events[] = {
        { TASK_FAILED, "{\"n_ctx\":4096,\"prompt_tokens\":9000}", "context_length", 0 }, END
    };
    expect_failure(true, events, 400,
                   "{\"error\":{\"message\":\"the maximum context length is 4096 tokens, but the "
                   "prompt has 9000 tokens; nothing was cut off\",\"type\":"
                   "\"invalid_request_error\",\"param\":\"messages\",\"code\":"
                   "\"context_length_exceeded\",\"n_ctx\":4096,\"n_prompt_tokens\":9000}}");
}

TEST(a_failure_before_the_first_byte_has_its_status)
{
    const struct told unknown[] = { { TASK_FAILED, NULL, "not_found", 0 }, END },
                      busy[] = { { TASK_FAILED, NULL, "busy", 0 }, END },
                      late[] = { STARTED,
                                 { TASK_CONTENT, NULL, "x", 0 },
                                 { TASK_FAILED, NULL, "crashed", 0 },
                                 END };
    expect_failure(true, unknown, 404,
                   "{\"error\":{\"message\":\"because of the test\",\"type\":\"not_found_error\","
                   "\"param\":\"model\",\"code\":\"model_not_found\"}}");
    expect_failure(false, late, 500,
                   "{\"error\":{\"message\":\"because of the test\",\"type\":\"api_error\","
                   "\"param\":null,\"code\":\"worker_crashed\"}}");
    struct response *response = told_with(settings(false), 1, busy);
    const char *name = "", *value = "";
    assert_int_equal(response_status(response), 503);
    assert_true(response_header_at(response, 0, &name, &value));
    assert_string_equal(name, "Retry-After");
    assert_string_equal(value, "7");
    response_drop(&response);
}

TEST(a_failure_within_a_stream_is_its_last_event)
{
    const struct told events[] = { STARTED,
                                   { TASK_CONTENT, NULL, "x", 0 },
                                   { TASK_FAILED, NULL, "crashed", 0 },
                                   { TASK_CONTENT, NULL, "y", 0 },
                                   END };
    expect_stream(
        settings(true), 1, events,
        CHUNK(ASSISTANT, GOES_ON) CHUNK(
            "\"content\":\"x\"",
            GOES_ON) "data: {\"error\":{\"message\":\"because of the test\",\"type\":\"api_error\","
                     "\"param\":null,\"code\":\"worker_crashed\"}}\n\n");
}

TEST(an_answer_without_its_end_is_a_failure)
{
    const struct told events[] = { STARTED, { TASK_CONTENT, NULL, "x", 0 }, END };
    expect_failure(false, events, 500,
                   "{\"error\":{\"message\":\"the answer ended before it was complete\",\"type\":"
                   "\"api_error\",\"param\":null,\"code\":null}}");
}

TEST(every_failing_allocation_ends_an_answer)
{
    const struct told events[] = { STARTED,
                                   { TASK_THINKING, NULL, "hm", 0 },
                                   { TASK_CONTENT, NULL, "Hi", 0 },
                                   { TASK_LOGPROBS, LOGPROBS, NULL, 0 },
                                   DONE("stop"),
                                   END };
    for (int is_streaming = 0; is_streaming < 2; is_streaming++)
        for (int64_t n = 0; n < 40; n++) {
            struct openai_answer_settings s = settings(is_streaming);
            struct response *response = response_new();
            memory_fail_after(n);
            struct openai_chat_reply *reply = openai_chat_reply_new(&s, 2);
            if (reply)
                tell_all(openai_chat_reply_tell, reply, events, response);
            memory_fail_after(-1);
            openai_chat_reply_release(reply);
            response_drop(&response);
        }
}
