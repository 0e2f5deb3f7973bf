#include "test.h"

#include "server/http/body.h"
#include "server/ollama/ollama_answer.h"
#include "server/ollama/ollama_embedding.h"

/* One answer from a body and invented events; what is sent is kept with times and durations
 * replaced, which are different each time. */
struct fixture {
    void *state;
    void (*tell)(void *, const struct task_event *, struct response *);
    void (*free)(void *);
    struct response *response;
    struct model_facts model;
    const struct json *info;
    char sent[1 << 16];
};

static const struct json *parse(const char *text)
{
    const struct json *json;
    struct error err = { 0 };
    assert_ok(json_open(&json, text, strlen(text), "test", &err), err);
    return json;
}

static void *new_state(struct fixture *f, enum ollama_route route, struct ollama_request *request)
{
    bool is_answer = route <= OLLAMA_CHAT;
    f->tell = is_answer ? ollama_answer_tell : ollama_embedding_tell;
    f->free = is_answer ? ollama_answer_free : ollama_embedding_free;
    return is_answer ? (void *)ollama_answer_new(request) : (void *)ollama_embedding_new(request);
}

static struct fixture *begin(enum ollama_route route, const char *bytes)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct ollama_request request;
    struct error err = { 0 };
    unsigned status;
    const struct json *body;
    assert_ok(body_open(&body, slice_of(bytes), &err), err);
    assert_ok(ollama_request_open(&request, route, body, slice_of("c"), &status, &err), err);
    json_close(&body);
    f->state = new_state(f, route, &request);
    f->response = response_new();
    f->info = parse("{\"capabilities\":[\"embedding\"]}");
    f->model = (struct model_facts){ "m:latest", f->info, 4096, 7000 };
    return f;
}

static void end(struct fixture *f)
{
    f->free(f->state);
    response_drop(&f->response);
    json_close(&f->info);
    free(f);
}

static void tell(struct fixture *f, enum task_event_kind kind, uint32_t choice, const char *text,
                 const char *json)
{
    const struct json *value = json ? parse(json) : NULL;
    struct task_event event = { .kind = kind,
                                .choice = choice,
                                .text = slice_of(text ? text : ""),
                                .json = value,
                                .model = &f->model };
    f->tell(f->state, &event, f->response);
    if (value)
        json_close(&value);
}

static void tell_failure(struct fixture *f, enum error_code code, const char *reason,
                         const char *message, const char *details)
{
    const struct json *value = details ? parse(details) : NULL;
    struct task_failure failure = { code, reason, message, value, 3 };
    struct task_event event = { .kind = TASK_FAILED, .model = &f->model, .failure = &failure };
    f->tell(f->state, &event, f->response);
    if (value)
        json_close(&value);
}

/* Replace what follows "name": up to the next comma or brace by T. */
static void hide(char *text, const char *name)
{
    char mark[60];
    snprintf(mark, sizeof mark, "\"%s\":", name);
    for (char *p = text; (p = strstr(p, mark));) {
        p += strlen(mark);
        size_t n = *p == '"' ? (size_t)(strchr(p + 1, '"') - p) + 1 : strcspn(p, ",}");
        memmove(p + 1, p + n, strlen(p + n) + 1);
        *p = 'T';
    }
}

static const char *sent(struct fixture *f)
{
    bool is_over;
    size_t n = response_take(f->response, f->sent, sizeof f->sent - 1, &is_over);
    f->sent[n] = '\0';
    hide(f->sent, "created_at");
    hide(f->sent, "total_duration");
    return f->sent;
}

static const char *header(struct fixture *f, const char *wanted)
{
    const char *name, *value;
    for (size_t i = 0; response_header_at(f->response, i, &name, &value); i++)
        if (strcmp(name, wanted) == 0)
            return value;
    return "";
}

static const char STARTED[] = "{\"n_ctx\":4096,\"prompt_tokens\":26,\"cached_tokens\":20,"
                              "\"truncated_tokens\":0,\"queue_ns\":5}";
static const char DONE[] = "{\"reason\":\"stop\",\"answer_tokens\":2,\"thinking_tokens\":0,"
                           "\"prompt_ns\":100,\"answer_ns\":200,\"first_token_ns\":300}";
#define COUNTS                                                                            \
    "\"total_duration\":T,\"load_duration\":7000,\"prompt_eval_count\":26,"               \
    "\"prompt_eval_duration\":100,\"eval_count\":2,\"eval_duration\":200,\"n_ctx\":4096," \
    "\"cached_tokens\":20,\"truncated_tokens\":0"
#define HEAD "{\"model\":\"M\",\"created_at\":T,"

static const char CHAT[] = "{\"model\":\"M\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}";
static const char CHAT_WHOLE[] =
    "{\"model\":\"M\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"stream\":false}";
static const char GENERATE[] = "{\"model\":\"M\",\"prompt\":\"x\"}";

TEST(ollama_chat_streams_a_line_for_each_event)
{
    struct fixture *f = begin(OLLAMA_CHAT, CHAT);
    tell(f, TASK_STARTED, 0, NULL, STARTED);
    assert_false(response_has_begun(f->response));
    tell(f, TASK_THINKING, 0, "hm", NULL);
    assert_string_equal(sent(f), HEAD "\"message\":{\"role\":\"assistant\",\"content\":\"\","
                                      "\"thinking\":\"hm\"},\"done\":false}\n");
    assert_int_equal(response_status(f->response), 200);
    assert_string_equal(response_content_type(f->response), "application/x-ndjson");
    assert_string_equal(header(f, "X-Hearth-N-Ctx"), "4096");
    assert_string_equal(header(f, "X-Hearth-Prompt-Tokens"), "26");
    assert_string_equal(header(f, "X-Hearth-Cached-Tokens"), "20");
    tell(f, TASK_CONTENT, 0, "<hi>", NULL);
    assert_string_equal(sent(f), HEAD "\"message\":{\"role\":\"assistant\",\"content\":"
                                      "\"\\u003chi\\u003e\"},\"done\":false}\n");
    tell(f, TASK_DONE, 0, NULL, DONE);
    assert_string_equal(sent(f), HEAD "\"message\":{\"role\":\"assistant\",\"content\":\"\"},"
                                      "\"done\":true,\"done_reason\":\"stop\"," COUNTS "}\n");
    assert_true(response_is_over(f->response));
    tell(f, TASK_END, 0, NULL, NULL);
    assert_string_equal(sent(f), "");
    end(f);
}

TEST(ollama_chat_tells_calls_when_they_are_complete)
{
    static const char call[] = "{\"index\":1,\"id\":\"call_ab12cd34\",\"name\":\"f\",\"arguments\":"
                               "{\"z\":\"&\",\"a\":1.5}}";
    struct fixture *f = begin(OLLAMA_CHAT, CHAT);
    tell(f, TASK_CALL, 0, NULL, call);
    assert_string_equal(
        sent(f),
        HEAD "\"message\":{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"id\":"
             "\"call_ab12cd34\",\"function\":{\"index\":1,\"name\":\"f\",\"arguments\":{\"z\":"
             "\"\\u0026\",\"a\":1.5}}}]},\"done\":false}\n");
    tell(f, TASK_CALL, 0, NULL, "{\"index\":0,\"name\":\"g\",\"arguments\":{}}");
    assert_string_equal(sent(f), HEAD "\"message\":{\"role\":\"assistant\",\"content\":\"\","
                                      "\"tool_calls\":[{\"function\":{\"index\":0,\"name\":\"g\","
                                      "\"arguments\":{}}}]},\"done\":false}\n");
    end(f);
}

TEST(ollama_chat_that_does_not_stream_is_one_object)
{
    struct fixture *f = begin(OLLAMA_CHAT, CHAT_WHOLE);
    tell(f, TASK_STARTED, 0, NULL, STARTED);
    tell(f, TASK_THINKING, 0, "h", NULL);
    tell(f, TASK_THINKING, 0, "m", NULL);
    tell(f, TASK_CONTENT, 0, "a", NULL);
    tell(f, TASK_CALL, 0, NULL, "{\"index\":0,\"name\":\"g\",\"arguments\":{}}");
    tell(f, TASK_CALL, 0, NULL, "{\"index\":1,\"name\":\"h\",\"arguments\":{}}");
    tell(f, TASK_CONTENT, 0, "b", NULL);
    assert_false(response_has_begun(f->response));
    tell(f, TASK_DONE, 0, NULL, DONE);
    assert_string_equal(
        sent(f),
        HEAD "\"message\":{\"role\":\"assistant\",\"content\":\"ab\",\"thinking\":\"hm\","
             "\"tool_calls\":[{\"function\":{\"index\":0,\"name\":\"g\",\"arguments\":{}}},"
             "{\"function\":{\"index\":1,\"name\":\"h\",\"arguments\":{}}}]},\"done\":true,"
             "\"done_reason\":\"stop\"," COUNTS "}");
    assert_string_equal(response_content_type(f->response), "application/json; charset=utf-8");
    assert_string_equal(header(f, "X-Hearth-Truncated-Tokens"), "0");
    end(f);
}

TEST(ollama_generate_gives_its_context_back)
{
    struct fixture *f = begin(OLLAMA_GENERATE, GENERATE);
    tell(f, TASK_STARTED, 0, NULL, STARTED);
    tell(f, TASK_CONTENT, 0, "a", NULL);
    assert_string_equal(sent(f), HEAD "\"response\":\"a\",\"done\":false}\n");
    tell(f, TASK_THINKING, 0, "t", NULL);
    assert_string_equal(sent(f), HEAD "\"response\":\"\",\"thinking\":\"t\",\"done\":false}\n");
    tell(f, TASK_DONE, 0, NULL,
         "{\"reason\":\"length\",\"answer_tokens\":2,\"prompt_ns\":100,\"answer_ns\":200,"
         "\"thinking_tokens\":1,\"context\":[1,2,3]}");
    assert_string_equal(sent(f), HEAD "\"response\":\"\",\"done\":true,\"done_reason\":\"length\","
                                      "\"context\":[1,2,3]," COUNTS ",\"thinking_tokens\":1}\n");
    end(f);
}

TEST(ollama_loop_that_was_stopped_is_told_as_cut_off)
{
    struct fixture *f = begin(OLLAMA_GENERATE, GENERATE);
    tell(f, TASK_DONE, 0, NULL, "{\"reason\":\"repetition\",\"answer_tokens\":1}");
    assert_string_equal(sent(f), HEAD "\"response\":\"\",\"done\":true,\"done_reason\":\"length\","
                                      "\"total_duration\":T,\"load_duration\":7000,"
                                      "\"eval_count\":1,\"n_ctx\":0,\"cached_tokens\":0,"
                                      "\"truncated_tokens\":0,\"loop\":true}\n");
    end(f);
}

#define TOKEN "\"token\":\"a\",\"logprob\":-0.5,\"bytes\":[97]"

TEST(ollama_logprobs_go_with_the_next_words)
{
    static const char logprobs[] =
        "[{\"token\":\"a\",\"id\":3,\"logprob\":-0.5,\"bytes\":[97],\"top\":[{\"token\":\"a\","
        "\"id\":3,\"logprob\":-0.5,\"bytes\":[97]}]}]";
    struct fixture *f = begin(
        OLLAMA_GENERATE, "{\"model\":\"M\",\"prompt\":\"x\",\"logprobs\":true,\"top_logprobs\":1}");
    tell(f, TASK_LOGPROBS, 0, NULL, logprobs);
    tell(f, TASK_LOGPROBS, 0, NULL, logprobs);
    assert_false(response_has_begun(f->response));
    tell(f, TASK_CONTENT, 0, "aa", NULL);
    assert_string_equal(sent(f), HEAD "\"response\":\"aa\",\"done\":false,\"logprobs\":[{" TOKEN
                                      ",\"top_logprobs\":[{" TOKEN "}]},{" TOKEN
                                      ",\"top_logprobs\":[{" TOKEN "}]}]}\n");
    tell(f, TASK_CONTENT, 0, "b", NULL);
    assert_string_equal(sent(f), HEAD "\"response\":\"b\",\"done\":false}\n");
    end(f);
    f = begin(OLLAMA_CHAT, CHAT_WHOLE);
    tell(f, TASK_LOGPROBS, 0, NULL, logprobs);
    tell(f, TASK_CONTENT, 0, "a", NULL);
    tell(f, TASK_DONE, 0, NULL, DONE);
    assert_non_null(strstr(sent(f), ",\"logprobs\":[{" TOKEN "}]}"));
    end(f);
}

TEST(ollama_several_answers_carry_their_number)
{
    struct fixture *f = begin(OLLAMA_GENERATE, "{\"model\":\"M\",\"prompt\":\"x\",\"n\":2}");
    tell(f, TASK_CONTENT, 1, "b", NULL);
    assert_string_equal(sent(f), HEAD "\"response\":\"b\",\"done\":false,\"choice\":1}\n");
    tell(f, TASK_CONTENT, 7, "nobody", NULL);
    tell(f, TASK_DONE, 1, NULL, "{\"reason\":\"stop\"}");
    assert_non_null(strstr(sent(f), "\"done\":false,\"done_reason\":\"stop\""));
    assert_false(response_is_over(f->response));
    tell(f, TASK_DONE, 0, NULL, "{\"reason\":\"stop\"}");
    assert_non_null(strstr(sent(f), "\"done\":true,\"done_reason\":\"stop\""));
    assert_true(response_is_over(f->response));
    end(f);
    f = begin(OLLAMA_GENERATE, "{\"model\":\"M\",\"prompt\":\"x\",\"n\":2,\"stream\":false}");
    tell(f, TASK_CONTENT, 1, "b", NULL);
    tell(f, TASK_CONTENT, 0, "a", NULL);
    tell(f, TASK_DONE, 0, NULL, "{\"reason\":\"stop\"}");
    tell(f, TASK_DONE, 1, NULL, "{\"reason\":\"length\"}");
    const char *all = sent(f);
    assert_non_null(strstr(all, HEAD "\"response\":\"a\",\"done\":true,\"done_reason\":\"stop\""));
    assert_non_null(strstr(all, "\"choices\":[{\"choice\":0,\"response\":\"a\""));
    assert_non_null(strstr(all, "{\"choice\":1,\"response\":\"b\",\"done\":true,\"done_reason\":"
                                "\"length\""));
    end(f);
}

TEST(ollama_loading_and_unloading_is_one_object)
{
    struct fixture *f = begin(OLLAMA_CHAT, "{\"model\":\"M\",\"messages\":[]}");
    tell(f, TASK_LOADED, 0, NULL, NULL);
    assert_string_equal(sent(f), HEAD "\"message\":{\"role\":\"assistant\",\"content\":\"\"},"
                                      "\"done\":true,\"done_reason\":\"load\",\"n_ctx\":4096}");
    end(f);
    f = begin(OLLAMA_GENERATE, "{\"model\":\"M\",\"keep_alive\":0}");
    tell(f, TASK_UNLOADED, 0, NULL, NULL);
    assert_non_null(strstr(sent(f), "\"response\":\"\",\"done\":true,\"done_reason\":\"unload\""));
    end(f);
}

TEST(ollama_rendered_prompts_are_shown_not_answered)
{
    struct fixture *f =
        begin(OLLAMA_GENERATE, "{\"model\":\"M\",\"prompt\":\"x\",\"_debug_render_only\":true}");
    tell(f, TASK_RESULT, 0, NULL, "{\"prompt\":\"<s>x\",\"tokens\":[1,2]}");
    assert_string_equal(sent(f),
                        HEAD "\"response\":\"\",\"done\":false,\"_debug_info\":{"
                             "\"rendered_template\":\"\\u003cs\\u003ex\",\"prompt_tokens\":2}}");
    end(f);
}

TEST(ollama_dry_runs_tell_counts_and_no_words)
{
    struct fixture *f = begin(OLLAMA_CHAT, "{\"model\":\"M\",\"messages\":[{}],\"dry_run\":true}");
    tell(f, TASK_RESULT, 0, NULL, "{\"n_ctx\":64,\"prompt_tokens\":5,\"truncated_tokens\":2}");
    assert_string_equal(sent(f), HEAD "\"done\":true,\"done_reason\":\"checked\","
                                      "\"prompt_eval_count\":5,\"n_ctx\":64,"
                                      "\"truncated_tokens\":2}");
    end(f);
}

TEST(ollama_failures_before_the_first_line_have_a_status)
{
    struct fixture *f = begin(OLLAMA_CHAT, CHAT);
    tell(f, TASK_STARTED, 0, NULL, STARTED);
    tell_failure(f, ERROR_CONTEXT, "context_length", "no",
                 "{\"n_ctx\":4096,\"prompt_tokens\":5000,\"code\":8}");
    assert_int_equal(response_status(f->response), 400);
    assert_string_equal(
        sent(f), "{\"error\":\"the prompt is longer than the context length currently available to "
                 "the model: it has 5000 tokens, the context 4096; shorten the prompt, raise "
                 "num_ctx, use a model with a longer context length, or send \\\"truncate\\\": "
                 "true\",\"code\":\"context_length\",\"n_ctx\":4096,\"prompt_tokens\":5000}");
    assert_true(response_is_over(f->response));
    tell(f, TASK_END, 0, NULL, NULL);
    end(f);
}

TEST(ollama_failures_after_the_first_line_are_a_line)
{
    struct fixture *f = begin(OLLAMA_CHAT, CHAT);
    tell(f, TASK_CONTENT, 0, "a", NULL);
    (void)sent(f);
    tell_failure(f, ERROR_IO, "crashed", "the worker died: signal 9", NULL);
    assert_string_equal(sent(f),
                        "{\"error\":\"the worker died: signal 9\",\"code\":\"crashed\"}\n");
    assert_int_equal(response_status(f->response), 200);
    assert_true(response_is_over(f->response));
    end(f);
}

static void check_failure(enum ollama_route route, enum error_code code, const char *reason,
                          unsigned status, const char *wanted)
{
    struct fixture *f =
        begin(route, "{\"model\":\"M\",\"prompt\":\"x\",\"input\":\"x\",\"messages\":[{}]}");
    tell_failure(f, code, reason, "what happened", NULL);
    assert_int_equal(response_status(f->response), status);
    assert_non_null(strstr(sent(f), wanted));
    assert_string_equal(header(f, "Retry-After"), "3");
    end(f);
}

TEST(ollama_failures_are_told_in_the_references_words)
{
    check_failure(OLLAMA_CHAT, ERROR_USAGE, "thinking", 400,
                  "\"\\\"M\\\" does not support thinking\"");
    check_failure(OLLAMA_CHAT, ERROR_USAGE, "tools", 400, "\"M does not support tools\"");
    check_failure(OLLAMA_GENERATE, ERROR_USAGE, "insert", 400, "\"M does not support insert\"");
    check_failure(OLLAMA_GENERATE, ERROR_NOT_FOUND, "not_found", 404, "\"model 'M' not found\"");
    check_failure(OLLAMA_EMBED, ERROR_NOT_FOUND, "not_found", 404,
                  "\"model \\\"M\\\" not found, try pulling it first\"");
    check_failure(OLLAMA_CHAT, ERROR_BUDGET, "busy", 503,
                  "\"server busy, please try again.  maximum pending requests exceeded\"");
    check_failure(OLLAMA_CHAT, ERROR_CANCELLED, "cancelled", 499, "\"request canceled\"");
    check_failure(OLLAMA_CHAT, ERROR_MEMORY, "memory", 503, "\"what happened\"");
    check_failure(OLLAMA_CHAT, ERROR_UNSUPPORTED, "invalid", 400,
                  "\"\\\"M\\\" does not support chat\"");
    check_failure(OLLAMA_EMBED, ERROR_FORMAT, NULL, 500, "\"what happened\"");
}

TEST(ollama_task_that_ends_without_a_word_is_an_error)
{
    struct fixture *f = begin(OLLAMA_CHAT, CHAT);
    tell(f, TASK_END, 0, NULL, NULL);
    assert_int_equal(response_status(f->response), 500);
    assert_string_equal(sent(f),
                        "{\"error\":\"the model ended without an answer\",\"code\":\"internal\"}");
    end(f);
}

TEST(ollama_answers_name_what_had_no_meaning)
{
    struct fixture *f =
        begin(OLLAMA_CHAT,
              "{\"model\":\"M\",\"messages\":[{}],\"options\":{\"num_gpu\":1,\"nonsense\":2}}");
    tell(f, TASK_CONTENT, 0, "a", NULL);
    assert_string_equal(header(f, "X-Hearth-Ignored"), "num_gpu, nonsense");
    end(f);
}

/* ---- embeddings ---- */

TEST(ollama_embeddings_have_unit_length_also_when_cut)
{
    static const char result[] =
        "{\"embeddings\":[[3,4,0],[0,0,0],[1,1,1e300]],\"prompt_tokens\":9}";
    struct fixture *f = begin(OLLAMA_EMBED, "{\"model\":\"M\",\"input\":[\"a\",\"b\",\"c\"],"
                                            "\"dimensions\":2}");
    tell(f, TASK_RESULT, 0, NULL, result);
    assert_string_equal(sent(f), "{\"model\":\"M\",\"embeddings\":[[0.6,0.8],[0,0],[0.70710677,"
                                 "0.70710677]],\"total_duration\":T,\"load_duration\":7000,"
                                 "\"prompt_eval_count\":9}");
    assert_int_equal(response_status(f->response), 200);
    end(f);
}

TEST(ollama_embeddings_that_are_no_numbers_are_an_error)
{
    struct fixture *f = begin(OLLAMA_EMBED, "{\"model\":\"M\",\"input\":\"a\"}");
    tell(f, TASK_RESULT, 0, NULL, "{\"embeddings\":[[1,null]],\"prompt_tokens\":9}");
    assert_int_equal(response_status(f->response), 400);
    assert_string_equal(
        sent(f), "{\"error\":\"embedding contains NaN or Inf values\",\"code\":\"invalid\"}");
    end(f);
}

TEST(ollama_embeddings_of_nothing_only_load)
{
    struct fixture *f = begin(OLLAMA_EMBED, "{\"model\":\"M\"}");
    tell(f, TASK_LOADED, 0, NULL, NULL);
    assert_string_equal(sent(f), "{\"model\":\"M\",\"embeddings\":[]}");
    end(f);
    f = begin(OLLAMA_EMBEDDINGS, "{\"model\":\"M\"}");
    tell(f, TASK_LOADED, 0, NULL, NULL);
    assert_string_equal(sent(f), "{\"embedding\":[]}");
    end(f);
}

TEST(ollama_old_embeddings_are_as_the_model_gave_them)
{
    struct fixture *f = begin(OLLAMA_EMBEDDINGS, GENERATE);
    tell(f, TASK_RESULT, 0, NULL, "{\"embeddings\":[[3,4.25]],\"prompt_tokens\":1}");
    assert_string_equal(sent(f), "{\"embedding\":[3,4.25]}");
    end(f);
}
