#include "chat/template/chat_supplement.h"

#include "base/text.h"
#include "base/json_members.h"

enum { LARGEST_BYTES = 512 << 20 };

static bool fail_full(struct error *err)
{
    return fail(err, ERROR_MEMORY, "a prompt takes more than %d bytes, or memory is out",
                LARGEST_BYTES);
}

/* ---- in plain words ---- */

/* What was written, moved to the arena; releases the text. */
static bool keep(struct slice *out, struct text *written, bool is_whole, struct arena *arena,
                 struct error *err)
{
    char *copy = is_whole ? arena_copy(arena, text_slice(written)) : NULL;
    *out = (struct slice){ copy, written->length };
    text_release(written);
    return copy || fail_full(err);
}

static bool write_tools(struct text *out, const struct json *tools)
{
    bool ok = text_append_string(out, "You can call functions. They are described here, one JSON "
                                      "object a line:\n<tools>\n");
    for (size_t i = 0; ok && i < json_size(tools); i++)
        ok = json_write_spaced(out, json_at(tools, i)) && text_append_byte(out, '\n');
    return ok && text_append_string(out, "</tools>");
}

static bool write_form_of_calls(struct text *out)
{
    return text_append_string(out, "\n\nTo call a function, answer with its name and arguments "
                                   "as JSON in this form, once for each call:\n" SUPPLIED_CALL_OPEN
                                   "{\"name\": \"the function's name\", \"arguments\": "
                                   "{\"an argument\": \"its value\"}}" SUPPLIED_CALL_CLOSE);
}

static bool write_call(struct text *out, const struct chat_call *call)
{
    return text_append_string(out, SUPPLIED_CALL_OPEN "{\"name\": ") &&
           json_write_string(out, call->name) && text_append_string(out, ", \"arguments\": ") &&
           json_write_spaced(out, call->arguments) &&
           text_append_string(out, "}" SUPPLIED_CALL_CLOSE);
}

static bool write_calls(struct text *out, const struct chat_message *message)
{
    bool ok = text_append_slice(out, message->content);
    for (size_t i = 0; ok && i < message->n_calls; i++)
        ok = (out->length == 0 || text_append_byte(out, '\n')) &&
             write_call(out, &message->calls[i]);
    return ok;
}

static struct chat_message said_by(enum chat_role role, struct slice content)
{
    return (struct chat_message){ .role = role, .content = content, .answers = NO_CALL };
}

/* ---- one change each, from one list to the next ---- */

struct wish {
    const struct chat_style *style;
    const struct json *tools;
};
typedef bool change(struct chat_messages *out, const struct chat_messages *in,
                    const struct wish *wish, struct error *err);

static bool copy_rest(struct chat_messages *out, const struct chat_messages *in, size_t from,
                      struct error *err)
{
    for (size_t i = from; i < in->count; i++)
        if (!chat_messages_add(out, in->items[i], err))
            return false;
    return true;
}

static bool say_tools(struct chat_messages *out, const struct chat_messages *in,
                      const struct wish *wish, struct error *err)
{
    struct chat_message system = said_by(CHAT_SYSTEM, slice_of(""));
    bool has_system = in->count > 0 && in->items[0].role == CHAT_SYSTEM;
    struct slice words;
    struct text text;
    if (json_size(wish->tools) == 0)
        return copy_rest(out, in, 0, err);
    text_init(&text, LARGEST_BYTES);
    bool is_whole = write_tools(&text, wish->tools) &&
                    (!wish->style->tools_as_text || write_form_of_calls(&text));
    if (!keep(&words, &text, is_whole, out->arena, err) ||
        !chat_join(&system.content, has_system ? in->items[0].content : slice_of(""), "\n\n", words,
                   out->arena, err))
        return false;
    return chat_messages_add(out, system, err) && copy_rest(out, in, has_system, err);
}

static bool say_calls(struct chat_messages *out, const struct chat_messages *in,
                      const struct wish *wish, struct error *err)
{
    (void)wish;
    for (size_t i = 0; i < in->count; i++) {
        struct chat_message message = in->items[i];
        if (message.n_calls > 0) {
            struct text text;
            text_init(&text, LARGEST_BYTES);
            bool is_whole = write_calls(&text, &message);
            if (!keep(&message.content, &text, is_whole, out->arena, err))
                return false;
            message.n_calls = 0;
        }
        if (!chat_messages_add(out, message, err))
            return false;
    }
    return true;
}

/* All in one message, so that those of several calls make no more turns than the calls did. */
static bool say_run_of_results(struct chat_messages *out, const struct chat_message *results,
                               size_t count, struct error *err)
{
    struct slice words;
    struct text text;
    bool is_whole = true;
    text_init(&text, LARGEST_BYTES);
    for (size_t i = 0; is_whole && i < count; i++)
        is_whole = (i == 0 || text_append_byte(&text, '\n')) &&
                   text_append_string(&text, SUPPLIED_RESULT_OPEN) &&
                   text_append_slice(&text, results[i].content) &&
                   text_append_string(&text, SUPPLIED_RESULT_CLOSE);
    return keep(&words, &text, is_whole, out->arena, err) &&
           chat_messages_add(out, said_by(CHAT_USER, words), err);
}

/* The end of the messages of this role that follow each other from `begin` on. */
static size_t run_end(const struct chat_messages *list, size_t begin, enum chat_role role)
{
    while (begin < list->count && list->items[begin].role == role)
        begin++;
    return begin;
}

static bool say_results(struct chat_messages *out, const struct chat_messages *in,
                        const struct wish *wish, struct error *err)
{
    (void)wish;
    for (size_t i = 0, end; i < in->count; i = size_max(end, i + 1)) {
        end = run_end(in, i, CHAT_TOOL);
        bool ok = end > i ? say_run_of_results(out, &in->items[i], end - i, err)
                          : chat_messages_add(out, in->items[i], err);
        if (!ok)
            return false;
    }
    return true;
}

/* Whether what is beside the calls goes into a message of its own. */
static bool is_parted(const struct chat_message *message, const struct chat_style *style)
{
    bool has_thought = style->parts_thought && message->thinking.length > 0;
    return message->n_calls > 0 && message->content.length > 0 &&
           (style->parts_content || has_thought);
}

static bool part_content(struct chat_messages *out, const struct chat_messages *in,
                         const struct wish *wish, struct error *err)
{
    for (size_t i = 0; i < in->count; i++) {
        struct chat_message message = in->items[i];
        if (is_parted(&message, wish->style)) {
            if (!chat_messages_add(out, said_by(CHAT_ASSISTANT, message.content), err) ||
                (wish->style->parts_by_user &&
                 !chat_messages_add(out, said_by(CHAT_USER, slice_of("")), err)))
                return false;
            message.content = slice_of("");
        }
        if (!chat_messages_add(out, message, err))
            return false;
    }
    return true;
}

static bool answer_results(struct chat_messages *out, const struct chat_messages *in,
                           const struct wish *wish, struct error *err)
{
    (void)wish;
    for (size_t i = 0; i < in->count; i++) {
        bool is_unanswered =
            i > 0 && in->items[i].role == CHAT_USER && in->items[i - 1].role == CHAT_TOOL;
        if ((is_unanswered &&
             !chat_messages_add(out, said_by(CHAT_ASSISTANT, slice_of("")), err)) ||
            !chat_messages_add(out, in->items[i], err))
            return false;
    }
    return true;
}

/* One call of `message` and the results that answer it; the first call keeps the rest. */
static bool add_call_alone(struct chat_messages *out, const struct chat_message *message,
                           size_t index, const struct chat_message *results, size_t n_results,
                           struct error *err)
{
    struct chat_message alone = *message;
    alone.calls = &message->calls[index];
    alone.n_calls = 1;
    if (index > 0)
        alone.content = alone.thinking = slice_of("");
    bool ok = chat_messages_add(out, alone, err);
    for (size_t i = 0; ok && i < n_results; i++)
        if (results[i].answers == alone.calls->number)
            ok = chat_messages_add(out, results[i], err);
    return ok;
}

static bool answers_one_of(const struct chat_message *result, const struct chat_message *message)
{
    return message->calls[0].number <= result->answers &&
           result->answers <= message->calls[message->n_calls - 1].number;
}

static bool split_calls(struct chat_messages *out, const struct chat_messages *in,
                        const struct wish *wish, struct error *err)
{
    (void)wish;
    for (size_t i = 0, end; i < in->count; i = end) {
        const struct chat_message *message = &in->items[i];
        for (end = i + 1; message->n_calls > 1 && end < in->count &&
                          in->items[end].role == CHAT_TOOL &&
                          answers_one_of(&in->items[end], message);)
            end++;
        bool ok = message->n_calls > 1 || chat_messages_add(out, *message, err);
        for (size_t k = 0; ok && message->n_calls > 1 && k < message->n_calls; k++)
            ok = add_call_alone(out, message, k, message + 1, end - i - 1, err);
        if (!ok)
            return false;
    }
    return true;
}

/* The texts of several messages with empty lines between, in one piece. */
static bool join_texts(struct slice *out, const struct chat_message *messages, size_t count,
                       bool of_thinking, struct arena *arena, struct error *err)
{
    struct text text;
    bool is_whole = true;
    text_init(&text, LARGEST_BYTES);
    for (size_t i = 0; is_whole && i < count; i++) {
        struct slice piece = of_thinking ? messages[i].thinking : messages[i].content;
        is_whole = (text.length == 0 || piece.length == 0 || text_append_string(&text, "\n\n")) &&
                   text_append_slice(&text, piece);
    }
    return keep(out, &text, is_whole, arena, err);
}

/* Messages of the system from `first` on go in front of the user's next one. */
static bool move_system(struct chat_messages *out, const struct chat_messages *in, size_t first,
                        struct error *err)
{
    for (size_t i = 0, end; i < in->count; i = end) {
        struct chat_message moved = said_by(CHAT_USER, slice_of(""));
        size_t system_end = i < first ? i : run_end(in, i, CHAT_SYSTEM);
        bool is_moved = system_end > i;
        bool has_user = system_end < in->count && in->items[system_end].role == CHAT_USER;
        end = is_moved && !has_user ? system_end : system_end + 1;
        bool ok =
            !is_moved || join_texts(&moved.content, &in->items[i], end - i, false, out->arena, err);
        if (!ok || !chat_messages_add(out, is_moved ? moved : in->items[i], err))
            return false;
    }
    return true;
}

static bool system_as_user(struct chat_messages *out, const struct chat_messages *in,
                           const struct wish *wish, struct error *err)
{
    (void)wish;
    return move_system(out, in, 0, err);
}

static bool late_system_as_user(struct chat_messages *out, const struct chat_messages *in,
                                const struct wish *wish, struct error *err)
{
    size_t first = 0;
    (void)wish;
    while (first < in->count && in->items[first].role == CHAT_SYSTEM)
        first++;
    return move_system(out, in, first, err);
}

/* The end of those from `begin` on that become one. Calls stay behind all texts, and alone where
 * content beside them has just been parted from them. */
static size_t mergeable_end(const struct chat_messages *list, size_t begin, bool of_system,
                            const struct chat_style *style)
{
    const struct chat_message *first = &list->items[begin];
    size_t end = begin + 1;
    bool is_wanted = first->role != CHAT_TOOL && (first->role == CHAT_SYSTEM) == of_system;
    bool keeps_calls = style->parts_content || style->parts_thought;
    while (is_wanted && end < list->count && list->items[end].role == first->role &&
           list->items[end - 1].n_calls == 0 && !(keeps_calls && list->items[end].n_calls > 0))
        end++;
    return end;
}

static bool merge(struct chat_messages *out, const struct chat_messages *in, bool of_system,
                  const struct chat_style *style, struct error *err)
{
    for (size_t i = 0, end; i < in->count; i = end) {
        const struct chat_message *run = &in->items[i];
        end = mergeable_end(in, i, of_system, style);
        struct chat_message merged = in->items[end - 1]; /* which has the calls, if any */
        if (end > i + 1 && (!join_texts(&merged.content, run, end - i, false, out->arena, err) ||
                            !join_texts(&merged.thinking, run, end - i, true, out->arena, err)))
            return false;
        if (!chat_messages_add(out, merged, err))
            return false;
    }
    return true;
}

static bool merge_system(struct chat_messages *out, const struct chat_messages *in,
                         const struct wish *wish, struct error *err)
{
    return merge(out, in, true, wish->style, err);
}

static bool merge_turns(struct chat_messages *out, const struct chat_messages *in,
                        const struct wish *wish, struct error *err)
{
    return merge(out, in, false, wish->style, err);
}

static bool open_with_user(struct chat_messages *out, const struct chat_messages *in,
                           const struct wish *wish, struct error *err)
{
    size_t first = 0;
    (void)wish;
    for (; first < in->count && in->items[first].role == CHAT_SYSTEM; first++)
        if (!chat_messages_add(out, in->items[first], err))
            return false;
    if (first < in->count && in->items[first].role != CHAT_USER &&
        !chat_messages_add(out, said_by(CHAT_USER, slice_of("")), err))
        return false;
    return copy_rest(out, in, first, err);
}

bool chat_supplement(struct chat_messages *list, const struct chat_style *style,
                     const struct json *tools, struct error *err)
{
    const struct wish wish = { style, tools };
    /* in this order: each makes messages that later ones may have to change */
    const struct {
        bool is_wanted;
        change *change;
    } changes[] = {
        { style->tools_as_text || style->lists_tools, say_tools },
        { style->calls_as_text, say_calls },
        { style->results_as_text, say_results },
        { style->parts_content || style->parts_thought, part_content },
        { style->splits_calls, split_calls },
        { style->answers_results, answer_results },
        { style->merges_system, merge_system },
        { style->late_system_as_user, late_system_as_user },
        { style->system_as_user, system_as_user },
        { style->merges_turns, merge_turns },
        { style->opens_with_user, open_with_user },
    };
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        struct chat_messages changed = { .arena = list->arena };
        if (!changes[i].is_wanted)
            continue;
        if (!changes[i].change(&changed, list, &wish, err))
            return false;
        *list = changed;
    }
    return true;
}
