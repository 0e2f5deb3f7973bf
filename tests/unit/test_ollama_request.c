#include "test.h"

#include "server/http/body.h"
#include "server/ollama/ollama_request.h"
#include "worker/worker_request.h"

#define GENERATE(rest) "{\"model\":\"m\",\"prompt\":\"p\"" rest "}"
#define CHAT(rest)     "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"p\"}]" rest "}"
#define EMBED(rest)    "{\"model\":\"m\",\"input\":\"p\"" rest "}"

static struct ollama_request request;

static bool open_request(enum ollama_route route, const char *bytes, unsigned *status,
                         struct error *err)
{
    const struct json *body;
    ollama_request_release(&request);
    assert_ok(body_open(&body, slice_of(bytes), err), *err);
    bool ok = ollama_request_open(&request, route, body, slice_of("client"), status, err);
    json_close(&body);
    return ok;
}

static void open_ok(enum ollama_route route, const char *bytes)
{
    unsigned status;
    struct error err = { 0 };
    assert_ok(open_request(route, bytes, &status, &err), err);
    assert_int_equal(status, 200);
}

/* What is written, and that the worker can read it. */
static void check_worker(enum ollama_route route, const char *bytes, const char *wanted)
{
    struct worker_request read;
    struct error err = { 0 };
    open_ok(route, bytes);
    assert_string_equal(request.worker.data, wanted);
    assert_ok(worker_request_open(&read, text_slice(&request.worker), &err), err);
    worker_request_release(&read);
    ollama_request_release(&request);
}

static void check_refused(enum ollama_route route, const char *bytes, unsigned wanted,
                          const char *message)
{
    unsigned status;
    struct error err = { 0 };
    if (open_request(route, bytes, &status, &err))
        fail_msg("not refused: %s", bytes);
    ollama_request_release(&request);
    assert_string_equal(err.message, message);
    assert_int_equal(status, wanted);
}

TEST(ollama_generate_tells_the_worker_what_was_said)
{
    check_worker(OLLAMA_GENERATE, GENERATE(""),
                 "{\"kind\":\"generate\",\"prompt\":\"p\",\"returns_context\":true,"
                 "\"truncate\":false,\"client\":\"client\"}");
    check_worker(OLLAMA_GENERATE,
                 "{\"MODEL\":\"m\",\"Prompt\":\"p\",\"system\":\"y\",\"template\":\"t\","
                 "\"context\":[1,2],\"truncate\":true,\"shift\":false,\"think\":\"high\"}",
                 "{\"kind\":\"generate\",\"context\":[1,2],\"prompt\":\"p\",\"system\":\"y\","
                 "\"returns_context\":true,\"think\":\"high\",\"template\":\"t\","
                 "\"truncate\":true,\"client\":\"client\"}");
    check_worker(OLLAMA_GENERATE, GENERATE(",\"suffix\":\"s\",\"grammar\":\"root ::= \\\"a\\\"\""),
                 "{\"kind\":\"generate\",\"prompt\":\"p\",\"suffix\":\"s\","
                 "\"returns_context\":true,\"truncate\":false,"
                 "\"grammar\":\"root ::= \\\"a\\\"\",\"client\":\"client\"}");
    check_worker(OLLAMA_GENERATE, GENERATE(",\"raw\":true,\"format\":\"\",\"context\":[]"),
                 "{\"kind\":\"generate\",\"context\":[],\"prompt\":\"p\",\"raw\":true,"
                 "\"truncate\":false,\"client\":\"client\"}");
}

TEST(ollama_chat_hands_on_messages_by_the_workers_names)
{
    check_worker(
        OLLAMA_CHAT,
        "{\"model\":\"m\",\"messages\":[{\"ROLE\":\"user\",\"Content\":null,\"images\":[],"
        "\"x\":1},{\"role\":\"assistant\",\"content\":\"<a\",\"thinking\":\"t\","
        "\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{\"z\":1,\"a\":2}}}]}],"
        "\"tools\":[{\"type\":\"function\"}],\"think\":false}",
        "{\"kind\":\"chat\",\"messages\":[{\"role\":\"user\"},{\"role\":\"assistant\","
        "\"content\":\"\\u003ca\",\"thinking\":\"t\",\"tool_calls\":[{\"function\":{\"name\":"
        "\"f\",\"arguments\":{\"z\":1,\"a\":2}}}]}],\"tools\":[{\"type\":\"function\"}],"
        "\"think\":false,\"truncate\":false,\"client\":\"client\"}");
}

TEST(ollama_chat_that_ends_with_the_assistant_goes_on)
{
    check_worker(OLLAMA_CHAT,
                 "{\"model\":\"m\",\"messages\":[{\"role\":\"Assistant\",\"content\":\"a\"}]}",
                 "{\"kind\":\"chat\",\"messages\":[{\"role\":\"Assistant\",\"content\":\"a\"}],"
                 "\"continues\":true,\"truncate\":false,\"client\":\"client\"}");
}

TEST(ollama_own_members_of_hearth_are_handed_on)
{
    check_worker(OLLAMA_CHAT,
                 CHAT(",\"tool_choice\":{\"name\":\"f\"},\"parallel_tool_calls\":false,"
                      "\"thinking_budget\":5,\"n\":3,"
                      "\"logit_bias\":{\"1\":-100},\"priority\":\"batch\",\"logprobs\":true,"
                      "\"top_logprobs\":2,\"format\":{\"type\":\"object\"}"),
                 "{\"kind\":\"chat\",\"messages\":[{\"role\":\"user\",\"content\":\"p\"}],"
                 "\"tool_choice\":{\"name\":\"f\"},\"parallel_tool_calls\":false,"
                 "\"format\":{\"type\":\"object\"},\"logprobs\":2,\"truncate\":false,\"n\":3,"
                 "\"thinking_budget\":5,\"priority\":\"batch\","
                 "\"logit_bias\":{\"1\":-100},\"client\":\"client\"}");
    open_ok(OLLAMA_CHAT, CHAT(",\"n\":3,\"top_logprobs\":2,\"stream\":false"));
    assert_int_equal(request.n_choices, 3);
    assert_true(request.has_top_logprobs);
    assert_false(request.streams);
    assert_int_equal(request.ignored.length, 0);
    ollama_request_release(&request);
}

TEST(ollama_templates_are_go_or_jinja_also_of_chats)
{
    check_worker(OLLAMA_CHAT, CHAT(",\"template\":\"t\",\"template_kind\":\"jinja\""),
                 "{\"kind\":\"chat\",\"messages\":[{\"role\":\"user\",\"content\":\"p\"}],"
                 "\"template\":\"t\",\"template_kind\":\"jinja\",\"truncate\":false,"
                 "\"client\":\"client\"}");
    check_worker(OLLAMA_GENERATE, GENERATE(",\"template\":\"t\",\"template_kind\":\"go\""),
                 "{\"kind\":\"generate\",\"prompt\":\"p\",\"returns_context\":true,"
                 "\"template\":\"t\",\"truncate\":false,\"client\":\"client\"}");
    check_refused(OLLAMA_CHAT, CHAT(",\"template_kind\":\"perl\""), 400,
                  "template_kind must be \"go\" or \"jinja\", not \"perl\"");
}

TEST(ollama_guesses_are_a_number_or_as_many_as_pay)
{
    check_worker(OLLAMA_GENERATE, GENERATE(",\"raw\":true,\"options\":{\"num_draft\":0}"),
                 "{\"kind\":\"generate\",\"prompt\":\"p\",\"raw\":true,\"truncate\":false,"
                 "\"options\":{\"num_draft\":0},\"client\":\"client\"}");
    check_worker(OLLAMA_GENERATE, GENERATE(",\"raw\":true,\"options\":{\"num_draft\":-1}"),
                 "{\"kind\":\"generate\",\"prompt\":\"p\",\"raw\":true,\"truncate\":false,"
                 "\"options\":{\"num_draft\":-1},\"client\":\"client\"}");
}

TEST(ollama_dry_runs_are_generations_that_answer_nothing)
{
    check_worker(OLLAMA_GENERATE, GENERATE(",\"raw\":true,\"dry_run\":true"),
                 "{\"kind\":\"generate\",\"prompt\":\"p\",\"raw\":true,\"truncate\":false,"
                 "\"dry_run\":true,\"client\":\"client\"}");
    open_ok(OLLAMA_CHAT, CHAT(",\"dry_run\":true"));
    assert_true(request.is_dry_run);
    ollama_request_release(&request);
}

TEST(ollama_embed_takes_texts)
{
    check_worker(OLLAMA_EMBED, EMBED(",\"truncate\":true,\"options\":{\"num_ctx\":16}"),
                 "{\"kind\":\"embed\",\"input\":[\"p\"],\"truncate\":true,\"n_ctx\":16,"
                 "\"client\":\"client\"}");
    check_worker(OLLAMA_EMBED, "{\"model\":\"m\",\"input\":[\"a\",\"\"],\"dimensions\":4}",
                 "{\"kind\":\"embed\",\"input\":[\"a\",\"\"],\"truncate\":false,"
                 "\"client\":\"client\"}");
    check_worker(OLLAMA_EMBEDDINGS, GENERATE(""),
                 "{\"kind\":\"embed\",\"input\":[\"p\"],\"client\":\"client\"}");
    check_refused(OLLAMA_EMBED, "{\"model\":\"m\",\"input\":5}", 400, "invalid input type");
    check_refused(OLLAMA_EMBED, "{\"model\":\"m\",\"input\":[\"a\",1]}", 400, "invalid input type");
    check_refused(OLLAMA_EMBED, EMBED(",\"options\":{\"num_ctx\":0}"), 400,
                  "input after truncation exceeds maximum context length");
}

static void check_wish(enum ollama_route route, const char *bytes, enum wish_kind wanted)
{
    open_ok(route, bytes);
    assert_int_equal(request.wish, wanted);
    ollama_request_release(&request);
}

TEST(ollama_nothing_to_answer_loads_or_unloads)
{
    check_wish(OLLAMA_GENERATE, "{\"model\":\"m\"}", WISH_LOAD);
    check_wish(OLLAMA_GENERATE, "{\"model\":\"m\",\"prompt\":\"\",\"keep_alive\":0}", WISH_UNLOAD);
    check_wish(OLLAMA_GENERATE, "{\"model\":\"m\",\"keep_alive\":\"0s\"}", WISH_UNLOAD);
    check_wish(OLLAMA_GENERATE, GENERATE(",\"keep_alive\":0"), WISH_REQUEST);
    check_wish(OLLAMA_CHAT, "{\"model\":\"m\",\"messages\":[]}", WISH_LOAD);
    check_wish(OLLAMA_CHAT, "{\"model\":\"m\",\"keep_alive\":0}", WISH_UNLOAD);
    check_wish(OLLAMA_EMBED, "{\"model\":\"m\"}", WISH_LOAD);
    check_wish(OLLAMA_EMBED, "{\"model\":\"m\",\"input\":\"\"}", WISH_LOAD);
    check_wish(OLLAMA_EMBED, "{\"model\":\"m\",\"input\":[]}", WISH_LOAD);
    check_wish(OLLAMA_EMBEDDINGS, "{\"model\":\"m\",\"prompt\":\"\"}", WISH_LOAD);
}

static void check_keep_alive(const char *bytes, bool is_set, int64_t ns)
{
    open_ok(OLLAMA_GENERATE, bytes);
    assert_int_equal(request.keep_alive.is_set, is_set);
    if (ns < 0)
        assert_true(request.keep_alive.ns < 0);
    else
        assert_true(request.keep_alive.ns == ns);
    ollama_request_release(&request);
}

TEST(ollama_keep_alive_has_many_forms)
{
    check_keep_alive(GENERATE(""), false, 0);
    check_keep_alive(GENERATE(",\"keep_alive\":null"), false, 0);
    check_keep_alive(GENERATE(",\"keep_alive\":300"), true, 300000000000);
    check_keep_alive(GENERATE(",\"keep_alive\":0.5"), true, 500000000);
    check_keep_alive(GENERATE(",\"keep_alive\":-1"), true, -1);
    check_keep_alive(GENERATE(",\"keep_alive\":1e300"), true, -1);
    check_keep_alive(GENERATE(",\"keep_alive\":\"5m\""), true, 300000000000);
    check_keep_alive(GENERATE(",\"keep_alive\":\"-1s\""), true, -1);
    check_refused(OLLAMA_GENERATE, GENERATE(",\"keep_alive\":\"300\""), 400,
                  "time: missing unit in duration \"300\"");
    check_refused(OLLAMA_GENERATE, GENERATE(",\"keep_alive\":[]"), 400,
                  "keep_alive must be a number of seconds or a duration (\"5m\")");
}

TEST(ollama_options_are_passed_or_named)
{
    check_worker(
        OLLAMA_GENERATE,
        GENERATE(",\"raw\":true,\"options\":{\"temperature\":0,\"top_k\":40.9,\"seed\":-1,"
                 "\"num_predict\":5,\"num_ctx\":2,\"stop\":[\"a\",\"\",\"b\"],\"stop_loops\":true,"
                 "\"num_keep\":8,"
                 "\"top_p\":null}"),
        "{\"kind\":\"generate\",\"prompt\":\"p\",\"raw\":true,\"truncate\":false,\"n_ctx\":4,"
        "\"options\":{\"temperature\":0,\"top_k\":40,\"seed\":-1,\"num_predict\":5,"
        "\"stop\":[\"a\",\"b\"],\"stop_loops\":true,\"num_keep\":8},\"client\":\"client\"}");
    check_worker(
        OLLAMA_GENERATE,
        GENERATE(",\"raw\":true,\"options\":{\"num_predict\":0,\"num_keep\":-1,\"num_ctx\":-1}"),
        "{\"kind\":\"generate\",\"prompt\":\"p\",\"raw\":true,\"truncate\":false,"
        "\"client\":\"client\"}");
    open_ok(OLLAMA_CHAT, CHAT(",\"shift\":true,\"suffix\":\"x\",\"new\":null,\"options\":{"
                              "\"num_gpu\":1,\"mirostat\":0,\"low_vram\":true,\"wh\\r\\nat\":5}"));
    assert_string_equal(request.ignored.data, "num_gpu, low_vram, wh??at, shift, suffix");
    ollama_request_release(&request);
}

TEST(ollama_options_of_a_wrong_type_are_500_and_of_no_meaning_400)
{
    check_refused(OLLAMA_CHAT, CHAT(",\"options\":{\"num_ctx\":\"4096\"}"), 500,
                  "option \"num_ctx\" must be of type integer");
    check_refused(OLLAMA_CHAT, CHAT(",\"options\":{\"temperature\":\"hot\"}"), 500,
                  "option \"temperature\" must be of type float32");
    check_refused(OLLAMA_CHAT, CHAT(",\"options\":{\"use_mmap\":1}"), 500,
                  "option \"use_mmap\" must be of type boolean");
    check_refused(OLLAMA_CHAT, CHAT(",\"options\":{\"stop\":\"x\"}"), 500,
                  "option \"stop\" must be of type array");
    check_refused(OLLAMA_CHAT, CHAT(",\"options\":{\"mirostat\":2}"), 400,
                  "option \"mirostat\" is not supported");
    check_refused(OLLAMA_CHAT, CHAT(",\"options\":[]"), 400, "json: options must be an object");
}

TEST(ollama_requests_that_make_no_sense_are_refused_in_the_references_words)
{
    check_refused(OLLAMA_CHAT, "{}", 400, "model is required");
    check_refused(OLLAMA_CHAT, "{\"model\":\"\"}", 400, "model is required");
    check_refused(OLLAMA_CHAT, "{\"model\":\"a\\u0000b\"}", 400, "invalid model name");
    check_refused(OLLAMA_CHAT, "{\"model\":1}", 400,
                  "json: cannot unmarshal number into field model of type string");
    check_refused(OLLAMA_CHAT, CHAT(",\"top_logprobs\":21"), 400,
                  "top_logprobs must be between 0 and 20");
    check_refused(
        OLLAMA_CHAT, CHAT(",\"think\":\"deep\""), 400,
        "invalid think value: \"deep\" (must be \"high\", \"medium\", \"low\", \"max\", true, "
        "or false)");
    check_refused(
        OLLAMA_CHAT, CHAT(",\"think\":1"), 400,
        "think must be a boolean or string (\"high\", \"medium\", \"low\", \"max\", true, or "
        "false)");
    check_refused(OLLAMA_CHAT, CHAT(",\"format\":\"yaml\""), 400,
                  "invalid format: \"yaml\"; expected \"json\" or a valid JSON Schema object");
    check_refused(OLLAMA_GENERATE, GENERATE(",\"raw\":true,\"system\":\"s\""), 400,
                  "raw mode does not support template, system, or context");
    check_refused(OLLAMA_GENERATE, GENERATE(",\"context\":[\"a\"]"), 400,
                  "json: context must be an array of token numbers");
    check_refused(OLLAMA_GENERATE, GENERATE(",\"images\":[\"aGk=\"]"), 400,
                  "\"m\" does not support vision: hearth takes no images or audio yet");
    check_refused(OLLAMA_CHAT, "{\"model\":\"m\",\"messages\":[{\"images\":[\"a\"]}]}", 400,
                  "\"m\" does not support vision: hearth takes no images or audio yet");
    check_refused(OLLAMA_CHAT, "{\"model\":\"m\",\"messages\":[1]}", 400,
                  "json: each of the messages must be an object");
    check_refused(OLLAMA_CHAT, CHAT(",\"tool_choice\":\"any\""), 400,
                  "tool_choice must be \"auto\", \"none\", \"required\" or {\"name\": a tool}");
    check_refused(OLLAMA_CHAT, CHAT(",\"n\":0"), 400, "n must be between 1 and 128");
}

TEST(ollama_debugging_renders)
{
    check_worker(OLLAMA_GENERATE, GENERATE(",\"raw\":true,\"_debug_render_only\":true"),
                 "{\"kind\":\"render\",\"prompt\":\"p\",\"raw\":true,\"truncate\":false,"
                 "\"client\":\"client\"}");
}
