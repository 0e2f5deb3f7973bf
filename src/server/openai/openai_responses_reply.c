#include "server/openai/openai_responses_reply.h"

#include "base/json_members.h"
#include "base/memory.h"
#include "base/slice_text.h"

enum { OUTPUT_BYTES = 256 << 20 };

/* The item that is being told; calls are told at once. */
enum item { NO_ITEM, REASONING, MESSAGE };

struct openai_responses_reply {
    struct openai_answer answer;
    struct text echoed;
    bool includes_encrypted;

    struct text output; /* finished items, elements of an array */
    size_t n_items, n_events;
    const char *event_type; /* of the event that is being written */
    enum item item;
    struct text text;                   /* of the item */
    struct text logprobs, new_logprobs; /* of the message's tokens: all, and those not sent yet */
    const char *status;                 /* "in_progress", "completed", "incomplete", "failed" */
};

struct openai_responses_reply *openai_responses_reply_new(
    const struct openai_answer_settings *settings, struct slice echoed, bool includes_encrypted)
{
    struct openai_responses_reply *reply = memory_zeroed(1, sizeof *reply);
    if (!reply)
        return NULL;
    reply->includes_encrypted = includes_encrypted;
    reply->status = "in_progress";
    struct text *texts[] = { &reply->echoed, &reply->output, &reply->text, &reply->logprobs,
                             &reply->new_logprobs };
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        text_init(texts[i], OUTPUT_BYTES);
    if (!openai_answer_init(&reply->answer, settings) ||
        !text_append_slice(&reply->echoed, echoed)) {
        openai_responses_reply_release(reply);
        return NULL;
    }
    return reply;
}

void openai_responses_reply_release(void *context)
{
    struct openai_responses_reply *reply = context;
    if (!reply)
        return;
    openai_answer_release(&reply->answer);
    text_release(&reply->echoed);
    text_release(&reply->output);
    text_release(&reply->text);
    text_release(&reply->logprobs);
    text_release(&reply->new_logprobs);
    memory_free(reply);
}

/* ---- items ---- */

/* An item's id: its kind, the response's number, its place. */
static bool write_item_id(struct text *out, const struct openai_responses_reply *reply,
                          const char *name, const char *prefix)
{
    const char *number = reply->answer.settings.id + strlen("resp_");
    return write_name(out, name) &&
           text_printf(out, "\"%s_%s_%zu\"", prefix, number, reply->n_items);
}

/* The part of a reasoning item or message, as far as it is known. */
static bool write_part(struct text *out, enum item item, struct slice text, struct slice logprobs)
{
    bool ok =
        text_append_byte(out, '{') &&
        write_string_member(out, "type", item == REASONING ? "summary_text" : "output_text") &&
        write_text_member(out, "text", text);
    if (item == MESSAGE)
        ok = ok && write_array_member(out, "annotations", slice_of("")) &&
             write_array_member(out, "logprobs", logprobs);
    return ok && text_append_byte(out, '}');
}

static bool write_reasoning(struct text *out, const struct openai_responses_reply *reply,
                            bool is_done)
{
    bool ok = text_append_byte(out, '{') && write_item_id(out, reply, "id", "rs") &&
              write_string_member(out, "type", "reasoning") && write_name(out, "summary") &&
              text_append_byte(out, '[') &&
              (!is_done || write_part(out, REASONING, text_slice(&reply->text), slice_of(""))) &&
              text_append_byte(out, ']');
    if (is_done && reply->includes_encrypted)
        ok = ok && write_text_member(out, "encrypted_content", text_slice(&reply->text));
    return ok && text_append_byte(out, '}');
}

static bool write_message(struct text *out, const struct openai_responses_reply *reply,
                          bool is_done, const char *status)
{
    return text_append_byte(out, '{') && write_item_id(out, reply, "id", "msg") &&
           write_string_member(out, "type", "message") &&
           write_string_member(out, "status", status) &&
           write_string_member(out, "role", "assistant") && write_name(out, "content") &&
           text_append_byte(out, '[') &&
           (!is_done ||
            write_part(out, MESSAGE, text_slice(&reply->text), text_slice(&reply->logprobs))) &&
           text_append_string(out, "]}");
}

static bool write_open_item(struct text *out, const struct openai_responses_reply *reply,
                            bool is_done, const char *status)
{
    return reply->item == REASONING ? write_reasoning(out, reply, is_done)
                                    : write_message(out, reply, is_done, status);
}

static bool write_call(struct text *out, const struct openai_responses_reply *reply,
                       const struct json *call, struct slice arguments, const char *status)
{
    return text_append_byte(out, '{') && write_item_id(out, reply, "id", "fc") &&
           write_string_member(out, "type", "function_call") &&
           write_string_member(out, "status", status) &&
           write_text_member(out, "call_id", json_text(json_get(call, "id"))) &&
           write_text_member(out, "name", json_text(json_get(call, "name"))) &&
           write_text_member(out, "arguments", arguments) && text_append_byte(out, '}');
}

/* ---- the response object ---- */

static bool write_usage(struct text *out, const struct openai_counts *counts)
{
    return write_name(out, "usage") && text_append_byte(out, '{') &&
           write_integer_member(out, "input_tokens", counts->prompt) &&
           write_name(out, "input_tokens_details") && text_append_byte(out, '{') &&
           write_integer_member(out, "cached_tokens", counts->cached) &&
           text_append_byte(out, '}') &&
           write_integer_member(out, "output_tokens", counts->answer) &&
           write_name(out, "output_tokens_details") && text_append_byte(out, '{') &&
           write_integer_member(out, "reasoning_tokens", counts->thinking) &&
           text_append_byte(out, '}') &&
           write_integer_member(out, "total_tokens", counts->prompt + counts->answer) &&
           text_append_byte(out, '}');
}

static bool write_error(struct text *out, const struct openai_problem *problem)
{
    return write_name(out, "error") && text_append_byte(out, '{') &&
           write_string_member(out, "code", problem->code ? problem->code : "server_error") &&
           write_string_member(out, "message", problem->error.message) &&
           text_append_byte(out, '}');
}

static bool write_state(struct text *out, const struct openai_responses_reply *reply)
{
    bool is_failed = strcmp(reply->status, "failed") == 0;
    bool is_cut_off = strcmp(reply->status, "incomplete") == 0;
    return write_string_member(out, "status", reply->status) &&
           (is_failed ? write_error(out, &reply->answer.problem)
                      : write_null_member(out, "error")) &&
           (is_cut_off ? write_name(out, "incomplete_details") &&
                             text_append_string(out, "{\"reason\":\"max_output_tokens\"}")
                       : write_null_member(out, "incomplete_details"));
}

static bool write_response(struct text *out, const struct openai_responses_reply *reply)
{
    const struct openai_answer *answer = &reply->answer;
    bool is_begun = strcmp(reply->status, "in_progress") == 0;
    return text_append_byte(out, '{') && write_string_member(out, "id", answer->settings.id) &&
           write_string_member(out, "object", "response") &&
           write_integer_member(out, "created_at", answer->settings.created) &&
           write_state(out, reply) && write_text_member(out, "model", answer->settings.model) &&
           write_array_member(out, "output", text_slice(&reply->output)) &&
           (is_begun ? write_null_member(out, "usage") : write_usage(out, &answer->counts)) &&
           write_comma(out) && text_append_slice(out, text_slice(&reply->echoed)) &&
           text_append_byte(out, '}');
}

/* ---- events of the stream: each is begun, gets its members, and is sent ---- */

static bool begin_event(struct openai_responses_reply *reply, const char *type)
{
    struct text *out = &reply->answer.json;
    reply->event_type = type;
    text_clear(out);
    return text_append_byte(out, '{') && write_string_member(out, "type", type) &&
           write_integer_member(out, "sequence_number", (int64_t)reply->n_events++);
}

static bool send_event(struct openai_responses_reply *reply, struct response *response)
{
    if (!text_append_byte(&reply->answer.json, '}'))
        return false;
    openai_answer_send(&reply->answer, response, reply->event_type);
    return true;
}

static bool send_state(struct openai_responses_reply *reply, struct response *response,
                       const char *type)
{
    struct text *out = &reply->answer.json;
    return begin_event(reply, type) && write_name(out, "response") && write_response(out, reply) &&
           send_event(reply, response);
}

static bool send_item(struct openai_responses_reply *reply, struct response *response,
                      const char *type, struct slice item)
{
    struct text *out = &reply->answer.json;
    return begin_event(reply, type) &&
           write_integer_member(out, "output_index", (int64_t)reply->n_items) &&
           write_name(out, "item") && text_append_slice(out, item) && send_event(reply, response);
}

/* An event of something within an item. */
static bool begin_inner_event(struct openai_responses_reply *reply, const char *type,
                              const char *prefix)
{
    struct text *out = &reply->answer.json;
    return begin_event(reply, type) && write_item_id(out, reply, "item_id", prefix) &&
           write_integer_member(out, "output_index", (int64_t)reply->n_items);
}

/* An event of the only part of the item that is open. */
enum part_event { PART_ADDED, TEXT_DELTA, TEXT_DONE, PART_DONE };

static bool begin_part_event(struct openai_responses_reply *reply, enum part_event event)
{
    static const char *const of_reasoning[] = { "response.reasoning_summary_part.added",
                                                "response.reasoning_summary_text.delta",
                                                "response.reasoning_summary_text.done",
                                                "response.reasoning_summary_part.done" },
                             *const of_message[] = { "response.content_part.added",
                                                     "response.output_text.delta",
                                                     "response.output_text.done",
                                                     "response.content_part.done" };
    bool is_reasoning = reply->item == REASONING;
    return begin_inner_event(reply, is_reasoning ? of_reasoning[event] : of_message[event],
                             is_reasoning ? "rs" : "msg") &&
           write_integer_member(&reply->answer.json,
                                is_reasoning ? "summary_index" : "content_index", 0);
}

static bool send_part(struct openai_responses_reply *reply, struct response *response,
                      enum part_event event)
{
    struct text *out = &reply->answer.json;
    return begin_part_event(reply, event) && write_name(out, "part") &&
           write_part(out, reply->item, text_slice(&reply->text), text_slice(&reply->logprobs)) &&
           send_event(reply, response);
}

static bool send_text(struct openai_responses_reply *reply, struct response *response,
                      enum part_event event, struct slice text, struct slice logprobs)
{
    struct text *out = &reply->answer.json;
    return begin_part_event(reply, event) &&
           write_text_member(out, event == TEXT_DELTA ? "delta" : "text", text) &&
           (reply->item == REASONING || write_array_member(out, "logprobs", logprobs)) &&
           send_event(reply, response);
}

static bool begin_stream(struct openai_responses_reply *reply, struct response *response)
{
    if (!reply->answer.settings.is_streaming || reply->answer.has_started)
        return true;
    openai_answer_begin(&reply->answer, response);
    return send_state(reply, response, "response.created") &&
           send_state(reply, response, "response.in_progress");
}

/* ---- items as they begin, grow and end ---- */

static bool send_added(struct openai_responses_reply *reply, struct response *response)
{
    struct text item;
    text_init(&item, OUTPUT_BYTES);
    bool ok = write_open_item(&item, reply, false, "in_progress") &&
              send_item(reply, response, "response.output_item.added", text_slice(&item)) &&
              send_part(reply, response, PART_ADDED);
    text_release(&item);
    return ok;
}

/* What is in `output` from `begin` on is an item, which is over. */
static bool end_item(struct openai_responses_reply *reply, struct response *response, size_t begin)
{
    struct slice item = slice_from(text_slice(&reply->output), begin);
    bool ok = !reply->answer.settings.is_streaming ||
              send_item(reply, response, "response.output_item.done", item);
    reply->n_items++;
    return ok;
}

static bool close_item(struct openai_responses_reply *reply, struct response *response,
                       const char *status)
{
    struct slice text = text_slice(&reply->text), logprobs = text_slice(&reply->logprobs);
    if (reply->item == NO_ITEM)
        return true;
    bool ok = !reply->answer.settings.is_streaming ||
              (send_text(reply, response, TEXT_DONE, text, logprobs) &&
               send_part(reply, response, PART_DONE));
    ok = ok && write_comma(&reply->output);
    size_t begin = reply->output.length;
    ok = ok && write_open_item(&reply->output, reply, true, status) &&
         end_item(reply, response, begin);
    reply->item = NO_ITEM;
    text_clear(&reply->text);
    text_clear(&reply->logprobs);
    return ok;
}

static bool open_item(struct openai_responses_reply *reply, enum item item,
                      struct response *response)
{
    if (reply->item == item)
        return true;
    if (!close_item(reply, response, "completed"))
        return false;
    reply->item = item;
    return !reply->answer.settings.is_streaming || send_added(reply, response);
}

/* The probabilities that came in front of a text are its own. */
static bool add_text(struct openai_responses_reply *reply, enum item item, struct slice text,
                     struct response *response)
{
    struct slice fresh = text_slice(&reply->new_logprobs);
    if (!open_item(reply, item, response) || !text_append_slice(&reply->text, text))
        return false;
    if (item == MESSAGE && fresh.length > 0 &&
        !(write_comma(&reply->logprobs) && text_append_slice(&reply->logprobs, fresh)))
        return false;
    bool ok =
        !reply->answer.settings.is_streaming || send_text(reply, response, TEXT_DELTA, text, fresh);
    text_clear(&reply->new_logprobs);
    return ok;
}

/* ---- calls ---- */

static bool send_call(struct openai_responses_reply *reply, const struct json *call,
                      struct slice arguments, struct response *response)
{
    struct text *out = &reply->answer.json, item;
    text_init(&item, OUTPUT_BYTES);
    bool ok = write_call(&item, reply, call, slice_of(""), "in_progress") &&
              send_item(reply, response, "response.output_item.added", text_slice(&item)) &&
              begin_inner_event(reply, "response.function_call_arguments.delta", "fc") &&
              write_text_member(out, "delta", arguments) && send_event(reply, response) &&
              begin_inner_event(reply, "response.function_call_arguments.done", "fc") &&
              write_text_member(out, "name", json_text(json_get(call, "name"))) &&
              write_text_member(out, "arguments", arguments) && send_event(reply, response);
    text_release(&item);
    return ok;
}

static bool add_call(struct openai_responses_reply *reply, const struct json *call,
                     struct response *response)
{
    struct text arguments;
    text_init(&arguments, OUTPUT_BYTES);
    bool ok = close_item(reply, response, "completed") &&
              json_write(&arguments, json_get(call, "arguments"));
    if (reply->answer.settings.is_streaming)
        ok = ok && send_call(reply, call, text_slice(&arguments), response);
    ok = ok && write_comma(&reply->output);
    size_t begin = reply->output.length;
    ok = ok && write_call(&reply->output, reply, call, text_slice(&arguments), "completed") &&
         end_item(reply, response, begin);
    text_clear(&reply->new_logprobs); /* of a call's tokens: there is no place for them */
    text_release(&arguments);
    return ok;
}

/* ---- events of the task ---- */

static bool end_answer(struct openai_responses_reply *reply, const struct json *done,
                       struct response *response)
{
    bool is_cut_off = strcmp(openai_finish_reason(done, false), "stop") != 0;
    const char *status = is_cut_off ? "incomplete" : "completed";
    bool ok = close_item(reply, response, status);
    reply->status = status;
    return ok;
}

static bool tell_response(struct openai_responses_reply *reply, struct response *response)
{
    bool is_cut_off = strcmp(reply->status, "incomplete") == 0;
    if (reply->answer.settings.is_streaming)
        return send_state(reply, response,
                          is_cut_off ? "response.incomplete" : "response.completed");
    if (!write_response(&reply->answer.json, reply))
        return false;
    response_whole(response, 200, "application/json", text_slice(&reply->answer.json));
    return true;
}

/* A stream that has begun ends with the response as it is. */
static bool tell_failure(struct openai_responses_reply *reply, struct response *response)
{
    reply->status = "failed";
    if (reply->answer.has_started)
        return send_state(reply, response, "response.failed");
    openai_answer_tell_problem(&reply->answer, response);
    return true;
}

static bool tell_end(struct openai_responses_reply *reply, struct response *response)
{
    if (strcmp(reply->status, "in_progress") == 0)
        openai_answer_fail(&reply->answer, ERROR_IO, "the answer ended before it was complete");
    return reply->answer.has_failed ? tell_failure(reply, response)
                                    : tell_response(reply, response);
}

static bool tell(void *context, const struct task_event *event, struct response *response)
{
    struct openai_responses_reply *reply = context;
    bool is_over = event->kind == TASK_END || event->kind == TASK_FAILED;
    if (!is_over && !begin_stream(reply, response))
        return false;
    switch (event->kind) {
    case TASK_THINKING:
        return add_text(reply, REASONING, event->text, response);
    case TASK_CONTENT:
        return add_text(reply, MESSAGE, event->text, response);
    case TASK_CALL:
        return add_call(reply, event->json, response);
    case TASK_LOGPROBS:
        return openai_append_logprobs(&reply->new_logprobs, event->json);
    case TASK_DONE:
        return end_answer(reply, event->json, response);
    case TASK_END:
        return tell_end(reply, response);
    default:
        return true;
    }
}

void openai_responses_reply_tell(void *context, const struct task_event *event,
                                 struct response *response)
{
    struct openai_responses_reply *reply = context;
    openai_answer_tell(&reply->answer, event, response, tell, reply);
}
