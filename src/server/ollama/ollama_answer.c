#include "server/ollama/ollama_answer.h"

#include "base/clock.h"
#include "base/memory.h"
#include "server/ollama/go_json.h"
#include "server/ollama/ollama_failure.h"
#include "server/ollama/ollama_headers.h"

enum { CHOICE_LIMIT_BYTES = 256 << 20 };

/* One of several answers. What is whole at the end is collected; what streams leaves at once, but
 * for logprobs, which go with the next words. */
struct choice {
    struct text content, thinking;
    struct text calls, logprobs; /* elements of arrays */
    struct text end;             /* members of the last line, from done_reason on */
    int64_t n_tokens;            /* so far, where that is told */
};

struct ollama_answer {
    struct ollama_request request;
    uint64_t began_ns;
    struct prompt_counts prompt;
    struct choice *choices; /* [request.n_choices] */
    uint32_t n_done;
    struct text line;
};

static void choice_init(struct choice *choice)
{
    text_init(&choice->content, CHOICE_LIMIT_BYTES);
    text_init(&choice->thinking, CHOICE_LIMIT_BYTES);
    text_init(&choice->calls, CHOICE_LIMIT_BYTES);
    text_init(&choice->logprobs, CHOICE_LIMIT_BYTES);
    text_init(&choice->end, CHOICE_LIMIT_BYTES);
}

static void choice_release(struct choice *choice)
{
    text_release(&choice->content);
    text_release(&choice->thinking);
    text_release(&choice->calls);
    text_release(&choice->logprobs);
    text_release(&choice->end);
}

struct ollama_answer *ollama_answer_new(struct ollama_request *request)
{
    struct ollama_answer *a = memory_zeroed(1, sizeof *a);
    struct choice *choices = memory_zeroed(request->n_choices, sizeof *choices);
    if (!a || !choices) {
        ollama_request_release(request);
        memory_free(choices);
        memory_free(a);
        return NULL;
    }
    a->request = *request;
    a->began_ns = clock_ns();
    a->choices = choices;
    for (uint32_t i = 0; i < request->n_choices; i++)
        choice_init(&choices[i]);
    text_init(&a->line, SIZE_MAX / 4);
    return a;
}

void ollama_answer_free(void *answer)
{
    struct ollama_answer *a = answer;
    if (!a)
        return;
    for (uint32_t i = 0; i < a->request.n_choices; i++)
        choice_release(&a->choices[i]);
    memory_free(a->choices);
    ollama_request_release(&a->request);
    text_release(&a->line);
    memory_free(a);
}

/* ---- the parts of a line ---- */

static struct go_json line_begin(struct ollama_answer *a)
{
    text_clear(&a->line);
    struct go_json w = go_json_init(&a->line);
    go_json_open(&w, NULL, '{');
    go_json_text(&w, "model", text_slice(&a->request.model));
    go_json_time(&w, "created_at", wall_clock_ns());
    return w;
}

static void write_array(struct go_json *w, const char *name, const struct text *elements)
{
    if (elements->length == 0)
        return;
    go_json_open(w, name, '[');
    go_json_raw(w, NULL, text_slice(elements));
    go_json_close(w, ']');
}

/* What is said, up to "done", which the two routes order differently. */
static void write_words(struct go_json *w, enum ollama_route route, struct slice content,
                        struct slice thinking, const struct text *calls)
{
    if (route == OLLAMA_GENERATE) {
        go_json_text(w, "response", content);
        go_json_text_if_any(w, "thinking", thinking);
        return;
    }
    go_json_open(w, "message", '{');
    go_json_string(w, "role", "assistant");
    go_json_text(w, "content", content);
    go_json_text_if_any(w, "thinking", thinking);
    if (calls)
        write_array(w, "tool_calls", calls);
    go_json_close(w, '}');
}

/* The rest: what ended it, calls of generate, logprobs. */
static void write_rest(struct go_json *w, enum ollama_route route, bool is_done,
                       const struct choice *choice, const struct text *calls)
{
    go_json_flag(w, "done", is_done);
    if (choice->end.length > 0)
        go_json_raw(w, NULL, text_slice(&choice->end));
    if (route == OLLAMA_GENERATE && calls)
        write_array(w, "tool_calls", calls);
    write_array(w, "logprobs", &choice->logprobs);
}

/* What a stream that is broken off has cost. */
static void write_counts(struct go_json *w, const struct ollama_answer *a,
                         const struct choice *choice)
{
    if (choice->n_tokens == 0)
        return;
    go_json_whole(w, "prompt_eval_count", a->prompt.prompt_tokens);
    go_json_whole(w, "cached_tokens", a->prompt.cached_tokens);
    go_json_whole(w, "eval_count", choice->n_tokens);
}

static void write_choice_number(struct go_json *w, const struct ollama_answer *a, uint32_t choice)
{
    if (a->request.n_choices > 1)
        go_json_whole(w, "choice", choice);
}

/* ---- sending ---- */

static void fail_for_memory(struct response *response)
{
    ollama_respond_error(response, 500, "no memory left for an answer");
}

static void send_line(struct ollama_answer *a, struct go_json *w, struct response *response)
{
    go_json_close(w, '}');
    if (!w->ok || !text_append_byte(&a->line, '\n')) {
        fail_for_memory(response);
        return;
    }
    if (!response_has_begun(response)) {
        ollama_headers_add(response, &a->request, &a->prompt);
        response_begin(response, 200, "application/x-ndjson");
    }
    response_write(response, text_slice(&a->line));
}

static void send_whole(struct ollama_answer *a, struct go_json *w, struct response *response)
{
    go_json_close(w, '}');
    if (!w->ok) {
        fail_for_memory(response);
        return;
    }
    ollama_headers_add(response, &a->request, &a->prompt);
    response_whole(response, 200, "application/json; charset=utf-8", text_slice(&a->line));
}

/* ---- events ---- */

/* Words of a stream: one line, with the logprobs that came before them. */
static void stream_words(struct ollama_answer *a, uint32_t number, struct slice content,
                         struct slice thinking, const struct text *calls, struct response *response)
{
    struct choice *choice = &a->choices[number];
    struct go_json w = line_begin(a);
    write_words(&w, a->request.route, content, thinking, calls);
    write_rest(&w, a->request.route, false, choice, calls);
    write_counts(&w, a, choice);
    write_choice_number(&w, a, number);
    text_clear(&choice->logprobs);
    send_line(a, &w, response);
}

static void tell_text(struct ollama_answer *a, const struct task_event *event,
                      struct response *response)
{
    struct choice *choice = &a->choices[event->choice];
    bool is_content = event->kind == TASK_CONTENT;
    struct slice none = { "", 0 };
    if (a->request.streams)
        stream_words(a, event->choice, is_content ? event->text : none,
                     is_content ? none : event->text, NULL, response);
    else if (!text_append_slice(is_content ? &choice->content : &choice->thinking, event->text))
        fail_for_memory(response);
}

static bool write_call(struct text *out, const struct json *call)
{
    struct go_json w = go_json_init(out);
    go_json_open(&w, NULL, '{');
    go_json_text_if_any(&w, "id", json_text(json_get(call, "id")));
    go_json_open(&w, "function", '{');
    go_json_whole(&w, "index", json_int(json_get(call, "index"), 0));
    go_json_text(&w, "name", json_text(json_get(call, "name")));
    go_json_value(&w, "arguments", json_get(call, "arguments"));
    go_json_close(&w, '}');
    go_json_close(&w, '}');
    return w.ok;
}

static void tell_call(struct ollama_answer *a, const struct task_event *event,
                      struct response *response)
{
    struct choice *choice = &a->choices[event->choice];
    struct slice none = { "", 0 };
    if (!write_call(&choice->calls, event->json)) {
        fail_for_memory(response);
        return;
    }
    if (!a->request.streams)
        return;
    stream_words(a, event->choice, none, none, &choice->calls, response);
    text_clear(&choice->calls);
}

/* A token as clients know it. */
static void write_token(struct go_json *w, const struct json *token)
{
    go_json_text(w, "token", json_text(json_get(token, "token")));
    go_json_real(w, "logprob", json_number(json_get(token, "logprob"), 0));
    if (json_get(token, "bytes"))
        go_json_value(w, "bytes", json_get(token, "bytes"));
}

static bool write_logprob(struct text *out, const struct json *token, bool has_top)
{
    const struct json *top = json_get(token, "top");
    struct go_json w = go_json_init(out);
    go_json_open(&w, NULL, '{');
    write_token(&w, token);
    if (has_top) {
        go_json_open(&w, "top_logprobs", '[');
        for (size_t i = 0; i < json_size(top); i++) {
            go_json_open(&w, NULL, '{');
            write_token(&w, json_at(top, i));
            go_json_close(&w, '}');
        }
        go_json_close(&w, ']');
    }
    go_json_close(&w, '}');
    return w.ok;
}

static void tell_logprobs(struct ollama_answer *a, const struct task_event *event,
                          struct response *response)
{
    struct text *out = &a->choices[event->choice].logprobs;
    for (size_t i = 0; i < json_size(event->json); i++)
        if (!write_logprob(out, json_at(event->json, i), a->request.has_top_logprobs)) {
            fail_for_memory(response);
            return;
        }
}

static void tell_counts(struct ollama_answer *a, const struct task_event *event,
                        struct response *response)
{
    (void)response;
    a->choices[event->choice].n_tokens = json_int(json_get(event->json, "answer_tokens"), 0);
}

/* ---- the end ---- */

/* A loop that was stopped is an answer that was cut off: "length", as clients know it. */
static struct slice reason_of(const struct json *done)
{
    struct slice reason = json_text(json_get(done, "reason"));
    return slice_equal(reason, slice_of("repetition")) ? slice_of("length") : reason;
}

static void write_own_counts(struct go_json *w, const struct ollama_answer *a,
                             const struct json *done)
{
    bool is_loop = slice_equal(json_text(json_get(done, "reason")), slice_of("repetition"));
    go_json_whole(w, "n_ctx", a->prompt.n_ctx);
    go_json_whole(w, "cached_tokens", a->prompt.cached_tokens);
    go_json_whole(w, "truncated_tokens", a->prompt.truncated_tokens);
    go_json_whole_if_any(w, "thinking_tokens", json_int(json_get(done, "thinking_tokens"), 0));
    go_json_text_if_any(w, "stop", json_text(json_get(done, "stop")));
    if (is_loop)
        go_json_flag(w, "loop", true);
}

static bool write_end(struct ollama_answer *a, struct text *out, const struct task_event *event)
{
    const struct json *done = event->json, *context = json_get(done, "context");
    struct go_json w = go_json_init(out);
    go_json_text(&w, "done_reason", reason_of(done));
    if (a->request.route == OLLAMA_GENERATE && json_size(context) > 0)
        go_json_value(&w, "context", context);
    go_json_whole_if_any(&w, "total_duration", (int64_t)(clock_ns() - a->began_ns));
    go_json_whole_if_any(&w, "load_duration", event->model ? (int64_t)event->model->load_ns : 0);
    go_json_whole_if_any(&w, "prompt_eval_count", a->prompt.prompt_tokens);
    go_json_whole_if_any(&w, "prompt_eval_duration", json_int(json_get(done, "prompt_ns"), 0));
    go_json_whole_if_any(&w, "eval_count", json_int(json_get(done, "answer_tokens"), 0));
    go_json_whole_if_any(&w, "eval_duration", json_int(json_get(done, "answer_ns"), 0));
    write_own_counts(&w, a, done);
    return w.ok;
}

static void write_collected(struct go_json *w, const struct ollama_answer *a, uint32_t number)
{
    const struct choice *choice = &a->choices[number];
    write_words(w, a->request.route, text_slice(&choice->content), text_slice(&choice->thinking),
                &choice->calls);
    write_rest(w, a->request.route, true, choice, &choice->calls);
}

/* All answers are there: the first in the object itself, with several all of them in "choices". */
static void send_collected(struct ollama_answer *a, struct response *response)
{
    struct go_json w = line_begin(a);
    write_collected(&w, a, 0);
    if (a->request.n_choices > 1) {
        go_json_open(&w, "choices", '[');
        for (uint32_t i = 0; i < a->request.n_choices; i++) {
            go_json_open(&w, NULL, '{');
            write_choice_number(&w, a, i);
            write_collected(&w, a, i);
            go_json_close(&w, '}');
        }
        go_json_close(&w, ']');
    }
    send_whole(a, &w, response);
}

static void tell_done(struct ollama_answer *a, const struct task_event *event,
                      struct response *response)
{
    struct choice *choice = &a->choices[event->choice];
    struct slice none = { "", 0 };
    bool is_last = ++a->n_done == a->request.n_choices;
    if (!write_end(a, &choice->end, event)) {
        fail_for_memory(response);
        return;
    }
    if (!a->request.streams) {
        if (is_last)
            send_collected(a, response);
        return;
    }
    struct go_json w = line_begin(a);
    write_words(&w, a->request.route, none, none, NULL);
    write_rest(&w, a->request.route, is_last, choice, NULL);
    write_choice_number(&w, a, event->choice);
    send_line(a, &w, response);
    if (is_last)
        response_end(response);
}

/* ---- what is no answer ---- */

/* One object, also for who asked for a stream. */
static void tell_residence(struct ollama_answer *a, const struct task_event *event,
                           struct response *response)
{
    struct slice none = { "", 0 };
    struct go_json w = line_begin(a);
    write_words(&w, a->request.route, none, none, NULL);
    go_json_flag(&w, "done", true);
    go_json_string(&w, "done_reason", event->kind == TASK_LOADED ? "load" : "unload");
    if (event->model)
        go_json_whole_if_any(&w, "n_ctx", event->model->n_ctx);
    send_whole(a, &w, response);
}

static void tell_rendered(struct ollama_answer *a, const struct task_event *event,
                          struct response *response)
{
    struct slice none = { "", 0 };
    struct go_json w = line_begin(a);
    write_words(&w, a->request.route, none, none, NULL);
    go_json_flag(&w, "done", false);
    go_json_open(&w, "_debug_info", '{');
    go_json_text(&w, "rendered_template", json_text(json_get(event->json, "prompt")));
    go_json_whole_if_any(&w, "prompt_tokens", (int64_t)json_size(json_get(event->json, "tokens")));
    go_json_close(&w, '}');
    send_whole(a, &w, response);
}

static void tell_checked(struct ollama_answer *a, const struct task_event *event,
                         struct response *response)
{
    struct go_json w = line_begin(a);
    prompt_counts_read(&a->prompt, event->json);
    go_json_flag(&w, "done", true);
    go_json_string(&w, "done_reason", "checked");
    go_json_whole(&w, "prompt_eval_count", a->prompt.prompt_tokens);
    go_json_whole(&w, "n_ctx", a->prompt.n_ctx);
    go_json_whole(&w, "truncated_tokens", a->prompt.truncated_tokens);
    send_whole(a, &w, response);
}

static void tell_result(struct ollama_answer *a, const struct task_event *event,
                        struct response *response)
{
    if (a->request.is_render)
        tell_rendered(a, event, response);
    else
        tell_checked(a, event, response);
}

void ollama_answer_tell(void *answer, const struct task_event *event, struct response *response)
{
    static void (*const tellers[])(struct ollama_answer *, const struct task_event *,
                                   struct response *) = {
        [TASK_THINKING] = tell_text,      [TASK_CONTENT] = tell_text,
        [TASK_CALL] = tell_call,          [TASK_LOGPROBS] = tell_logprobs,
        [TASK_COUNTS] = tell_counts,      [TASK_DONE] = tell_done,
        [TASK_RESULT] = tell_result,      [TASK_LOADED] = tell_residence,
        [TASK_UNLOADED] = tell_residence, [TASK_END] = NULL,
    };
    struct ollama_answer *a = answer;
    bool is_over = response_is_over(response);
    if (event->kind == TASK_STARTED)
        prompt_counts_read(&a->prompt, event->json);
    else if (event->kind == TASK_FAILED && !is_over)
        ollama_respond_failure(response, &a->request, event);
    else if (event->kind == TASK_END && !is_over)
        ollama_respond_error(response, 500, "the model ended without an answer");
    else if (!is_over && event->choice < a->request.n_choices && tellers[event->kind])
        tellers[event->kind](a, event, response);
}
