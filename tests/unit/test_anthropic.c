#include "test.h"

#include "base/json.h"
#include "server/anthropic/anthropic_error.h"
#include "server/anthropic/messages_answer.h"
#include "server/anthropic/messages_request.h"

/* ---- requests ---- */

static void read_request(const char *body, bool counts, struct messages_request *out,
                         struct error *err)
{
    const struct json *json;
    struct error trouble = { 0 };
    assert_ok(json_open(&json, body, strlen(body), "the body", &trouble), trouble);
    *err = (struct error){ 0 };
    if (!messages_request_read(out, json, counts, slice_of("me"), err))
        assert_int_not_equal(err->code, ERROR_NONE);
    json_close(&json);
}

static void assert_request(const char *body, const char *wanted)
{
    struct messages_request request;
    struct error err;
    const struct json *json;
    read_request(body, false, &request, &err);
    assert_ok(err.code == ERROR_NONE, err);
    assert_string_equal(request.request.data, wanted);
    assert_ok(json_open(&json, request.request.data, request.request.length, "the request", &err),
              err);
    json_close(&json);
    messages_request_release(&request);
}

static void assert_refused(const char *body, enum error_code code, const char *message)
{
    struct messages_request request;
    struct error err;
    read_request(body, false, &request, &err);
    assert_int_equal(err.code, code);
    assert_string_equal(err.message, message);
    messages_request_release(&request);
}

#define QUIET "\"think_if_possible\":true,\"think\":false,"
#define HI    "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"

TEST(a_plain_request)
{
    assert_request(
        "{\"model\":\"m\",\"max_tokens\":9,\"system\":\"Be brief\",\"temperature\":0.5," HI "}",
        "{\"kind\":\"chat\",\"client\":\"me\",\"messages\":[{\"role\":\"system\",\"content\":\"Be "
        "brief\"},"
        "{\"role\":\"user\",\"content\":\"Hi\"}]," QUIET
        "\"options\":{\"num_predict\":9,\"temperature\":0.5}}");
}

TEST(results_come_before_the_words_of_the_same_turn)
{
    assert_request("{\"model\":\"m\",\"max_tokens\":1,\"messages\":["
                   "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":"
                   "\"hm\",\"signature\":\"x\"},"
                   "{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"tool_use\",\"id\":\"t1\","
                   "\"name\":\"f\",\"input\":{\"x\":1}}]},"
                   "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"so?\"},"
                   "{\"type\":\"tool_result\",\"tool_use_id\":\"t1\",\"content\":\"no\",\"is_"
                   "error\":true}]}]}",
                   "{\"kind\":\"chat\",\"client\":\"me\",\"messages\":["
                   "{\"role\":\"assistant\",\"thinking\":\"hm\",\"content\":[{\"type\":\"text\","
                   "\"text\":\"a\"}],"
                   "\"tool_calls\":[{\"id\":\"t1\",\"type\":\"function\",\"function\":{\"name\":"
                   "\"f\",\"arguments\":{\"x\":1}}}]},"
                   "{\"role\":\"tool\",\"tool_call_id\":\"t1\",\"content\":[{\"type\":\"text\","
                   "\"text\":\"Error:\"},"
                   "{\"type\":\"text\",\"text\":\"no\"}]},"
                   "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"so?\"}]}]," QUIET
                   "\"options\":{\"num_predict\":1}}");
}

TEST(tools_choice_thinking_and_form)
{
    assert_request(
        "{\"model\":\"m\",\"max_tokens\":5,\"top_k\":3,\"stop_sequences\":[\"x\"]," HI
        ",\"tools\":[{\"name\":\"f\",\"description\":\"d\",\"input_schema\":{\"type\":\"object\"}}]"
        ","
        "\"tool_choice\":{\"type\":\"tool\",\"name\":\"f\",\"disable_parallel_tool_use\":true},"
        "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":100},"
        "\"output_format\":{\"type\":\"json_schema\",\"schema\":{\"type\":\"string\"}}}",
        "{\"kind\":\"chat\",\"client\":\"me\"," HI
        ",\"tools\":[{\"type\":\"function\",\"function\":"
        "{\"name\":\"f\",\"description\":\"d\",\"parameters\":{\"type\":\"object\"}}}],"
        "\"parallel_tool_calls\":false,\"tool_choice\":{\"name\":\"f\"},\"think_if_possible\":true,"
        "\"think\":true,\"thinking_budget\":100,\"format\":{\"type\":\"string\"},"
        "\"options\":{\"num_predict\":5,\"top_k\":3,\"stop\":[\"x\"]}}");
}

TEST(an_answer_that_was_begun_goes_on)
{
    assert_request(
        "{\"model\":\"m\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"},"
        "{\"role\":\"assistant\",\"content\":\"Well\"}]}",
        "{\"kind\":\"chat\",\"client\":\"me\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"},"
        "{\"role\":\"assistant\",\"content\":\"Well\"}],\"continues\":true," QUIET
        "\"options\":{\"num_predict\":5}}");
}

TEST(what_cannot_be_done_is_refused_by_its_place)
{
    assert_refused("{\"model\":\"m\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":"
                   "[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image\",\"source\":{}}]}]}",
                   ERROR_UNSUPPORTED,
                   "messages.0.content.1: blocks of type 'image' are not supported");
    assert_refused("{\"model\":\"m\",\"max_tokens\":5," HI
                   ",\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]}",
                   ERROR_UNSUPPORTED,
                   "tools.0: 'web_search_20250305' runs on Anthropic's servers; declare a tool of "
                   "your own instead");
    assert_refused("{\"model\":\"m\"," HI "}", ERROR_USAGE,
                   "max_tokens is required and must be positive");
    assert_refused("{\"max_tokens\":1," HI "}", ERROR_USAGE, "model is required");
    assert_refused("{\"model\":\"m\",\"max_tokens\":1,\"messages\":[]}", ERROR_USAGE,
                   "messages: at least one message is required");
    assert_refused(
        "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"robot\",\"content\":\"x\"}]}",
        ERROR_USAGE, "messages.0.role: 'user' or 'assistant' is wanted, not 'robot'");
    assert_refused("{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\"}]}",
                   ERROR_USAGE, "messages.0.content: a string or an array of blocks is wanted");
}

/* ---- answers ---- */

static struct messages_answer *answer;
static struct response *response;

static void begin(bool is_streaming)
{
    answer = messages_answer_new(slice_of("m"), is_streaming, "0123456789abcdef01234567");
    response = response_new();
}

static void tell(enum task_event_kind kind, const char *text, const char *document)
{
    const struct json *json = NULL;
    struct error err = { 0 };
    if (document)
        assert_ok(json_open(&json, document, strlen(document), "an event", &err), err);
    struct task_event event = { .kind = kind, .json = json };
    if (text)
        event.text = slice_of(text);
    messages_reply.tell(answer, &event, response);
    json_close(&json);
}

static void assert_answer(unsigned status, const char *wanted)
{
    char body[8192] = "";
    bool is_over;
    size_t n = response_take(response, body, sizeof body - 1, &is_over);
    body[n] = '\0';
    assert_string_equal(body, wanted);
    assert_int_equal(response_status(response), status);
    messages_reply.release(answer);
    response_drop(&response);
}

#define STARTED tell(TASK_STARTED, NULL, "{\"prompt_tokens\":10,\"cached_tokens\":4}")
#define USAGE(n)                                                                                   \
    "\"usage\":{\"input_tokens\":6,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":" \
    "4,"                                                                                           \
    "\"output_tokens\":" #n "}"
#define HEAD                                                                                \
    "{\"id\":\"msg_0123456789abcdef01234567\",\"type\":\"message\",\"role\":\"assistant\"," \
    "\"model\":\"m\","

TEST(a_whole_answer)
{
    begin(false);
    STARTED;
    tell(TASK_THINKING, "h", NULL);
    tell(TASK_THINKING, "m", NULL);
    tell(TASK_CONTENT, "so", NULL);
    tell(TASK_CALL, NULL, "{\"index\":0,\"id\":\"abc\",\"name\":\"f\",\"arguments\":{\"x\":1}}");
    tell(TASK_DONE, NULL, "{\"reason\":\"stop\",\"answer_tokens\":7}");
    assert_answer(
        200,
        HEAD "\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"hearth\"},"
             "{\"type\":\"text\",\"text\":\"so\"},"
             "{\"type\":\"tool_use\",\"id\":\"toolu_abc\",\"name\":\"f\",\"input\":{\"x\":1}}],"
             "\"stop_reason\":\"tool_use\",\"stop_sequence\":null," USAGE(7) "}");
}

TEST(why_an_answer_ended)
{
    begin(false);
    STARTED;
    tell(TASK_DONE, NULL, "{\"reason\":\"stop\",\"stop\":\"END\",\"answer_tokens\":1}");
    assert_answer(200,
                  HEAD "\"content\":[{\"type\":\"text\",\"text\":\"\"}],"
                       "\"stop_reason\":\"stop_sequence\",\"stop_sequence\":\"END\"," USAGE(1) "}");
    begin(false);
    STARTED;
    tell(TASK_CONTENT, "a", NULL);
    tell(TASK_DONE, NULL, "{\"reason\":\"length\",\"answer_tokens\":1}");
    assert_answer(200, HEAD "\"content\":[{\"type\":\"text\",\"text\":\"a\"}],"
                            "\"stop_reason\":\"max_tokens\",\"stop_sequence\":null," USAGE(1) "}");
}

#define EVENT(name, rest) "event: " name "\ndata: {\"type\":\"" name "\"" rest "}\n\n"

TEST(a_streamed_answer)
{
    begin(true);
    STARTED;
    tell(TASK_THINKING, "h", NULL);
    tell(TASK_CONTENT, "a", NULL);
    tell(TASK_CONTENT, "\n", NULL);
    tell(TASK_CALL, NULL, "{\"id\":\"abc\",\"name\":\"f\",\"arguments\":{\"x\":\"y\"}}");
    tell(TASK_DONE, NULL, "{\"reason\":\"stop\",\"answer_tokens\":7}");
    assert_answer(
        200,
        EVENT("message_start", ",\"message\":" HEAD "\"content\":[],\"stop_reason\":null,\"stop_"
                               "sequence\":null," USAGE(0) "}") EVENT("ping", "")
            EVENT("content_block_start",
                  ",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\","
                  "\"signature\":\"\"}") EVENT("content_block_delta",
                                               ",\"index\":0,\"delta\":{\"type\":\"thinking_"
                                               "delta\",\"thinking\":\"h\"}")
                EVENT("content_block_delta",
                      ",\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":"
                      "\"hearth\"}") EVENT("content_block_stop", ",\"index\":0")
                    EVENT("content_block_start",
                          ",\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\"\"}")
                        EVENT("content_block_delta",
                              ",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}")
                            EVENT(
                                "content_block_delta",
                                ",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"\\n\"}")
                                EVENT("content_block_stop", ",\"index\":1") EVENT(
                                    "content_block_start",
                                    ",\"index\":2,\"content_block\":{\"type\":"
                                    "\"tool_use\",\"id\":\"toolu_abc\","
                                    "\"name\":\"f\",\"input\":{}}")
                                    EVENT("content_block_delta",
                                          ",\"index\":2,\"delta\":{\"type\":\"input_json_delta\","
                                          "\"partial_json\":\"{\\\"x\\\":\\\"y\\\"}\"}")
                                        EVENT("content_block_stop", ",\"index\":2")
                                            EVENT("message_delta",
                                                  ",\"delta\":{\"stop_reason\":\"tool_use\","
                                                  "\"stop_sequence\":null}," USAGE(7))
                                                EVENT("message_stop", ""));
}

static void fail_with(enum error_code code, const char *reason, const char *message)
{
    struct task_failure failure = { .code = code, .reason = reason, .message = message };
    struct task_event event = { .kind = TASK_FAILED, .failure = &failure };
    messages_reply.tell(answer, &event, response);
}

TEST(failures_have_a_status_before_the_stream_and_an_event_in_it)
{
    begin(true);
    fail_with(ERROR_CONTEXT, "context_length", "too long: 9 and 8");
    assert_answer(400, "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\","
                       "\"message\":\"too long: 9 and 8\"}}");
    begin(true);
    STARTED;
    tell(TASK_CONTENT, "a", NULL);
    char skipped[4096];
    bool is_over;
    assert_true(response_take(response, skipped, sizeof skipped, &is_over) > 0);
    fail_with(ERROR_IO, "crashed", "the worker was killed");
    assert_answer(200, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\","
                       "\"message\":\"the worker was killed\"}}\n\n");
}
