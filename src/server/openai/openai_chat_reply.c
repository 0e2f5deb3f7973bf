#include "server/openai/openai_chat_reply.h"

#include "base/json_members.h"
#include "base/memory.h"
#include "server/openai/openai_choices.h"

enum { CALL_BYTES = 256 << 20 };

/* Of a choice; the last two are elements of arrays. */
enum { CONTENT, THINKING, CALLS, LOGPROBS };

struct openai_chat_reply {
    struct openai_choices list;
};

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
    text_init(&arguments, CALL_BYTES);
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

static bool write_logprobs(struct text *out, const struct openai_choice *choice)
{
    if (choice->texts[LOGPROBS].length == 0)
        return write_null_member(out, "logprobs");
    return write_name(out, "logprobs") && text_append_byte(out, '{') &&
           write_array_member(out, "content", text_slice(&choice->texts[LOGPROBS])) &&
           text_append_string(out, ",\"refusal\":null}");
}

static bool write_delta(struct text *out, const struct task_event *event)
{
    bool ok = write_name(out, "delta") && text_append_byte(out, '{');
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

/* Content is null only where calls stand in its place. */
static bool write_message(struct text *out, const struct openai_choice *choice)
{
    bool ok = write_name(out, "message") && text_append_byte(out, '{') &&
              write_string_member(out, "role", "assistant") && write_name(out, "content");
    ok = ok && (choice->texts[CONTENT].length == 0 && choice->texts[CALLS].length > 0
                    ? text_append_string(out, "null")
                    : json_write_string(out, text_slice(&choice->texts[CONTENT])));
    ok = ok && text_append_string(out, ",\"refusal\":null") &&
         (choice->texts[THINKING].length == 0 ||
          write_thinking(out, text_slice(&choice->texts[THINKING])));
    if (choice->texts[CALLS].length > 0)
        ok = ok && write_array_member(out, "tool_calls", text_slice(&choice->texts[CALLS]));
    return ok && text_append_byte(out, '}');
}

static bool write(struct text *out, const struct openai_choice *choice,
                  const struct task_event *event)
{
    return write_integer_member(out, "index", choice->index) &&
           (event ? write_delta(out, event) : write_message(out, choice)) &&
           write_logprobs(out, choice);
}

static bool keep(struct openai_choice *choice, const struct task_event *event)
{
    switch (event->kind) {
    case TASK_THINKING:
        return text_append_slice(&choice->texts[THINKING], event->text);
    case TASK_CONTENT:
        return text_append_slice(&choice->texts[CONTENT], event->text);
    case TASK_CALL:
        return append_call(&choice->texts[CALLS], event->json);
    case TASK_LOGPROBS:
        return openai_append_logprobs(&choice->texts[LOGPROBS], event->json);
    default:
        return true;
    }
}

/* ---- the reply ---- */

struct openai_chat_reply *openai_chat_reply_new(const struct openai_answer_settings *settings,
                                                uint32_t n_choices)
{
    static const struct openai_choices_kind kind = { .object = "chat.completion",
                                                     .chunk = "chat.completion.chunk",
                                                     .has_calls = true,
                                                     .keep = keep,
                                                     .write = write };
    struct openai_chat_reply *reply = memory_zeroed(1, sizeof *reply);
    if (!reply || openai_choices_init(&reply->list, &kind, settings, n_choices))
        return reply;
    openai_chat_reply_release(reply);
    return NULL;
}

void openai_chat_reply_tell(void *context, const struct task_event *event,
                            struct response *response)
{
    struct openai_chat_reply *reply = context;
    openai_choices_tell(&reply->list, event, response);
}

void openai_chat_reply_release(void *context)
{
    struct openai_chat_reply *reply = context;
    if (!reply)
        return;
    openai_choices_release(&reply->list);
    memory_free(reply);
}
