#include "server/openai/openai_completion_reply.h"

#include "base/json_members.h"
#include "base/memory.h"
#include "base/utf8.h"

enum { CHOICE_BYTES = 256 << 20 };

struct choice {
    struct text content; /* in a stream what is not sent yet */
    /* elements of arrays, one per token; in a stream those not sent yet */
    struct text tokens, logprobs, tops, offsets;
    size_t n_characters; /* before the next token */
    struct text end;     /* the members "finish_reason" and "stop_reason"; empty: it goes on */
};

struct openai_completion_reply {
    struct openai_answer answer;
    struct choice *choices;
    uint32_t n_choices;
};

static void choice_init(struct choice *choice)
{
    struct text *texts[] = { &choice->content, &choice->tokens,  &choice->logprobs,
                             &choice->tops,    &choice->offsets, &choice->end };
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        text_init(texts[i], CHOICE_BYTES);
}

static void forget_tokens(struct choice *choice)
{
    text_clear(&choice->tokens);
    text_clear(&choice->logprobs);
    text_clear(&choice->tops);
    text_clear(&choice->offsets);
}

static void choice_release(struct choice *choice)
{
    text_release(&choice->content);
    text_release(&choice->tokens);
    text_release(&choice->logprobs);
    text_release(&choice->tops);
    text_release(&choice->offsets);
    text_release(&choice->end);
}

struct openai_completion_reply *openai_completion_reply_new(
    const struct openai_answer_settings *settings, uint32_t n_choices)
{
    struct openai_completion_reply *reply = memory_zeroed(1, sizeof *reply);
    if (!reply)
        return NULL;
    reply->choices = memory_zeroed(n_choices, sizeof *reply->choices);
    reply->n_choices = reply->choices ? n_choices : 0;
    for (uint32_t i = 0; i < reply->n_choices; i++)
        choice_init(&reply->choices[i]);
    if (!openai_answer_init(&reply->answer, settings) || !reply->choices) {
        openai_completion_reply_release(reply);
        return NULL;
    }
    return reply;
}

void openai_completion_reply_release(void *context)
{
    struct openai_completion_reply *reply = context;
    if (!reply)
        return;
    for (uint32_t i = 0; i < reply->n_choices; i++)
        choice_release(&reply->choices[i]);
    openai_answer_release(&reply->answer);
    memory_free(reply->choices);
    memory_free(reply);
}

static size_t n_characters(struct slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.length; i++)
        n += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return n;
}

bool openai_completion_reply_echo(struct openai_completion_reply *reply, uint32_t choice,
                                  struct slice prompt)
{
    reply->choices[choice].n_characters = n_characters(prompt);
    return text_append_slice(&reply->choices[choice].content, prompt);
}

/* ---- probabilities: four arrays of one length ---- */

/* The likeliest as one object; where two tokens have the same text, the likelier counts. */
static bool append_top(struct text *out, const struct json *token)
{
    const struct json *top = json_get(token, "top");
    struct slice chosen = json_text(json_get(token, "token"));
    bool has_chosen = false, ok = write_comma(out) && text_append_byte(out, '{');
    for (size_t i = 0; ok && i < json_size(top); i++) {
        struct slice text = json_text(json_get(json_at(top, i), "token"));
        bool is_known = false;
        for (size_t k = 0; k < i; k++)
            is_known = is_known || slice_equal(json_text(json_get(json_at(top, k), "token")), text);
        has_chosen = has_chosen || slice_equal(text, chosen);
        ok = is_known ||
             (write_comma(out) && json_write_string(out, text) && text_append_byte(out, ':') &&
              json_write(out, json_get(json_at(top, i), "logprob")));
    }
    ok = ok && (has_chosen ||
                (write_comma(out) && json_write_string(out, chosen) && text_append_byte(out, ':') &&
                 json_write(out, json_get(token, "logprob"))));
    return ok && text_append_byte(out, '}');
}

static bool append_comma(struct text *out)
{
    return out->length == 0 || text_append_byte(out, ',');
}

static bool append_token(struct choice *choice, const struct json *token)
{
    struct slice text = json_text(json_get(token, "token"));
    bool ok = append_comma(&choice->tokens) && json_write_string(&choice->tokens, text) &&
              append_comma(&choice->logprobs) &&
              json_write(&choice->logprobs, json_get(token, "logprob")) &&
              append_top(&choice->tops, token) && append_comma(&choice->offsets) &&
              text_printf(&choice->offsets, "%zu", choice->n_characters);
    choice->n_characters += n_characters(text);
    return ok;
}

static bool append_tokens(struct choice *choice, const struct json *logprobs)
{
    for (size_t i = 0; i < json_size(logprobs); i++)
        if (!append_token(choice, json_at(logprobs, i)))
            return false;
    return true;
}

static bool write_logprobs(struct text *out, const struct choice *choice)
{
    if (choice->tokens.length == 0)
        return write_name(out, "logprobs") && text_append_string(out, "null");
    return write_name(out, "logprobs") && text_append_byte(out, '{') &&
           write_array_member(out, "tokens", text_slice(&choice->tokens)) &&
           write_array_member(out, "token_logprobs", text_slice(&choice->logprobs)) &&
           write_array_member(out, "top_logprobs", text_slice(&choice->tops)) &&
           write_array_member(out, "text_offset", text_slice(&choice->offsets)) &&
           text_append_byte(out, '}');
}

/* ---- objects ---- */

static bool write_choice(struct text *out, const struct openai_completion_reply *reply,
                         const struct choice *choice)
{
    return write_comma(out) && text_append_byte(out, '{') &&
           write_text_member(out, "text", text_slice(&choice->content)) &&
           write_integer_member(out, "index", choice - reply->choices) &&
           write_logprobs(out, choice) && write_comma(out) &&
           (choice->end.length > 0 ? text_append_slice(out, text_slice(&choice->end))
                                   : text_append_string(out, "\"finish_reason\":null")) &&
           text_append_byte(out, '}');
}

/* An object with the choices from `first` to before `last`. */
static bool write_object(struct text *out, const struct openai_completion_reply *reply,
                         uint32_t first, uint32_t last, bool has_usage)
{
    bool ok = text_append_byte(out, '{') &&
              openai_write_identity(out, &reply->answer, "text_completion") &&
              write_name(out, "choices") && text_append_byte(out, '[');
    for (uint32_t i = first; ok && i < last; i++)
        ok = write_choice(out, reply, &reply->choices[i]);
    ok = ok && text_append_byte(out, ']');
    if (has_usage)
        ok = ok && openai_write_usage(out, &reply->answer.counts);
    else if (reply->answer.settings.includes_usage)
        ok = ok && text_append_string(out, ",\"usage\":null");
    return ok && text_append_byte(out, '}');
}

/* ---- the stream ---- */

static bool send_choice(struct openai_completion_reply *reply, uint32_t index,
                        struct response *response)
{
    struct choice *choice = &reply->choices[index];
    if (!write_object(&reply->answer.json, reply, index, index + 1, false))
        return false;
    text_clear(&choice->content);
    forget_tokens(choice);
    openai_answer_send(&reply->answer, response, NULL);
    return true;
}

/* Prompts that are echoed go first. */
static bool begin_stream(struct openai_completion_reply *reply, struct response *response)
{
    bool ok = true;
    if (reply->answer.has_started)
        return true;
    openai_answer_begin(&reply->answer, response);
    for (uint32_t i = 0; ok && i < reply->n_choices; i++)
        if (reply->choices[i].content.length > 0)
            ok = send_choice(reply, i, response);
    return ok;
}

static bool send_last(struct openai_completion_reply *reply, struct response *response)
{
    if (reply->answer.settings.includes_usage) {
        if (!write_object(&reply->answer.json, reply, 0, 0, true))
            return false;
        openai_answer_send(&reply->answer, response, NULL);
    }
    response_write(response, slice_of("data: [DONE]\n\n"));
    return true;
}

/* ---- events ---- */

static bool tell_of_choice(struct openai_completion_reply *reply, const struct task_event *event,
                           struct response *response)
{
    struct choice *choice = &reply->choices[event->choice];
    bool is_streaming = reply->answer.settings.is_streaming, ok = true;
    if (event->kind == TASK_LOGPROBS)
        return append_tokens(choice, event->json);
    if (is_streaming && !begin_stream(reply, response))
        return false;
    if (event->kind == TASK_DONE && choice->end.length == 0)
        ok = write_string_member(&choice->end, "finish_reason",
                                 openai_finish_reason(event->json, false)) &&
             openai_write_stop_reason(&choice->end, event->json);
    else if (event->kind != TASK_DONE)
        ok = text_append_slice(&choice->content, event->text);
    return ok && (!is_streaming || send_choice(reply, event->choice, response));
}

static bool tell_end(struct openai_completion_reply *reply, struct response *response)
{
    for (uint32_t i = 0; i < reply->n_choices; i++)
        if (reply->choices[i].end.length == 0)
            openai_answer_fail(&reply->answer, ERROR_IO, "the answer ended before it was complete");
    if (reply->answer.has_failed) {
        openai_answer_tell_problem(&reply->answer, response);
        return true;
    }
    if (reply->answer.settings.is_streaming)
        return send_last(reply, response);
    if (!write_object(&reply->answer.json, reply, 0, reply->n_choices, true))
        return false;
    response_whole(response, 200, "application/json", text_slice(&reply->answer.json));
    return true;
}

static bool tell(void *context, const struct task_event *event, struct response *response)
{
    struct openai_completion_reply *reply = context;
    switch (event->kind) {
    case TASK_STARTED:
        return !reply->answer.settings.is_streaming || begin_stream(reply, response);
    case TASK_THINKING: /* raw prompts have none; nothing is lost in any case */
    case TASK_CONTENT:
    case TASK_LOGPROBS:
    case TASK_DONE:
        return event->choice >= reply->n_choices || tell_of_choice(reply, event, response);
    case TASK_END:
        return tell_end(reply, response);
    default:
        return true;
    }
}

void openai_completion_reply_tell(void *context, const struct task_event *event,
                                  struct response *response)
{
    struct openai_completion_reply *reply = context;
    openai_answer_tell(&reply->answer, event, response, tell, reply);
}
