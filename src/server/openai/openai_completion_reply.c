#include "server/openai/openai_completion_reply.h"

#include "base/json_members.h"
#include "base/memory.h"
#include "server/openai/openai_choices.h"

/* Of a choice; behind the first one elements of arrays, one per token. */
enum { CONTENT, TOKENS, LOGPROBS, TOPS, OFFSETS };

struct openai_completion_reply {
    struct openai_choices list;
};

static size_t n_characters(struct slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.length; i++)
        n += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return n;
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

static bool append_token(struct openai_choice *choice, const struct json *token)
{
    struct slice text = json_text(json_get(token, "token"));
    bool ok = write_comma(&choice->texts[TOKENS]) &&
              json_write_string(&choice->texts[TOKENS], text) &&
              write_comma(&choice->texts[LOGPROBS]) &&
              json_write(&choice->texts[LOGPROBS], json_get(token, "logprob")) &&
              append_top(&choice->texts[TOPS], token) && write_comma(&choice->texts[OFFSETS]) &&
              text_printf(&choice->texts[OFFSETS], "%zu", choice->n_characters);
    choice->n_characters += n_characters(text);
    return ok;
}

static bool append_tokens(struct openai_choice *choice, const struct json *logprobs)
{
    for (size_t i = 0; i < json_size(logprobs); i++)
        if (!append_token(choice, json_at(logprobs, i)))
            return false;
    return true;
}

static bool write_logprobs(struct text *out, const struct openai_choice *choice)
{
    if (choice->texts[TOKENS].length == 0)
        return write_null_member(out, "logprobs");
    return write_name(out, "logprobs") && text_append_byte(out, '{') &&
           write_array_member(out, "tokens", text_slice(&choice->texts[TOKENS])) &&
           write_array_member(out, "token_logprobs", text_slice(&choice->texts[LOGPROBS])) &&
           write_array_member(out, "top_logprobs", text_slice(&choice->texts[TOPS])) &&
           write_array_member(out, "text_offset", text_slice(&choice->texts[OFFSETS])) &&
           text_append_byte(out, '}');
}

/* ---- a choice ---- */

static bool keep(struct openai_choice *choice, const struct task_event *event)
{
    if (event->kind == TASK_LOGPROBS)
        return append_tokens(choice, event->json);
    /* raw prompts have no thinking; it would not be lost */
    return text_append_slice(&choice->texts[CONTENT], event->text);
}

/* What was kept, be it a chunk's or the whole answer's. */
static bool write(struct text *out, const struct openai_choice *choice,
                  const struct task_event *event)
{
    (void)event;
    return write_text_member(out, "text", text_slice(&choice->texts[CONTENT])) &&
           write_integer_member(out, "index", choice->index) && write_logprobs(out, choice);
}

/* ---- the reply ---- */

struct openai_completion_reply *openai_completion_reply_new(
    const struct openai_answer_settings *settings, uint32_t n_choices)
{
    static const struct openai_choices_kind kind = { .object = "text_completion",
                                                     .chunk = "text_completion",
                                                     .sends_kept = true,
                                                     .keep = keep,
                                                     .write = write };
    struct openai_completion_reply *reply = memory_zeroed(1, sizeof *reply);
    if (!reply || openai_choices_init(&reply->list, &kind, settings, n_choices))
        return reply;
    openai_completion_reply_release(reply);
    return NULL;
}

bool openai_completion_reply_echo(struct openai_completion_reply *reply, uint32_t choice,
                                  struct slice prompt)
{
    struct openai_choice *echoing = &reply->list.choices[choice];
    echoing->n_characters = n_characters(prompt);
    return text_append_slice(&echoing->texts[CONTENT], prompt);
}

void openai_completion_reply_tell(void *context, const struct task_event *event,
                                  struct response *response)
{
    struct openai_completion_reply *reply = context;
    openai_choices_tell(&reply->list, event, response);
}

void openai_completion_reply_release(void *context)
{
    struct openai_completion_reply *reply = context;
    if (!reply)
        return;
    openai_choices_release(&reply->list);
    memory_free(reply);
}
