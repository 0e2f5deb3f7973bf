/* test_openai_chat_request.c: bodies of /v1/chat/completions become the worker's requests, and what
 * is not served is refused by its name. */
#include "test.h"

#include "server/openai/openai_chat_request.h"

static const struct json *json_from(const char *source)
{
    const struct json *json = NULL;
    struct error err = { 0 };
    assert_ok(json_open(&json, source, strlen(source), "the test", &err), err);
    return json;
}

#define HI "\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

/* What the request has between messages and options. */
static void expect(const char *fields, const char *middle, const char *options)
{
    char source[4096], want[4096];
    struct openai_chat_request chat;
    struct openai_problem problem = { 0 };
    snprintf(source, sizeof source, "{" HI "%s}", fields);
    snprintf(want, sizeof want,
             "{\"kind\":\"chat\",\"client\":\"me\",\"messages\":[{\"role\":\"user\",\"content\":"
             "\"hi\"}]%s,\"truncate\":false,\"options\":{%s}}",
             middle, options);
    const struct json *body = json_from(source);
    assert_ok(openai_chat_request_read(&chat, body, slice_of("me"), &problem), problem.error);
    assert_string_equal(chat.request.data, want);
    openai_chat_request_release(&chat);
    json_close(&body);
}

#define DEFAULTS "\"temperature\":1,\"top_p\":1"

static void refuse_body(const char *source, const char *param, const char *words)
{
    struct openai_chat_request chat;
    struct openai_problem problem = { 0 };
    const struct json *body = json_from(source);
    assert_false(openai_chat_request_read(&chat, body, slice_of("me"), &problem));
    assert_string_equal(problem.param, param);
    if (!strstr(problem.error.message, words))
        fail_msg("'%s' does not have '%s'", problem.error.message, words);
    assert_int_equal(openai_problem_status(&problem), 400);
    openai_chat_request_release(&chat);
    json_close(&body);
}

static void refuse(const char *fields, const char *param, const char *words)
{
    char source[4096];
    snprintf(source, sizeof source, "{" HI ",%s}", fields);
    refuse_body(source, param, words);
}

TEST(a_plain_request_has_openais_defaults)
{
    expect("", "", DEFAULTS);
    expect(",\"temperature\":null,\"max_tokens\":null,\"tools\":[],\"stop\":null", "", DEFAULTS);
    expect(",\"user\":\"u\",\"metadata\":{\"a\":1},\"service_tier\":\"auto\",\"store\":false,"
           "\"modalities\":[\"text\"],\"prediction\":{},\"unheard_of\":3",
           "", DEFAULTS);
}

TEST(sampling_fields_become_options)
{
    expect(",\"temperature\":0,\"top_p\":0.5,\"presence_penalty\":-2,\"frequency_penalty\":0.25",
           "",
           "\"temperature\":0,\"top_p\":0.5,\"presence_penalty\":-2,\"frequency_penalty\":0.25");
    expect(",\"seed\":-7,\"stop\":\"END\",\"top_k\":3,\"min_p\":0.1,\"repetition_penalty\":1.5", "",
           DEFAULTS ",\"min_p\":0.1,\"repeat_penalty\":1.5,\"top_k\":3,\"seed\":-7,"
                    "\"stop\":[\"END\"]");
    expect(",\"stop\":[\"a\",\"\",\"b\\n\"]", "", DEFAULTS ",\"stop\":[\"a\",\"b\\n\"]");
    expect(",\"logit_bias\":{\"5\":-100,\"17\":1.5}", ",\"logit_bias\":{\"5\":-100,\"17\":1.5}",
           DEFAULTS);
}

TEST(the_new_name_of_the_limit_wins)
{
    expect(",\"max_tokens\":5", "", "\"num_predict\":5," DEFAULTS);
    expect(",\"max_tokens\":-1", "", "\"num_predict\":-1," DEFAULTS);
    expect(",\"max_tokens\":5,\"max_completion_tokens\":9", "", "\"num_predict\":9," DEFAULTS);
    refuse("\"max_tokens\":0", "max_tokens", "at least 1");
    refuse("\"max_completion_tokens\":\"9\"", "max_completion_tokens", "string");
}

TEST(choices_and_probabilities_are_asked_for)
{
    expect(",\"n\":3,\"logprobs\":true,\"top_logprobs\":2", ",\"n\":3,\"logprobs\":2", DEFAULTS);
    expect(",\"logprobs\":true", ",\"logprobs\":0", DEFAULTS);
    expect(",\"logprobs\":false,\"top_logprobs\":0", "", DEFAULTS);
    refuse("\"top_logprobs\":2", "top_logprobs", "'logprobs' is not true");
    refuse("\"logprobs\":true,\"top_logprobs\":21", "top_logprobs", "20");
    refuse("\"n\":0", "n", "1");
    refuse("\"n\":65", "n", "64");
}

TEST(every_name_of_thinking_is_understood)
{
    expect(",\"reasoning_effort\":\"none\"", ",\"think\":false,\"think_if_possible\":true",
           DEFAULTS);
    expect(",\"reasoning_effort\":\"minimal\"", ",\"think\":\"low\",\"think_if_possible\":true",
           DEFAULTS);
    expect(",\"reasoning\":{\"effort\":\"xhigh\",\"max_tokens\":50}",
           ",\"thinking_budget\":50,\"think\":\"max\",\"think_if_possible\":true", DEFAULTS);
    expect(",\"chat_template_kwargs\":{\"enable_thinking\":false},\"reasoning_effort\":\"high\"",
           ",\"think\":false,\"think_if_possible\":true", DEFAULTS);
    expect(",\"think\":true,\"reasoning_effort\":\"none\",\"thinking_budget\":7",
           ",\"thinking_budget\":7,\"think\":true", DEFAULTS);
    refuse("\"reasoning_effort\":\"much\"", "reasoning_effort", "'much'");
    refuse("\"reasoning\":{\"effort\":\"much\"}", "reasoning.effort", "'much'");
    refuse("\"chat_template_kwargs\":{\"custom\":1}", "chat_template_kwargs.custom", "'custom'");
    refuse("\"think\":3", "think", "level");
}

TEST(forms_of_answers_are_enforced)
{
    expect(",\"response_format\":{\"type\":\"text\"}", "", DEFAULTS);
    expect(",\"response_format\":{\"type\":\"json_object\"}", ",\"format\":\"json\"", DEFAULTS);
    expect(",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\","
           "\"strict\":true,\"schema\":{\"type\":\"object\",\"properties\":{}}}}",
           ",\"format\":{\"type\":\"object\",\"properties\":{}}", DEFAULTS);
    expect(",\"grammar\":\"root ::= \\\"a\\\"\"", ",\"grammar\":\"root ::= \\\"a\\\"\"", DEFAULTS);
    refuse("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\"}}",
           "response_format", "schema");
    refuse("\"response_format\":{\"type\":\"xml\"}", "response_format.type", "'xml'");
    refuse("\"response_format\":\"json\"", "response_format.type", "json_object");
}

#define TOOLS "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]"

TEST(tools_and_their_choice_are_passed_on)
{
    expect("," TOOLS, "," TOOLS, DEFAULTS);
    expect("," TOOLS ",\"tool_choice\":\"required\",\"parallel_tool_calls\":false",
           "," TOOLS ",\"tool_choice\":\"required\",\"parallel_tool_calls\":false", DEFAULTS);
    expect("," TOOLS ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"f\"}}",
           "," TOOLS ",\"tool_choice\":{\"name\":\"f\"}", DEFAULTS);
    expect(",\"tool_choice\":\"none\"", ",\"tool_choice\":\"none\"", DEFAULTS);
    refuse(TOOLS ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"g\"}}",
           "tool_choice", "'g'");
    refuse(TOOLS ",\"tool_choice\":\"sometimes\"", "tool_choice", "required");
    refuse("\"tool_choice\":\"required\"", "tool_choice", "no tools");
    refuse("\"tools\":[{\"type\":\"custom\"}]", "tools[0].type", "functions");
    refuse("\"tools\":{}", "tools", "array");
}

TEST(what_is_not_served_is_named)
{
    refuse("\"store\":true", "store", "not kept");
    refuse("\"audio\":{\"voice\":\"x\"}", "audio", "text only");
    refuse("\"modalities\":[\"text\",\"audio\"]", "modalities", "text only");
    refuse("\"web_search_options\":{}", "web_search_options", "network");
    refuse("\"functions\":[{}]", "functions", "'tools'");
    refuse("\"function_call\":\"auto\"", "function_call", "'tool_choice'");
    refuse_body("{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"s\"},"
                "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"t\"},"
                "{\"type\":\"image_url\",\"image_url\":{\"url\":\"x\"}}]}]}",
                "messages[1].content[1]", "images");
    refuse_body("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
                "[{\"type\":\"input_audio\"}]}]}",
                "messages[0].content[0]", "audio");
}

TEST(model_and_messages_must_be_there)
{
    refuse_body("{}", "model", "model is required");
    refuse_body("{\"model\":\"\"}", "model", "model is required");
    refuse_body("{\"model\":5}", "model", "number");
    refuse_body("{\"model\":\"m\"}", "messages", "at least one");
    refuse_body("{\"model\":\"m\",\"messages\":[]}", "messages", "at least one");
    refuse("\"stream\":\"yes\"", "stream", "string");
    refuse("\"stream_options\":{\"include_usage\":1}", "stream_options.include_usage", "number");
}

TEST(numbers_out_of_range_name_their_field)
{
    refuse("\"temperature\":2.5", "temperature", "2");
    refuse("\"top_p\":-1", "top_p", "0");
    refuse("\"seed\":1.5", "seed", "number");
    refuse("\"stop\":[1]", "stop", "strings");
    refuse("\"stop\":{}", "stop", "strings");
    refuse("\"logit_bias\":{\"hello\":1}", "logit_bias", "'hello'");
    refuse("\"logit_bias\":{\"5\":101}", "logit_bias", "100");
    refuse("\"logit_bias\":[1]", "logit_bias", "object");
}

TEST(messages_are_passed_on_as_they_are)
{
    const char *messages =
        "[{\"role\":\"developer\",\"content\":\"d\"},{\"role\":\"assistant\",\"content\":null,"
        "\"reasoning\":\"r\",\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":"
        "{\"name\":\"f\",\"arguments\":\"{\\\"z\\\":1,\\\"a\\\":2}\"}}]},{\"role\":\"tool\","
        "\"tool_call_id\":\"c\",\"content\":[{\"type\":\"text\",\"text\":\"ok\"}]}]";
    char source[2048];
    struct openai_chat_request chat;
    struct openai_problem problem = { 0 };
    snprintf(source, sizeof source,
             "{\"MODEL\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"n\":2,"
             "\"messages\":%s,\"continue_final_message\":true}",
             messages);
    const struct json *body = json_from(source);
    assert_ok(openai_chat_request_read(&chat, body, slice_of(""), &problem), problem.error);
    assert_non_null(strstr(chat.request.data, messages));
    assert_non_null(strstr(chat.request.data, ",\"continues\":true"));
    assert_true(chat.is_streaming && chat.includes_usage);
    assert_int_equal(chat.n_choices, 2);
    openai_chat_request_release(&chat);
    json_close(&body);
}
