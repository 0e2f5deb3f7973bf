#include "worker/prompt_maker.h"

#include "base/json_members.h"
#include "base/slice_text.h"
#include "worker/prompt_truncation.h"

#include <time.h>

enum { MESSAGES_LIMIT_BYTES = 256 << 20 };

/* Everything that the steps of making a prompt need. */
struct making {
    struct made_prompt *out;
    const struct worker_model *model;
    const struct worker_request *request;
    uint32_t n_ctx;
    struct refusal *why;
};

static bool is_chat(const struct worker_request *r)
{
    return r->kind == REQUEST_CHAT || r->kind == REQUEST_COUNT ||
           (r->kind == REQUEST_RENDER && !r->prompt.data);
}

/* ---- what the model can ---- */

/* Its own refusals and limits; what else went wrong is not its fault. */
static bool refuse_as_template(struct refusal *why)
{
    enum error_code code = why->error.code;
    bool is_templates = code == ERROR_USAGE || code == ERROR_FORMAT || code == ERROR_BUDGET ||
                        code == ERROR_UNSUPPORTED;
    return is_templates ? refuse_as(why, "template") : false;
}

static bool choose_dialogue(const struct making *m)
{
    struct dialogue_options options = { .template = m->request->template,
                                        .template_is_jinja = m->request->template_is_jinja };
    m->out->dialogue = m->model->dialogue;
    if (!options.template.length)
        return true;
    if (!dialogue_open(&m->out->own_dialogue, engine_weights(m->model->engine), m->model->tokenizer,
                       &options, &m->why->error))
        return refuse_as_template(m->why);
    m->out->dialogue = m->out->own_dialogue;
    return true;
}

static bool choose_thinking(const struct making *m, struct dialogue_talents talents)
{
    const struct turn_wish *wish = &m->request->turn;
    bool is_asked = wish->think.is_set && wish->think.is_on;
    m->out->think = wish->think;
    if (is_asked && !talents.can_think && !wish->think_if_possible)
        return refuse(m->why, "thinking", ERROR_USAGE, "the model does not support thinking");
    if (is_asked && !talents.can_think)
        m->out->think = (struct think_choice){ .level = "" };
    if (!wish->think.is_set && talents.can_think && !m->request->continues)
        m->out->think = (struct think_choice){ true, true, "" };
    return true;
}

static bool check_tools(const struct making *m, struct dialogue_talents talents)
{
    bool has_tools = json_size(m->request->tools) > 0;
    return !has_tools || talents.can_call ||
           refuse(m->why, "tools", ERROR_USAGE, "the model does not support tools");
}

/* ---- chats ---- */

static bool render(const struct making *m, const struct conversation *conversation,
                   struct chat_prompt *prompt)
{
    struct prompt_request request = { .conversation = conversation,
                                      .think = m->out->think,
                                      .now = (int64_t)time(NULL),
                                      .continues_answer = m->request->continues };
    return dialogue_prompt(m->out->dialogue, &request, prompt, &m->why->error) ||
           refuse_as_template(m->why);
}

static bool begins_with_system(const struct json *messages)
{
    struct slice role = json_text(json_get(json_at(messages, 0), "role"));
    return slice_is(role, "system") || slice_is(role, "developer");
}

static bool open_conversation(const struct making *m, const struct json *messages)
{
    const struct worker_request *r = m->request;
    bool has_own = begins_with_system(messages);
    struct slice system = has_own ? (struct slice){ NULL, 0 } : r->system;
    if (!json_size(messages) && !system.length)
        return refuse(m->why, "invalid", ERROR_USAGE, "there is no message to answer");
    return conversation_open(&m->out->conversation, messages, r->tools, system, &m->why->error);
}

/* The conversation without what goes in the first n_steps, and its prompt. */
static bool shorten(const struct making *m, size_t n_steps, struct conversation **conversation,
                    struct chat_prompt *prompt)
{
    struct text text;
    const struct json *messages = NULL;
    const struct conversation *whole = m->out->conversation;
    *conversation = NULL;
    *prompt = (struct chat_prompt){ 0 };
    text_init(&text, MESSAGES_LIMIT_BYTES);
    bool ok = prompt_truncation_write(&text, conversation_messages(whole), n_steps) ||
              fail_memory(&m->why->error, text.length, "a shorter conversation");
    ok = ok && json_open(&messages, text.data, text.length, "messages", &m->why->error) &&
         conversation_open(conversation, messages, conversation_tools(whole),
                           (struct slice){ NULL, 0 }, &m->why->error) &&
         render(m, *conversation, prompt);
    json_close(&messages);
    text_release(&text);
    if (!ok)
        conversation_close(conversation);
    return ok;
}

static void replace(struct made_prompt *out, struct conversation **conversation,
                    struct chat_prompt *prompt)
{
    conversation_close(&out->conversation);
    chat_prompt_release(&out->prompt);
    out->conversation = *conversation;
    out->prompt = *prompt;
    *conversation = NULL;
    *prompt = (struct chat_prompt){ 0 };
}

/* A prompt of at most `most` tokens with as many messages as possible; without any that may go,
 * whatever it has. */
static bool find_shorter(const struct making *m, size_t most, struct conversation **best,
                         struct chat_prompt *best_prompt)
{
    size_t low = 1, high = prompt_truncation_steps(conversation_messages(m->out->conversation));
    if (high == 0)
        return true;
    if (!shorten(m, high, best, best_prompt))
        return false;
    while (low < high && best_prompt->tokens.count <= most) {
        size_t middle = low + (high - low) / 2;
        struct conversation *conversation;
        struct chat_prompt prompt;
        if (!shorten(m, middle, &conversation, &prompt))
            return false;
        bool fits = prompt.tokens.count <= most;
        if (fits) {
            conversation_close(best);
            chat_prompt_release(best_prompt);
            *best = conversation;
            *best_prompt = prompt;
            high = middle;
            continue;
        }
        conversation_close(&conversation);
        chat_prompt_release(&prompt);
        low = middle + 1;
    }
    return true;
}

/* ---- what fits ---- */

/* The longest prompt that an answer can follow. */
static size_t longest(const struct making *m)
{
    int32_t n_predict = m->request->session.n_predict;
    return n_predict == 0 ? m->n_ctx : m->n_ctx - 1;
}

static size_t roomy(const struct making *m)
{
    uint32_t room = prompt_truncation_room(m->n_ctx, m->request->session.n_predict);
    return size_max(1, m->n_ctx - size_min(room, m->n_ctx));
}

static bool truncate_chat(const struct making *m)
{
    struct conversation *shorter = NULL;
    struct chat_prompt prompt = { 0 };
    bool ok = find_shorter(m, roomy(m), &shorter, &prompt);
    if (ok && shorter)
        replace(m->out, &shorter, &prompt);
    conversation_close(&shorter);
    chat_prompt_release(&prompt);
    return ok;
}

static bool fit(const struct making *m)
{
    struct token_list *tokens = &m->out->prompt.tokens;
    size_t before = tokens->count;
    if (!m->n_ctx || before <= longest(m))
        return true;
    bool truncates = m->request->truncates && !m->out->prompt.is_fill;
    if (truncates && m->out->conversation && is_chat(m->request) && !truncate_chat(m))
        return false;
    if (truncates && !is_chat(m->request))
        prompt_truncation_cut(tokens, m->request->n_keep, roomy(m));
    if (tokens->count > longest(m))
        return refuse_length(m->why, before, m->n_ctx);
    m->out->n_truncated = (uint32_t)(before - tokens->count);
    return true;
}

/* ---- texts ---- */

static bool write_message(struct text *out, const char *role, struct slice content)
{
    return write_comma(out) && text_append_byte(out, '{') &&
           write_string_member(out, "role", role) && write_text_member(out, "content", content) &&
           text_append_byte(out, '}');
}

/* A prompt by itself is a chat of one message. */
static bool open_single(const struct making *m)
{
    struct text text;
    const struct json *messages = NULL;
    text_init(&text, MESSAGES_LIMIT_BYTES);
    bool ok = (text_append_byte(&text, '[') && write_message(&text, "user", m->request->prompt) &&
               text_append_byte(&text, ']')) ||
              fail_memory(&m->why->error, m->request->prompt.length, "a prompt");
    ok = ok && json_open(&messages, text.data, text.length, "the prompt", &m->why->error) &&
         open_conversation(m, messages) && render(m, m->out->conversation, &m->out->prompt);
    json_close(&messages);
    text_release(&text);
    return ok;
}

static bool open_fill(const struct making *m)
{
    const struct worker_request *r = m->request;
    if (!m->model->can_insert)
        return refuse(m->why, "insert", ERROR_UNSUPPORTED, "the model does not support insert");
    return dialogue_fill_prompt(m->out->dialogue, r->prompt, r->suffix, &m->out->prompt,
                                &m->why->error);
}

/* Tokens said before stand in front; the beginning is said once. */
static bool put_context_in_front(const struct making *m)
{
    struct token_list *tokens = &m->out->prompt.tokens, all = { 0 };
    struct error *err = &m->why->error;
    if (!json_size(m->request->context))
        return true;
    bool ok = worker_request_ids(&all, m->request->context, m->model->n_vocab, err);
    size_t from = tokens->count && tokens->ids[0] == tokenizer_bos(m->model->tokenizer);
    for (size_t i = from; ok && i < tokens->count; i++)
        ok = token_list_push(&all, tokens->ids[i]) || fail_memory(err, i, "a prompt");
    if (ok) {
        struct token_list before = *tokens;
        *tokens = all;
        all = before;
    }
    token_list_release(&all);
    return ok;
}

static bool open_text(const struct making *m)
{
    const struct worker_request *r = m->request;
    bool is_plain = r->is_raw || (!r->template.length && dialogue_is_plain(m->out->dialogue));
    bool ok = r->suffix.data ? open_fill(m)
              : is_plain     ? dialogue_raw_prompt(m->out->dialogue, r->prompt, &m->out->prompt,
                                                   &m->why->error)
                             : open_single(m);
    return ok && put_context_in_front(m);
}

static bool open_chat(const struct making *m)
{
    return open_conversation(m, m->request->messages) &&
           render(m, m->out->conversation, &m->out->prompt);
}

bool made_prompt_open(struct made_prompt *out, const struct worker_model *model,
                      const struct worker_request *request, uint32_t n_ctx, struct refusal *why)
{
    struct making m = { out, model, request, n_ctx, why };
    *out = (struct made_prompt){ .think.level = "" };
    if (!choose_dialogue(&m))
        return false;
    struct dialogue_talents talents = dialogue_talents(out->dialogue);
    bool ok = choose_thinking(&m, talents) && check_tools(&m, talents) &&
              (is_chat(request) ? open_chat(&m) : open_text(&m));
    if (ok && !out->prompt.tokens.count)
        ok = refuse(why, "invalid", ERROR_USAGE, "the prompt is empty");
    return ok && fit(&m);
}

void made_prompt_release(struct made_prompt *made)
{
    chat_prompt_release(&made->prompt);
    conversation_close(&made->conversation);
    dialogue_close(&made->own_dialogue);
}

const struct json *made_prompt_tools(const struct made_prompt *made)
{
    return made->conversation ? conversation_tools(made->conversation) : NULL;
}
