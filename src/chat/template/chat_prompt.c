#include "chat/template/chat_prompt.h"

#include "base/slice_text.h"

/* Lists of messages and copies of texts that are joined: each supplement may make one. */
enum { ARENA_BYTES = 1 << 30 };

/* Stands where an answer is gone on with, until the prompt is cut there. Letters only, so that no
 * template changes it. */
static const char CUT[] = "HEARTHGOESONHERE";

static bool check_end(const struct chat_messages *messages, struct error *err)
{
    const struct chat_message *last =
        messages->count > 0 ? &messages->items[messages->count - 1] : NULL;
    if (!last || last->role != CHAT_ASSISTANT)
        return fail(err, ERROR_USAGE,
                    "only an answer can be gone on with, but the last message is none");
    return last->n_calls == 0 ||
           fail(err, ERROR_USAGE, "an answer that ends with tool calls cannot be gone on with");
}

/* The mark behind what the assistant has said, or thought when that is all it did. */
static bool mark_end(struct chat_messages *messages, struct error *err)
{
    struct chat_message *last = &messages->items[messages->count - 1];
    struct slice *end =
        last->content.length == 0 && last->thinking.length > 0 ? &last->thinking : &last->content;
    return chat_join(end, *end, "", slice_of(CUT), messages->arena, err);
}

static bool cut_at_mark(struct text *out, size_t begin, struct error *err)
{
    size_t at = find_last(slice_from(text_slice(out), begin), CUT);
    if (at == SIZE_MAX) {
        text_truncate(out, begin);
        return fail(err, ERROR_UNSUPPORTED, "the template leaves out the answer to go on with");
    }
    text_truncate(out, begin + at);
    return true;
}

static bool write_prompt(const struct chat_engine *engine, struct chat_rendering *rendering,
                         struct chat_messages *messages, const struct json *sent, struct text *out,
                         struct error *err)
{
    size_t begin = out->length;
    rendering->messages = messages;
    return chat_messages_read(messages, sent, messages->arena, err) &&
           (!rendering->continues_answer || check_end(messages, err)) &&
           chat_supplement(messages, rendering->style, rendering->tools, err) &&
           (!rendering->continues_answer || mark_end(messages, err)) &&
           chat_engine_render(engine, rendering, out, err) &&
           (!rendering->continues_answer || cut_at_mark(out, begin, err));
}

bool chat_prompt_write(const struct chat_engine *engine, const struct chat_style *style,
                       const struct chat_switches *switches, const struct prompt_request *request,
                       struct text *out, struct error *err)
{
    struct chat_rendering rendering = {
        .tools = conversation_tools(request->conversation),
        .variables = request->variables,
        .style = style,
        .switches = switches,
        .think = request->think,
        .now = request->now,
        .continues_answer = request->continues_answer,
    };
    struct chat_messages messages = { .arena = arena_new(ARENA_BYTES) };
    if (!messages.arena)
        return fail_memory(err, ARENA_BYTES, "a prompt");
    struct arena *arena = messages.arena;
    bool ok = write_prompt(engine, &rendering, &messages,
                           conversation_messages(request->conversation), out, err);
    arena_free(&arena);
    return ok;
}
