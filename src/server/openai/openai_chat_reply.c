#include "server/openai/openai_chat_reply.h"

#include "base/json_members.h"
#include "base/memory.h"

enum { CHOICE_BYTES = 256 << 20 };

struct choice {
    struct text content, thinking;
    struct text calls, logprobs; /* elements of arrays; in a stream those not sent yet */
    size_t n_calls;
    struct text end; /* the members "finish_reason" and "stop_reason"; empty: it goes on */
};

struct openai_chat_reply {
    struct openai_answer answer;
    struct choice *choices;
    uint32_t n_choices;
};

static void choice_init(struct choice *choice)
{
    struct text *texts[] = { &choice->content, &choice->thinking, &choice->calls, &choice->logprobs,
                             &choice->end };
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        text_init(texts[i], CHOICE_BYTES);
}

static void choice_release(struct choice *choice)
{
    text_release(&choice->content);
    text_release(&choice->thinking);
    text_release(&choice->calls);
    text_release(&choice->logprobs);
    text_release(&choice->end);
}

struct openai_chat_reply *openai_chat_reply_new(const struct openai_answer_settings *settings,
                                                uint32_t n_choices)
{
    struct openai_chat_reply *reply = memory_zeroed(1, sizeof *reply);
    if (!reply)
        return NULL;
    reply->choices = memory_zeroed(n_choices, sizeof *reply->choices);
    reply->n_choices = reply->choices ? n_choices : 0;
    for (uint32_t i = 0; i < reply->n_choices; i++)
        choice_init(&reply->choices[i]);
    if (!openai_answer_init(&reply->answer, settings) || !reply->choices) {
        openai_chat_reply_release(reply);
        return NULL;
    }
    return reply;
}

void openai_chat_reply_release(void *context)
{
    struct openai_chat_reply *reply = context;
    if (!reply)
        return;
    for (uint32_t i = 0; i < reply->n_choices; i++)
        choice_release(&reply->choices[i]);
    openai_answer_release(&reply->answer);
    memory_free(reply->choices);
    memory_free(reply);
}

/* ---- members ---- */

/* Under both names: `reasoning` as Ollama and OpenRouter have it, `reasoning_content` as DeepSeek
 * and vLLM do; clients read one or the other. */
static bool write_thinking(struct text *out, struct slice text)
{
    return write_text_member(out, "reasoning", text) &&
           write_text_member(out, "reasoning_content", text);
}

/* Arguments are a text that holds JSON. */
static bool append_call(struct text *out, const struct json *call)
{
    struct text arguments;
    text_init(&arguments, CHOICE_BYTES);
    bool ok = json_write(&arguments, json_get(call, "arguments")) && write_comma(out) &&
              text_append_byte(out, '{') &&
              write_integer_member(out, "index", json_int(json_get(call, "index"), 0)) &&
              write_text_member(out, "id", json_text(json_get(call, "id"))) &&
              write_string_member(out, "type", "function") && write_name(out, "function") &&
              text_append_byte(out, '{') &&
              write_text_member(out, "name", json_text(json_get(call, "name"))) &&
              write_text_member(out, "arguments", text_slice(&arguments)) &&
              text_append_string(out, "}}");
    text_release(&arguments);
    return ok;
}

static bool write_logprobs(struct text *out, const struct choice *choice)
{
    if (choice->logprobs.length == 0)
        return write_name(out, "logprobs") && text_append_string(out, "null");
    return write_name(out, "logprobs") && text_append_byte(out, '{') &&
           write_array_member(out, "content", text_slice(&choice->logprobs)) &&
           text_append_string(out, ",\"refusal\":null}");
}

static bool write_end(struct text *out, const struct json *done, bool has_calls)
{
    const char *reason = openai_finish_reason(done, has_calls);
    return !reason || (write_string_member(out, "finish_reason", reason) &&
                       openai_write_stop_reason(out, done));
}

/* ---- chunks of a stream ---- */

static bool write_delta(struct text *out, const struct task_event *event)
{
    bool ok = text_append_byte(out, '{');
    if (event->kind == TASK_STARTED)
        ok = ok && write_string_member(out, "role", "assistant") &&
             write_string_member(out, "content", "");
    else if (event->kind == TASK_THINKING)
        ok = ok && write_thinking(out, event->text);
    else if (event->kind == TASK_CONTENT)
        ok = ok && write_text_member(out, "content", event->text);
    else if (event->kind == TASK_CALL)
        ok = ok && write_name(out, "tool_calls") && text_append_byte(out, '[') &&
             append_call(out, event->json) && text_append_byte(out, ']');
    return ok && text_append_byte(out, '}');
}

static bool write_chunk(struct text *out, const struct openai_chat_reply *reply,
                        const struct choice *choice, const struct task_event *event)
{
    bool is_end = choice->end.length > 0;
    return text_append_byte(out, '{') &&
           openai_write_identity(out, &reply->answer, "chat.completion.chunk") &&
           write_name(out, "choices") && text_append_string(out, "[{") &&
           write_integer_member(out, "index", choice - reply->choices) &&
           write_name(out, "delta") && write_delta(out, event) && write_logprobs(out, choice) &&
           write_comma(out) &&
           (is_end ? text_append_slice(out, text_slice(&choice->end))
                   : text_append_string(out, "\"finish_reason\":null")) &&
           text_append_string(out, "}]") &&
           (!reply->answer.settings.includes_usage || text_append_string(out, ",\"usage\":null")) &&
           text_append_byte(out, '}');
}

static bool send_chunk(struct openai_chat_reply *reply, struct choice *choice,
                       const struct task_event *event, struct response *response)
{
    bool ok = write_chunk(&reply->answer.json, reply, choice, event);
    text_clear(&choice->logprobs);
    if (ok)
        openai_answer_send(&reply->answer, response, NULL);
    return ok;
}

/* The roles are told when the prompt is about to be read, since that can take longer than clients
 * wait for an answer's head. */
static bool send_roles(struct openai_chat_reply *reply, struct response *response)
{
    static const struct task_event started = { .kind = TASK_STARTED };
    bool ok = true;
    if (reply->answer.has_started)
        return true;
    openai_answer_begin(&reply->answer, response);
    for (uint32_t i = 0; ok && i < reply->n_choices; i++)
        ok = send_chunk(reply, &reply->choices[i], &started, response);
    return ok;
}

static bool send_last(struct openai_chat_reply *reply, struct response *response)
{
    struct text *out = &reply->answer.json;
    if (reply->answer.settings.includes_usage) {
        if (!text_append_byte(out, '{') ||
            !openai_write_identity(out, &reply->answer, "chat.completion.chunk") ||
            !write_name(out, "choices") || !text_append_string(out, "[]") ||
            !openai_write_usage(out, &reply->answer.counts) || !text_append_byte(out, '}'))
            return false;
        openai_answer_send(&reply->answer, response, NULL);
    }
    response_write(response, slice_of("data: [DONE]\n\n"));
    return true;
}

/* ---- the whole answer ---- */

/* Content is null only where calls stand in its place. */
static bool write_message(struct text *out, const struct choice *choice)
{
    bool ok = write_name(out, "message") && text_append_byte(out, '{') &&
              write_string_member(out, "role", "assistant") && write_name(out, "content");
    ok = ok && (choice->content.length == 0 && choice->n_calls > 0
                    ? text_append_string(out, "null")
                    : json_write_string(out, text_slice(&choice->content)));
    ok = ok && text_append_string(out, ",\"refusal\":null") &&
         (choice->thinking.length == 0 || write_thinking(out, text_slice(&choice->thinking)));
    if (choice->n_calls > 0)
        ok = ok && write_array_member(out, "tool_calls", text_slice(&choice->calls));
    return ok && text_append_byte(out, '}');
}

static bool write_whole_choice(struct text *out, const struct openai_chat_reply *reply,
                               const struct choice *choice)
{
    return write_comma(out) && text_append_byte(out, '{') &&
           write_integer_member(out, "index", choice - reply->choices) &&
           write_message(out, choice) && write_logprobs(out, choice) && write_comma(out) &&
           text_append_slice(out, text_slice(&choice->end)) && text_append_byte(out, '}');
}

static bool tell_whole(struct openai_chat_reply *reply, struct response *response)
{
    struct text *out = &reply->answer.json;
    bool ok = text_append_byte(out, '{') &&
              openai_write_identity(out, &reply->answer, "chat.completion") &&
              write_name(out, "choices") && text_append_byte(out, '[');
    for (uint32_t i = 0; ok && i < reply->n_choices; i++)
        ok = write_whole_choice(out, reply, &reply->choices[i]);
    ok = ok && text_append_byte(out, ']') && openai_write_usage(out, &reply->answer.counts) &&
         text_append_byte(out, '}');
    if (ok)
        response_whole(response, 200, "application/json", text_slice(out));
    return ok;
}

/* ---- events ---- */

static bool keep(struct choice *choice, const struct task_event *event)
{
    switch (event->kind) {
    case TASK_THINKING:
        return text_append_slice(&choice->thinking, event->text);
    case TASK_CONTENT:
        return text_append_slice(&choice->content, event->text);
    case TASK_CALL:
        return append_call(&choice->calls, event->json);
    default:
        return true;
    }
}

static bool tell_of_choice(struct openai_chat_reply *reply, struct choice *choice,
                           const struct task_event *event, struct response *response)
{
    if (event->kind == TASK_LOGPROBS)
        return openai_append_logprobs(&choice->logprobs, event->json);
    choice->n_calls += event->kind == TASK_CALL;
    if (event->kind == TASK_DONE && choice->end.length == 0 &&
        !write_end(&choice->end, event->json, choice->n_calls > 0))
        return false;
    if (!reply->answer.settings.is_streaming)
        return keep(choice, event);
    return send_roles(reply, response) && send_chunk(reply, choice, event, response);
}

static bool is_complete(const struct openai_chat_reply *reply)
{
    for (uint32_t i = 0; i < reply->n_choices; i++)
        if (reply->choices[i].end.length == 0)
            return false;
    return true;
}

static bool tell_end(struct openai_chat_reply *reply, struct response *response)
{
    if (!is_complete(reply))
        openai_answer_fail(&reply->answer, ERROR_IO, "the answer ended before it was complete");
    if (reply->answer.has_failed) {
        openai_answer_tell_problem(&reply->answer, response);
        return true;
    }
    return reply->answer.settings.is_streaming ? send_last(reply, response)
                                               : tell_whole(reply, response);
}

static bool tell(void *context, const struct task_event *event, struct response *response)
{
    struct openai_chat_reply *reply = context;
    switch (event->kind) {
    case TASK_STARTED:
        return !reply->answer.settings.is_streaming || send_roles(reply, response);
    case TASK_THINKING:
    case TASK_CONTENT:
    case TASK_CALL:
    case TASK_LOGPROBS:
    case TASK_DONE:
        return event->choice >= reply->n_choices ||
               tell_of_choice(reply, &reply->choices[event->choice], event, response);
    case TASK_END:
        return tell_end(reply, response);
    default:
        return true;
    }
}

void openai_chat_reply_tell(void *context, const struct task_event *event,
                            struct response *response)
{
    struct openai_chat_reply *reply = context;
    openai_answer_tell(&reply->answer, event, response, tell, reply);
}
