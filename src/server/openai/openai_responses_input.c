#include "server/openai/openai_responses_input.h"

#include "base/json_members.h"
#include "base/slice_text.h"

#include <stdio.h>

enum { THOUGHT_BYTES = 256 << 20 };

/* The assistant's message that is being written: its members come in this order. */
enum progress { NO_MESSAGE, HAS_THOUGHT, HAS_CONTENT, HAS_CALLS };

struct writer {
    struct text *out;
    enum progress progress;
    size_t item;
    struct openai_problem *problem;
};

static bool refuse_item(struct writer *w, const char *member, const char *why)
{
    char field[64];
    snprintf(field, sizeof field, "input[%zu]%s", w->item, member);
    return openai_refuse(w->problem, field, why);
}

static bool reject_item(struct writer *w, const char *why)
{
    char field[64];
    snprintf(field, sizeof field, "input[%zu]", w->item);
    return openai_reject(w->problem, field, "'%s' %s", field, why);
}

/* ---- the assistant's message ---- */

static bool close_message(struct writer *w)
{
    bool ok =
        w->progress == NO_MESSAGE || ((w->progress != HAS_CALLS || text_append_byte(w->out, ']')) &&
                                      text_append_byte(w->out, '}'));
    w->progress = NO_MESSAGE;
    return ok;
}

/* Make room for a member: in the message that is open, or in a new one when that has it already. */
static bool reach(struct writer *w, enum progress wanted)
{
    bool is_another_call = wanted == HAS_CALLS && w->progress == HAS_CALLS;
    if (is_another_call)
        return true;
    bool ok = w->progress < wanted || close_message(w);
    if (w->progress == NO_MESSAGE)
        ok = ok && write_comma(w->out) && text_append_byte(w->out, '{') &&
             write_string_member(w->out, "role", "assistant");
    if (wanted == HAS_CALLS)
        ok = ok && write_name(w->out, "tool_calls") && text_append_byte(w->out, '[');
    w->progress = wanted;
    return ok;
}

static bool write_call(struct writer *w, const struct json *item)
{
    struct slice name = json_text(json_get(item, "name"));
    if (name.length == 0)
        return reject_item(w, "must have the name of a function");
    return reach(w, HAS_CALLS) && write_comma(w->out) && text_append_byte(w->out, '{') &&
           write_text_member(w->out, "id", json_text(json_get(item, "call_id"))) &&
           write_string_member(w->out, "type", "function") && write_name(w->out, "function") &&
           text_append_byte(w->out, '{') && write_text_member(w->out, "name", name) &&
           write_text_member(w->out, "arguments", json_text(json_get(item, "arguments"))) &&
           text_append_string(w->out, "}}");
}

static bool append_texts(struct text *out, const struct json *parts)
{
    bool ok = true;
    for (size_t i = 0; ok && i < json_size(parts); i++)
        ok = (out->length == 0 || text_append_byte(out, '\n')) &&
             text_append_slice(out, json_text(json_get(json_at(parts, i), "text")));
    return ok;
}

/* The thoughts themselves, else their summary, else what was handed out as encrypted. */
static bool write_thought(struct writer *w, const struct json *item)
{
    struct text thought;
    text_init(&thought, THOUGHT_BYTES);
    bool ok = append_texts(&thought, json_get(item, "content")) &&
              (thought.length > 0 || append_texts(&thought, json_get(item, "summary"))) &&
              (thought.length > 0 ||
               text_append_slice(&thought, json_text(json_get(item, "encrypted_content"))));
    if (thought.length > 0)
        ok = ok && reach(w, HAS_THOUGHT) &&
             write_text_member(w->out, "reasoning", text_slice(&thought));
    text_release(&thought);
    return ok;
}

/* ---- content ---- */

static bool check_part(struct writer *w, const struct json *part, size_t index)
{
    static const struct {
        const char *type, *why;
    } rows[] = { { "input_image", "images cannot be read yet" },
                 { "input_audio", "audio cannot be read yet" },
                 { "input_file", "files cannot be read; put their text into the message" } };
    char member[32];
    struct slice type = json_text(json_get(part, "type"));
    snprintf(member, sizeof member, ".content[%zu]", index);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (slice_is(type, rows[i].type))
            return refuse_item(w, member, rows[i].why);
    return true;
}

/* A text, or parts whose texts the worker joins; a refusal is what was said, too. */
static bool write_content(struct writer *w, const struct json *content)
{
    if (json_kind(content) == JSON_KIND_STRING)
        return write_json_member(w->out, "content", content);
    if (json_kind(content) != JSON_KIND_ARRAY)
        return reject_item(w, "must have content, a string or an array of parts");
    bool ok = write_name(w->out, "content") && text_append_byte(w->out, '[');
    for (size_t i = 0; ok && i < json_size(content); i++) {
        const struct json *part = json_at(content, i), *refusal = json_get(part, "refusal");
        ok = check_part(w, part, i) && write_comma(w->out);
        ok = ok &&
             (json_kind(refusal) == JSON_KIND_STRING
                  ? text_append_string(w->out, "{\"type\":\"text\"") &&
                        write_json_member(w->out, "text", refusal) && text_append_byte(w->out, '}')
                  : json_write(w->out, part));
    }
    return ok && text_append_byte(w->out, ']');
}

static bool write_message(struct writer *w, const struct json *item)
{
    struct slice role = json_text(json_get(item, "role"));
    if (slice_is(role, "assistant"))
        return reach(w, HAS_CONTENT) && write_content(w, json_get(item, "content"));
    return close_message(w) && write_comma(w->out) && text_append_byte(w->out, '{') &&
           write_text_member(w->out, "role", role) && write_content(w, json_get(item, "content")) &&
           text_append_byte(w->out, '}');
}

static bool write_call_output(struct writer *w, const struct json *item)
{
    return close_message(w) && write_comma(w->out) && text_append_byte(w->out, '{') &&
           write_string_member(w->out, "role", "tool") &&
           write_text_member(w->out, "tool_call_id", json_text(json_get(item, "call_id"))) &&
           write_content(w, json_get(item, "output")) && text_append_byte(w->out, '}');
}

/* ---- items ---- */

static bool write_item(struct writer *w, const struct json *item)
{
    static const struct {
        const char *type;
        bool (*write)(struct writer *w, const struct json *item);
    } rows[] = { { "message", write_message },
                 { "reasoning", write_thought },
                 { "function_call", write_call },
                 { "function_call_output", write_call_output } };
    struct slice type = json_text(json_get(item, "type"));
    if (json_kind(item) != JSON_KIND_OBJECT)
        return reject_item(w, "must be an object");
    if (type.length == 0)
        return write_message(w, item);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (slice_is(type, rows[i].type))
            return rows[i].write(w, item);
    return refuse_item(w, ".type",
                       "items are message, reasoning, function_call and function_call_output");
}

static bool write_items(struct writer *w, const struct json *input)
{
    if (json_kind(input) == JSON_KIND_STRING)
        return write_comma(w->out) && text_append_byte(w->out, '{') &&
               write_string_member(w->out, "role", "user") &&
               write_json_member(w->out, "content", input) && text_append_byte(w->out, '}');
    if (json_kind(input) != JSON_KIND_ARRAY || json_size(input) == 0)
        return openai_reject(w->problem, "input",
                             "'input' must be a string or an array of at least one item");
    for (w->item = 0; w->item < json_size(input); w->item++)
        if (!write_item(w, json_at(input, w->item)))
            return false;
    return close_message(w);
}

bool openai_write_input(struct text *out, struct slice instructions, const struct json *input,
                        struct openai_problem *problem)
{
    struct writer w = { .out = out, .problem = problem };
    bool ok = write_name(out, "messages") && text_append_byte(out, '[');
    if (instructions.length > 0)
        ok = ok && text_append_byte(out, '{') && write_string_member(out, "role", "system") &&
             write_text_member(out, "content", instructions) && text_append_byte(out, '}');
    return ok && write_items(&w, input) && text_append_byte(out, ']');
}
