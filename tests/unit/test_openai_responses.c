/* test_openai_responses.c: bodies of /v1/responses become the worker's requests, and a task's
 * events the items and the stream that clients get. */
#include "test.h"

#include "base/memory.h"
#include "openai_events.h"
#include "server/openai/openai_responses_reply.h"
#include "server/openai/openai_responses_request.h"

/* ---- requests ---- */

static bool read_source(struct openai_responses_request *out, const char *fields,
                        struct openai_problem *problem)
{
    char source[4096];
    snprintf(source, sizeof source, "{\"model\":\"m\",%s}", fields);
    const struct json *body = told_json(source);
    bool ok = openai_responses_request_read(out, body, slice_of("me"), problem);
    json_close(&body);
    return ok;
}

static void expect(const char *fields, const char *messages, const char *rest)
{
    char want[4096];
    struct openai_responses_request wanted;
    struct openai_problem problem = { 0 };
    assert_ok(read_source(&wanted, fields, &problem), problem.error);
    snprintf(want, sizeof want, "{\"kind\":\"chat\",\"client\":\"me\",\"messages\":[%s],%s}",
             messages, rest);
    assert_string_equal(wanted.request.data, want);
    openai_responses_request_release(&wanted);
}

static void refuse(const char *fields, const char *param, const char *words)
{
    struct openai_responses_request wanted;
    struct openai_problem problem = { 0 };
    assert_false(read_source(&wanted, fields, &problem));
    assert_string_equal(problem.param, param);
    if (!strstr(problem.error.message, words))
        fail_msg("'%s' does not have '%s'", problem.error.message, words);
    openai_responses_request_release(&wanted);
}

#define HI       "{\"role\":\"user\",\"content\":\"hi\"}"
#define DEFAULTS "\"truncate\":false,\"options\":{\"temperature\":1,\"top_p\":1}"

TEST(a_text_is_what_the_user_says)
{
    expect("\"input\":\"hi\"", HI, DEFAULTS);
    expect("\"input\":\"hi\",\"instructions\":\"be brief\",\"store\":true,\"metadata\":{\"a\":1}",
           "{\"role\":\"system\",\"content\":\"be brief\"}," HI, DEFAULTS);
}

TEST(what_the_assistant_did_in_a_row_is_one_message)
{
    expect("\"input\":["
           "{\"role\":\"user\",\"content\":\"hi\"},"
           "{\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"a\"},"
           "{\"type\":\"summary_text\",\"text\":\"b\"}]},"
           "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\","
           "\"text\":\"o\"}]},"
           "{\"type\":\"function_call\",\"call_id\":\"c1\",\"name\":\"f\",\"arguments\":\"{}\"},"
           "{\"type\":\"function_call\",\"call_id\":\"c2\",\"name\":\"g\",\"arguments\":\"{}\"},"
           "{\"type\":\"function_call_output\",\"call_id\":\"c1\",\"output\":\"x\"},"
           "{\"type\":\"function_call_output\",\"call_id\":\"c2\",\"output\":[{\"type\":"
           "\"input_text\",\"text\":\"y\"}]},"
           "{\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"e\"},"
           "{\"type\":\"function_call\",\"call_id\":\"c3\",\"name\":\"f\",\"arguments\":\"{}\"}]",
           HI ",{\"role\":\"assistant\",\"reasoning\":\"a\\nb\",\"content\":[{\"type\":"
              "\"output_text\",\"text\":\"o\"}],\"tool_calls\":["
              "{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
              "\"{}\"}},{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"g\","
              "\"arguments\":\"{}\"}}]},"
              "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"x\"},"
              "{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":[{\"type\":\"input_text\","
              "\"text\":\"y\"}]},{\"role\":\"assistant\",\"reasoning\":\"e\",\"tool_calls\":["
              "{\"id\":\"c3\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
              "\"{}\"}}]}",
           DEFAULTS);
}

TEST(two_answers_in_a_row_are_two_messages)
{
    expect("\"input\":[{\"role\":\"assistant\",\"content\":\"a\"},{\"role\":\"assistant\","
           "\"content\":[{\"type\":\"refusal\",\"refusal\":\"no\"}]},{\"role\":\"developer\","
           "\"content\":\"d\"}]",
           "{\"role\":\"assistant\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":["
           "{\"type\":\"text\",\"text\":\"no\"}]},{\"role\":\"developer\",\"content\":\"d\"}",
           DEFAULTS);
}

#define TOOLS "\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"parameters\":{}}]"

TEST(settings_of_responses_are_asked_for)
{
    expect("\"input\":\"hi\"," TOOLS ",\"tool_choice\":{\"type\":\"function\",\"name\":\"f\"},"
           "\"parallel_tool_calls\":false,\"reasoning\":{\"effort\":\"low\",\"summary\":\"auto\"},"
           "\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\",\"schema\":{\"type\":"
           "\"object\"}}},\"max_output_tokens\":5,\"temperature\":0.5,\"truncation\":\"auto\"",
           HI,
           TOOLS ",\"tool_choice\":{\"name\":\"f\"},\"parallel_tool_calls\":false,\"think\":"
                 "\"low\",\"think_if_possible\":true,\"format\":{\"type\":\"object\"},"
                 "\"truncate\":true,\"options\":{\"num_predict\":5,\"temperature\":0.5,"
                 "\"top_p\":1}");
    expect("\"input\":\"hi\",\"include\":[\"message.output_text.logprobs\"]", HI,
           "\"logprobs\":0," DEFAULTS);
    expect("\"input\":\"hi\",\"top_logprobs\":2", HI, "\"logprobs\":2," DEFAULTS);
    expect("\"input\":\"hi\",\"top_logprobs\":0", HI, DEFAULTS);
}

TEST(what_responses_cannot_do_is_named)
{
    refuse("\"input\":\"hi\",\"previous_response_id\":\"r\"", "previous_response_id", "not kept");
    refuse("\"input\":\"hi\",\"conversation\":\"c\"", "conversation", "not kept");
    refuse("\"input\":\"hi\",\"background\":true", "background", "'stream'");
    refuse("\"input\":\"hi\",\"prompt\":{\"id\":\"p\"}", "prompt", "stored prompts");
    refuse("\"input\":\"hi\",\"tools\":[{\"type\":\"web_search\"}]", "tools[0].type", "functions");
    refuse("\"input\":\"hi\",\"text\":{\"format\":{\"type\":\"x\"}}", "text.format.type", "'x'");
    refuse("\"input\":\"hi\",\"truncation\":\"middle\"", "truncation", "'middle'");
    refuse("\"input\":[{\"type\":\"item_reference\",\"id\":\"x\"}]", "input[0].type", "items are");
    refuse("\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"t\"},"
           "{\"type\":\"input_image\"}]}]",
           "input[0].content[1]", "images");
    refuse("\"input\":[{\"type\":\"function_call\",\"call_id\":\"c\"}]", "input[0]", "name");
    refuse("\"input\":[{\"type\":\"function_call_output\",\"call_id\":\"c\"}]", "input[0]",
           "content");
    refuse("\"input\":[7]", "input[0]", "object");
    refuse("\"input\":[]", "input", "at least one");
    refuse("\"input\":7", "input", "at least one");
}

TEST(settings_are_told_again)
{
    struct openai_responses_request wanted;
    struct openai_problem problem = { 0 };
    assert_ok(read_source(&wanted,
                          "\"input\":\"hi\",\"temperature\":0.25,\"reasoning\":{\"effort\":"
                          "\"high\"},\"include\":[\"reasoning.encrypted_content\"]",
                          &problem),
              problem.error);
    assert_string_equal(
        wanted.settings.data,
        "\"instructions\":null,\"max_output_tokens\":null,\"max_tool_calls\":null,\"metadata\":{},"
        "\"parallel_tool_calls\":true,\"temperature\":0.25,\"text\":{\"format\":{\"type\":\"text\"}"
        "},\"tool_choice\":\"auto\",\"tools\":[],\"top_logprobs\":0,\"top_p\":1,\"truncation\":"
        "\"disabled\",\"user\":null,\"reasoning\":{\"effort\":\"high\",\"summary\":null},"
        "\"background\":false,\"previous_response_id\":null,\"service_tier\":\"default\","
        "\"store\":false");
    assert_true(wanted.includes_encrypted);
    openai_responses_request_release(&wanted);
}

/* ---- replies ---- */

#define STARTED                                                            \
    {                                                                      \
        TASK_STARTED, "{\"prompt_tokens\":9,\"cached_tokens\":4}", NULL, 0 \
    }
#define DONE(reason)                                                                              \
    {                                                                                             \
        TASK_DONE, "{\"reason\":\"" reason "\",\"answer_tokens\":5,\"thinking_tokens\":2}", NULL, \
            0                                                                                     \
    }
#define CALL                                                                                       \
    {                                                                                              \
        TASK_CALL, "{\"index\":0,\"id\":\"call_1\",\"name\":\"f\",\"arguments\":{\"a\":1}}", NULL, \
            0                                                                                      \
    }
#define END                     \
    {                           \
        TASK_END, NULL, NULL, 0 \
    }

static struct response *told_with(bool is_streaming, const struct told *events)
{
    struct openai_answer_settings settings = { .id = "resp_1",
                                               .created = 1700000000,
                                               .model = slice_of("m:7b"),
                                               .is_streaming = is_streaming,
                                               .prompt_field = "input" };
    struct openai_responses_reply *reply =
        openai_responses_reply_new(&settings, slice_of("\"store\":false"), true);
    struct response *response = response_new();
    tell_all(openai_responses_reply_tell, reply, events, response);
    openai_responses_reply_release(reply);
    return response;
}

#define RESPONSE(state, output, usage)                                                          \
    "{\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":1700000000," state ",\"model\":" \
    "\"m:7b\",\"output\":[" output "],\"usage\":" usage ",\"store\":false}"
#define STATE(status) "\"status\":\"" status "\",\"error\":null,\"incomplete_details\":null"
#define CUT_OFF                                                        \
    "\"status\":\"incomplete\",\"error\":null,\"incomplete_details\":" \
    "{\"reason\":\"max_output_tokens\"}"
#define USAGE                                                                                 \
    "{\"input_tokens\":9,\"input_tokens_details\":{\"cached_tokens\":4},\"output_tokens\":5," \
    "\"output_tokens_details\":{\"reasoning_tokens\":2},\"total_tokens\":14}"

#define THOUGHT_PART "{\"type\":\"summary_text\",\"text\":\"hm\"}"
#define THOUGHT                                                                 \
    "{\"id\":\"rs_1_0\",\"type\":\"reasoning\",\"summary\":[" THOUGHT_PART "]," \
    "\"encrypted_content\":\"hm\"}"
#define SAID_PART(text) \
    "{\"type\":\"output_text\",\"text\":\"" text "\",\"annotations\":[],\"logprobs\":[]}"
#define SAID(status)                                                                             \
    "{\"id\":\"msg_1_1\",\"type\":\"message\",\"status\":\"" status "\",\"role\":\"assistant\"," \
    "\"content\":[" SAID_PART("Hi!") "]}"
#define CALLED(status, arguments)                                                          \
    "{\"id\":\"fc_1_2\",\"type\":\"function_call\",\"status\":\"" status "\",\"call_id\":" \
    "\"call_1\",\"name\":\"f\",\"arguments\":\"" arguments "\"}"

TEST(a_whole_response_has_all_items)
{
    const struct told events[] = { STARTED,
                                   { TASK_THINKING, NULL, "hm", 0 },
                                   { TASK_CONTENT, NULL, "Hi", 0 },
                                   { TASK_CONTENT, NULL, "!", 0 },
                                   CALL,
                                   DONE("stop"),
                                   END };
    struct response *response = told_with(false, events);
    assert_string_equal(
        taken(response),
        RESPONSE(STATE("completed"),
                 THOUGHT "," SAID("completed") "," CALLED("completed", "{\\\"a\\\":1}"), USAGE));
    assert_string_equal(response_content_type(response), "application/json");
    response_drop(&response);
}

#define EVENT(type, number, members)                                                              \
    "event: " type "\ndata: {\"type\":\"" type "\",\"sequence_number\":" number "," members "}\n" \
    "\n"
#define BEGIN                                                                                  \
    EVENT("response.created", "0", "\"response\":" RESPONSE(STATE("in_progress"), "", "null")) \
    EVENT("response.in_progress", "1", "\"response\":" RESPONSE(STATE("in_progress"), "", "null"))
#define AT(id, index) "\"item_id\":\"" id "\",\"output_index\":" index

TEST(a_stream_tells_each_item_from_its_begin_to_its_end)
{
    const struct told events[] = { STARTED,
                                   { TASK_THINKING, NULL, "hm", 0 },
                                   { TASK_CONTENT, NULL, "Hi", 0 },
                                   { TASK_CONTENT, NULL, "!", 0 },
                                   CALL,
                                   DONE("stop"),
                                   END };
    struct response *response = told_with(true, events);
    assert_string_equal(
        taken(response),
        BEGIN EVENT("response.output_item.added", "2",
                    "\"output_index\":0,\"item\":{\"id\":\"rs_1_0\",\"type\":\"reasoning\","
                    "\"summary\":[]}") EVENT("response.reasoning_summary_part.added", "3",
                                             AT("rs_1_0",
                                                "0") ",\"summary_index\":0,\"part\":{\"type\":"
                                                     "\"summary_text\",\"text\":"
                                                     "\"\"}") EVENT("response.reasoning_summary_"
                                                                    "text.delta",
                                                                    "4",
                                                                    AT("rs_1_0",
                                                                       "0") ",\"summary_index\":0,"
                                                                            "\"delta\":\"hm\"")
            EVENT("response.reasoning_summary_text.done", "5",
                  AT("rs_1_0", "0") ",\"summary_index\":0,\"text\":\"hm\"")
                EVENT("response.reasoning_summary_part.done", "6",
                      AT("rs_1_0", "0") ",\"summary_index\":0,\"part\":" THOUGHT_PART)
                    EVENT("response.output_item.done", "7", "\"output_index\":0,\"item\":" THOUGHT)
                        EVENT("response.output_item.added", "8",
                              "\"output_index\":1,\"item\":{\"id\":\"msg_1_1\",\"type\":"
                              "\"message\",\"status\":"
                              "\"in_progress\",\"role\":\"assistant\",\"content\":[]}")
                            EVENT(
                                "response.content_part.added", "9",
                                AT("msg_1_1", "1") ",\"content_index\":0,\"part\":" SAID_PART(
                                    "")) EVENT("response.output_text.delta", "10",
                                               AT("msg_1_1", "1") ",\"content_index\":0,\"delta\":"
                                                                  "\"Hi\",\"logprobs\":[]")
                                EVENT("response.output_text.delta", "11",
                                      AT("msg_1_1",
                                         "1") ",\"content_index\":0,\"delta\":\"!\",\"logprobs\":["
                                              "]") EVENT("response.output_text.done", "12",
                                                         AT("msg_1_1",
                                                            "1") ",\"content_index\":0,\"text\":"
                                                                 "\"Hi!\",\"logprobs\":[]")
                                    EVENT("response.content_part.done", "13",
                                          AT("msg_1_1",
                                             "1") ",\"content_index\":0,\"part\":" SAID_PART("Hi!"))
                                        EVENT("response.output_item.done", "14",
                                              "\"output_index\":1,\"item\":" SAID(
                                                  "completed")) EVENT("response.output_item.added",
                                                                      "15",
                                                                      "\"output_index\":2,"
                                                                      "\"item\":" CALLED(
                                                                          "in_progress", ""))
                                            EVENT("response.function_call_arguments.delta", "16",
                                                  AT("fc_1_2", "2") ",\"delta\":\"{\\\"a\\\":1}\"")
                                                EVENT("response.function_call_arguments.done", "17",
                                                      AT("fc_1_2",
                                                         "2") ",\"name\":\"f\",\"arguments\":\"{"
                                                              "\\\"a\\\":1}\"")
                                                    EVENT("response.output_item.done", "18",
                                                          "\"output_index\":2,\"item\":" CALLED(
                                                              "completed", "{\\\"a\\\":1}"))
                                                        EVENT("response.completed", "19",
                                                              "\"response\":" RESPONSE(
                                                                  STATE("completed"),
                                                                  THOUGHT
                                                                  "," SAID("completed") "," CALLED(
                                                                      "completed", "{\\\"a\\\":1}"),
                                                                  USAGE)));
    assert_string_equal(response_content_type(response), "text/event-stream");
    response_drop(&response);
}

TEST(an_answer_that_is_cut_off_is_incomplete)
{
    const struct told events[] = { STARTED,
                                   { TASK_THINKING, NULL, "hm", 0 },
                                   { TASK_CONTENT, NULL, "Hi!", 0 },
                                   DONE("length"),
                                   END };
    struct response *response = told_with(false, events);
    assert_string_equal(taken(response), RESPONSE(CUT_OFF, THOUGHT "," SAID("incomplete"), USAGE));
    response_drop(&response);
    response = told_with(true, events);
    assert_non_null(strstr(taken(response), "event: response.incomplete\n"));
    response_drop(&response);
}

TEST(a_failure_within_a_response_is_its_last_event)
{
    const struct told late[] = { STARTED, { TASK_FAILED, NULL, "crashed", 0 }, END },
                      early[] = { { TASK_FAILED, NULL, "not_found", 0 }, END };
    struct response *response = told_with(true, late);
    assert_string_equal(
        taken(response),
        BEGIN EVENT("response.failed", "2",
                    "\"response\":" RESPONSE(
                        "\"status\":\"failed\",\"error\":{\"code\":\"worker_crashed\",\"message\":"
                        "\"because of the test\"},\"incomplete_details\":null",
                        "",
                        "{\"input_tokens\":9,\"input_tokens_details\":{\"cached_tokens\":4},"
                        "\"output_tokens\":0,\"output_tokens_details\":{\"reasoning_tokens\":0},"
                        "\"total_tokens\":9}")));
    response_drop(&response);
    response = told_with(true, early);
    assert_int_equal(response_status(response), 404);
    response_drop(&response);
    response = told_with(false, late);
    assert_int_equal(response_status(response), 500);
    response_drop(&response);
}

static const char LOGPROBS[] = "[{\"token\":\"H\",\"id\":5,\"logprob\":-0.5,\"bytes\":[72],"
                               "\"top\":[]}]";
#define TOLD_LOGPROB "{\"token\":\"H\",\"logprob\":-0.5,\"bytes\":[72],\"top_logprobs\":[]}"

TEST(probabilities_stand_beside_their_text)
{
    const struct told events[] = { STARTED,
                                   { TASK_LOGPROBS, LOGPROBS, NULL, 0 },
                                   { TASK_CONTENT, NULL, "H", 0 },
                                   { TASK_LOGPROBS, LOGPROBS, NULL, 0 },
                                   { TASK_CONTENT, NULL, "H", 0 },
                                   DONE("stop"),
                                   END };
    struct response *response = told_with(true, events);
    const char *bytes = taken(response);
    assert_non_null(strstr(bytes, "\"delta\":\"H\",\"logprobs\":[" TOLD_LOGPROB "]}\n"));
    assert_non_null(
        strstr(bytes, "\"text\":\"HH\",\"logprobs\":[" TOLD_LOGPROB "," TOLD_LOGPROB "]}\n"));
    response_drop(&response);
}

TEST(every_failing_allocation_ends_a_response)
{
    const struct told events[] = { STARTED,
                                   { TASK_THINKING, NULL, "hm", 0 },
                                   { TASK_CONTENT, NULL, "Hi!", 0 },
                                   CALL,
                                   DONE("stop"),
                                   END };
    struct openai_answer_settings settings = { .id = "resp_1", .model = slice_of("m") };
    for (int64_t n = 0; n < 60; n++) {
        struct response *response = response_new();
        settings.is_streaming = n % 2;
        memory_fail_after(n / 2);
        struct openai_responses_reply *reply =
            openai_responses_reply_new(&settings, slice_of("\"store\":false"), true);
        if (reply)
            tell_all(openai_responses_reply_tell, reply, events, response);
        memory_fail_after(-1);
        openai_responses_reply_release(reply);
        response_drop(&response);
    }
}
