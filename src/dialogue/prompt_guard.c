#include "dialogue/prompt_guard.h"

#include "base/json.h"
#include "base/memory.h"

/* The same as conversations have: more is an error there. */
static const size_t LIMIT_BYTES = (size_t)1 << 30;

/* U+FDD0 to U+FDEF: never assigned, meant for uses like this one. */
enum { N_NONCHARACTERS = 32 };

struct marking {
    const struct tokenizer *tokenizer;
    const char *mark;
    struct text *out;
    bool is_needed;
};

/* ---- marking ---- */

static size_t character_length(uint8_t first)
{
    return first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/* The string with a mark behind the first character of each control token in it, until there is
 * none: what is left of a broken one may contain a shorter one. */
static bool mark_string(struct marking *m, struct slice string)
{
    struct text marked;
    size_t at = 0, begin, end;
    text_init(&marked, LIMIT_BYTES);
    bool ok = true;
    while (ok && tokenizer_find_special(m->tokenizer, string, at, &begin, &end)) {
        size_t behind =
            begin + size_min(character_length((uint8_t)string.data[begin]), end - begin);
        ok = text_append(&marked, string.data + at, behind - at) &&
             text_append_string(&marked, m->mark);
        at = behind;
        m->is_needed = true;
    }
    ok = ok && text_append(&marked, string.data + at, string.length - at) &&
         json_write_string(m->out, text_slice(&marked));
    text_release(&marked);
    return ok;
}

static bool mark_value(struct marking *m, const struct json *value);

static bool mark_members(struct marking *m, const struct json *object)
{
    bool ok = text_append_byte(m->out, '{'), is_first = true;
    for (const struct json_member *it = json_first(object); ok && it; it = json_next(object, it)) {
        ok = (is_first || text_append_byte(m->out, ',')) && mark_string(m, json_member_key(it)) &&
             text_append_byte(m->out, ':') && mark_value(m, json_member_value(it));
        is_first = false;
    }
    return ok && text_append_byte(m->out, '}');
}

/* Conversations are JSON that was parsed, whose depth is limited. */
static bool mark_value(struct marking *m, const struct json *value)
{
    if (json_kind(value) == JSON_KIND_STRING)
        return mark_string(m, json_text(value));
    if (json_kind(value) == JSON_KIND_OBJECT)
        return mark_members(m, value);
    if (json_kind(value) != JSON_KIND_ARRAY)
        return json_write(m->out, value);
    bool ok = text_append_byte(m->out, '[');
    for (size_t i = 0; ok && i < json_size(value); i++)
        ok = (i == 0 || text_append_byte(m->out, ',')) && mark_value(m, json_at(value, i));
    return ok && text_append_byte(m->out, ']');
}

static bool mark_json(struct marking *m, const struct json *value, struct text *out,
                      struct error *err)
{
    m->out = out;
    return mark_value(m, value) ||
           fail(err, ERROR_BUDGET, "the conversation is over %zu bytes", LIMIT_BYTES);
}

/* ---- the mark ---- */

static bool write_all(const struct conversation *c, struct text *out, struct error *err)
{
    const struct json *tools = conversation_tools(c);
    bool ok = json_write(out, conversation_messages(c)) && (!tools || json_write(out, tools));
    return ok || fail(err, ERROR_BUDGET, "the conversation is over %zu bytes", LIMIT_BYTES);
}

static bool choose_mark(struct prompt_guard *guard, const struct conversation *c, struct error *err)
{
    struct text all;
    bool is_free = false;
    text_init(&all, LIMIT_BYTES);
    bool ok = write_all(c, &all, err);
    for (unsigned i = 0; ok && !is_free && i < N_NONCHARACTERS; i++) {
        const char mark[] = { '\xEF', '\xB7', (char)(0x90 + i), '\0' };
        memcpy(guard->mark, mark, sizeof mark);
        is_free = !memmem(all.data, all.length, mark, GUARD_MARK_BYTES);
    }
    text_release(&all);
    return ok && (is_free || fail(err, ERROR_USAGE,
                                  "the conversation uses all %d noncharacters of Unicode, one is "
                                  "needed",
                                  N_NONCHARACTERS));
}

static bool has_special(const struct conversation *c, const struct tokenizer *tokenizer, bool *has,
                        struct error *err)
{
    struct text all;
    text_init(&all, LIMIT_BYTES);
    struct marking m = { .tokenizer = tokenizer, .mark = "" };
    const struct json *tools = conversation_tools(c);
    bool ok = mark_json(&m, conversation_messages(c), &all, err) &&
              (!tools || mark_json(&m, tools, &all, err));
    *has = m.is_needed;
    text_release(&all);
    return ok;
}

static bool mark_conversation(struct prompt_guard *guard, const struct conversation *c,
                              const struct tokenizer *tokenizer, struct error *err)
{
    struct marking m = { .tokenizer = tokenizer, .mark = guard->mark };
    struct text messages, tools;
    const struct json *marked_messages = NULL, *marked_tools = NULL;
    text_init(&messages, LIMIT_BYTES);
    text_init(&tools, LIMIT_BYTES);
    bool ok = mark_json(&m, conversation_messages(c), &messages, err) &&
              json_open(&marked_messages, messages.data, messages.length, "messages", err);
    if (ok && conversation_tools(c))
        ok = mark_json(&m, conversation_tools(c), &tools, err) &&
             json_open(&marked_tools, tools.data, tools.length, "tools", err);
    ok = ok && conversation_open(&guard->marked, marked_messages, marked_tools,
                                 (struct slice){ NULL, 0 }, err);
    json_close(&marked_messages);
    json_close(&marked_tools);
    text_release(&messages);
    text_release(&tools);
    return ok;
}

bool prompt_guard_open(struct prompt_guard *guard, const struct conversation *conversation,
                       const struct tokenizer *tokenizer, struct error *err)
{
    bool is_needed;
    *guard = (struct prompt_guard){ 0 };
    return has_special(conversation, tokenizer, &is_needed, err) &&
           (!is_needed || (choose_mark(guard, conversation, err) &&
                           mark_conversation(guard, conversation, tokenizer, err)));
}

void prompt_guard_release(struct prompt_guard *guard)
{
    conversation_close(&guard->marked);
    memory_free(guard->barriers);
    *guard = (struct prompt_guard){ 0 };
}

/* ---- cleaning ---- */

static size_t count_marks(const char *mark, struct slice text)
{
    size_t count = 0;
    const char *end = text.data + text.length;
    for (const char *at = text.data; (at = memmem(at, (size_t)(end - at), mark, GUARD_MARK_BYTES));
         at += GUARD_MARK_BYTES)
        count++;
    return count;
}

bool prompt_guard_clean(struct prompt_guard *guard, struct text *prompt, struct error *err)
{
    if (!guard->marked)
        return true;
    size_t n = count_marks(guard->mark, text_slice(prompt)), length = 0, read = 0;
    guard->barriers = memory_zeroed(n + 1, sizeof *guard->barriers);
    if (!guard->barriers)
        return fail_memory(err, n * sizeof *guard->barriers, "a prompt");
    for (size_t i = 0; i < n; i++) {
        const char *mark =
            memmem(prompt->data + read, prompt->length - read, guard->mark, GUARD_MARK_BYTES);
        size_t part = (size_t)(mark - prompt->data) - read;
        memmove(prompt->data + length, prompt->data + read, part);
        length += part;
        read += part + GUARD_MARK_BYTES;
        guard->barriers[guard->n_barriers++] = length;
    }
    memmove(prompt->data + length, prompt->data + read, prompt->length - read);
    text_truncate(prompt, length + (prompt->length - read));
    return true;
}
