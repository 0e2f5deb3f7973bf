#include "server/openai/openai_answer.h"

#include "base/json_members.h"
#include "base/slice_text.h"
#include "server/http/sse.h"

enum { EVENT_BYTES = 256 << 20, MODEL_BYTES = 1 << 16 };

bool openai_answer_init(struct openai_answer *answer, const struct openai_answer_settings *settings)
{
    *answer = (struct openai_answer){ .settings = *settings };
    text_init(&answer->model, MODEL_BYTES);
    text_init(&answer->json, EVENT_BYTES);
    text_init(&answer->event, EVENT_BYTES);
    if (!text_append_slice(&answer->model, settings->model))
        return false;
    answer->settings.model = text_slice(&answer->model);
    return true;
}

void openai_answer_release(struct openai_answer *answer)
{
    text_release(&answer->model);
    text_release(&answer->json);
    text_release(&answer->event);
}

/* ---- events of the task ---- */

static void note_failure(struct openai_answer *answer, const struct task_failure *failure)
{
    if (!answer->has_failed)
        openai_problem_of_task(&answer->problem, failure, answer->settings.prompt_field);
    answer->has_failed = true;
}

void openai_answer_fail(struct openai_answer *answer, enum error_code code, const char *message)
{
    if (answer->has_failed)
        return;
    answer->has_failed = true;
    answer->problem = (struct openai_problem){ .status = 500 };
    fail(&answer->problem.error, code, "%s", message);
}

static void note_done(struct openai_answer *answer, const struct json *done)
{
    static const struct task_failure cancelled = { ERROR_CANCELLED, "cancelled",
                                                   "the answer was cancelled", NULL, 0 };
    answer->counts.answer += json_int(json_get(done, "answer_tokens"), 0);
    answer->counts.thinking += json_int(json_get(done, "thinking_tokens"), 0);
    if (!openai_finish_reason(done, false))
        note_failure(answer, &cancelled);
}

void openai_answer_note(struct openai_answer *answer, const struct task_event *event)
{
    if (event->kind == TASK_STARTED) {
        answer->counts.prompt += json_int(json_get(event->json, "prompt_tokens"), 0);
        answer->counts.cached += json_int(json_get(event->json, "cached_tokens"), 0);
    } else if (event->kind == TASK_DONE) {
        note_done(answer, event->json);
    } else if (event->kind == TASK_FAILED) {
        note_failure(answer, event->failure);
    }
}

/* ---- the stream ---- */

void openai_answer_begin(struct openai_answer *answer, struct response *response)
{
    if (answer->has_started)
        return;
    answer->has_started = true;
    response_header(response, "Cache-Control", "no-cache");
    response_header(response, "X-Accel-Buffering", "no"); /* proxies pass each event on at once */
    response_begin(response, 200, "text/event-stream");
}

void openai_answer_send(struct openai_answer *answer, struct response *response, const char *name)
{
    if (sse_write(&answer->event, name, text_slice(&answer->json)))
        response_write(response, text_slice(&answer->event));
    text_clear(&answer->json);
    text_clear(&answer->event);
}

void openai_answer_tell_problem(struct openai_answer *answer, struct response *response)
{
    if (!answer->has_started) {
        openai_respond_problem(response, &answer->problem);
        return;
    }
    text_clear(&answer->json);
    if (openai_problem_write(&answer->json, &answer->problem))
        openai_answer_send(answer, response, NULL);
}

void openai_answer_tell(struct openai_answer *answer, const struct task_event *event,
                        struct response *response, openai_teller *tell, void *reply)
{
    openai_answer_note(answer, event);
    if (answer->has_failed && event->kind != TASK_END)
        return; /* what came so far is all there will be */
    if (tell(reply, event, response))
        return;
    openai_answer_fail(answer, ERROR_MEMORY, "no memory left for the answer");
    if (event->kind == TASK_END)
        openai_answer_tell_problem(answer, response);
}

/* ---- members ---- */

bool openai_write_identity(struct text *out, const struct openai_answer *answer, const char *object)
{
    return write_string_member(out, "id", answer->settings.id) &&
           write_string_member(out, "object", object) &&
           write_integer_member(out, "created", answer->settings.created) &&
           write_text_member(out, "model", answer->settings.model) &&
           write_string_member(out, "system_fingerprint", "fp_hearth");
}

bool openai_write_usage(struct text *out, const struct openai_counts *counts)
{
    return write_name(out, "usage") && text_append_byte(out, '{') &&
           write_integer_member(out, "prompt_tokens", counts->prompt) &&
           write_integer_member(out, "completion_tokens", counts->answer) &&
           write_integer_member(out, "total_tokens", counts->prompt + counts->answer) &&
           write_name(out, "prompt_tokens_details") && text_append_byte(out, '{') &&
           write_integer_member(out, "cached_tokens", counts->cached) &&
           text_append_string(out, "},\"completion_tokens_details\":{") &&
           write_integer_member(out, "reasoning_tokens", counts->thinking) &&
           text_append_string(out, "}}");
}

const char *openai_finish_reason(const struct json *done, bool has_calls)
{
    struct slice reason = json_text(json_get(done, "reason"));
    if (slice_is(reason, "cancelled"))
        return NULL;
    if (slice_is(reason, "stop"))
        return has_calls ? "tool_calls" : "stop";
    return "length"; /* also of an answer that went in circles: it was cut off */
}

bool openai_write_stop_reason(struct text *out, const struct json *done)
{
    const struct json *stop = json_get(done, "stop");
    if (json_kind(stop) == JSON_KIND_STRING)
        return write_json_member(out, "stop_reason", stop);
    return !slice_is(json_text(json_get(done, "reason")), "repetition") ||
           write_string_member(out, "stop_reason", "repetition");
}

/* ---- probabilities ---- */

static bool write_token(struct text *out, const struct json *token)
{
    return write_comma(out) && text_append_byte(out, '{') &&
           write_text_member(out, "token", json_text(json_get(token, "token"))) &&
           write_json_member(out, "logprob", json_get(token, "logprob")) &&
           write_json_member(out, "bytes", json_get(token, "bytes"));
}

bool openai_append_logprobs(struct text *out, const struct json *logprobs)
{
    bool ok = true;
    for (size_t i = 0; ok && i < json_size(logprobs); i++) {
        const struct json *token = json_at(logprobs, i), *top = json_get(token, "top");
        ok = write_token(out, token) && write_name(out, "top_logprobs") &&
             text_append_byte(out, '[');
        for (size_t k = 0; ok && k < json_size(top); k++)
            ok = write_token(out, json_at(top, k)) && text_append_byte(out, '}');
        ok = ok && text_append_string(out, "]}");
    }
    return ok;
}
