#include "chat/conversation.h"

#include "base/memory.h"
#include "base/table.h"
#include "base/json_members.h"

enum { LARGEST_BYTES = 256 << 20, LONGEST_NAME = 64 };

struct conversation {
    const struct json *root; /* {"messages":[...],"tools":[...]} */
    const struct json *messages, *tools;
};

/* What is known while messages are read one after the other. */
struct reading {
    struct text out; /* the one form, as JSON text */
    struct table calls_by_id;
    const struct json *latest_calls; /* of the assistant's latest message */
    size_t n_results;                /* that followed them */
    struct error *err;
};

static bool fail_full(struct error *err)
{
    return fail(err, ERROR_MEMORY, "the conversation takes more than %d bytes, or memory is out",
                LARGEST_BYTES);
}

static bool is_absent(const struct json *node)
{
    return json_kind(node) == JSON_KIND_NONE || json_kind(node) == JSON_KIND_NULL;
}

/* The first of the members that is there, as text; ends with NULL. */
static bool read_text(struct slice *out, const struct json *object, const char *const *names,
                      struct error *err)
{
    *out = slice_of("");
    for (; *names; names++) {
        const struct json *value = json_get(object, *names);
        if (is_absent(value))
            continue;
        if (json_kind(value) != JSON_KIND_STRING)
            return fail(err, ERROR_USAGE, "its '%s' must be a string", *names);
        if (out->length == 0)
            *out = json_text(value);
    }
    return true;
}

static bool read_one_text(struct slice *out, const struct json *object, const char *name,
                          struct error *err)
{
    return read_text(out, object, (const char *const[]){ name, NULL }, err);
}

static bool is_name_character(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
           c == '-' || c == '.';
}

/* ---- content ---- */

/* Text of a part of a message, by the names that the APIs give to such parts. */
static bool read_part(struct slice *out, const struct json *part, struct error *err)
{
    static const char *const types[] = { "text", "input_text", "output_text" };
    struct slice type = json_text(json_get(part, "type"));
    if (json_kind(part) != JSON_KIND_OBJECT ||
        json_kind(json_get(part, "type")) != JSON_KIND_STRING)
        return fail(err, ERROR_USAGE, "it must be an object with a 'type'");
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (slice_equal(type, slice_of(types[i]))) {
            if (json_kind(json_get(part, "text")) != JSON_KIND_STRING)
                return fail(err, ERROR_USAGE, "it must have a 'text', a string");
            *out = json_text(json_get(part, "text"));
            return true;
        }
    return fail(err, ERROR_UNSUPPORTED, "its type is '%s', but only text can be read",
                printable(type));
}

static bool join_parts(struct text *joined, const struct json *parts, struct error *err)
{
    for (size_t i = 0; i < json_size(parts); i++) {
        struct slice text;
        if (!read_part(&text, json_at(parts, i), err))
            return fail_while(err, "part %zu of its content", i + 1);
        if ((i > 0 && !text_append_byte(joined, '\n')) || !text_append_slice(joined, text))
            return fail_full(err);
    }
    return true;
}

static bool write_parts(struct reading *r, const struct json *parts)
{
    struct text joined;
    text_init(&joined, LARGEST_BYTES);
    bool ok = join_parts(&joined, parts, r->err) &&
              (write_text_member(&r->out, "content", text_slice(&joined)) || fail_full(r->err));
    text_release(&joined);
    return ok;
}

static bool write_content(struct reading *r, const struct json *message, struct slice role)
{
    const struct json *content = json_get(message, "content");
    enum json_kind kind = json_kind(content);
    if (kind == JSON_KIND_ARRAY)
        return write_parts(r, content);
    if (kind == JSON_KIND_NULL && !slice_equal(role, slice_of("assistant")))
        return fail(r->err, ERROR_USAGE, "its content is null");
    if (kind != JSON_KIND_STRING && kind != JSON_KIND_NULL && kind != JSON_KIND_NONE)
        return fail(r->err, ERROR_USAGE, "its content must be a string or an array of parts");
    return write_text_member(&r->out, "content", json_text(content)) || fail_full(r->err);
}

/* ---- tool calls ---- */

/* Arguments come as an object, or as a string that holds one. */
static bool write_arguments(struct reading *r, const struct json *arguments)
{
    struct slice source = json_text(arguments);
    bool is_text = json_kind(arguments) == JSON_KIND_STRING;
    if (is_absent(arguments) || (is_text && source.length == 0))
        return (write_name(&r->out, "arguments") && text_append_string(&r->out, "{}")) ||
               fail_full(r->err);
    const struct json *opened = NULL;
    if (is_text && !json_open(&opened, source.data, source.length, "arguments", r->err)) {
        r->err->code = r->err->code == ERROR_MEMORY ? ERROR_MEMORY : ERROR_USAGE;
        return false;
    }
    const struct json *object = is_text ? opened : arguments;
    bool ok = json_kind(object) == JSON_KIND_OBJECT ||
              fail(r->err, ERROR_USAGE, "its arguments must be an object");
    ok = ok && (write_json_member(&r->out, "arguments", object) || fail_full(r->err));
    json_close(&opened);
    return ok;
}

/* Names of calls may be anything short: they come from a model, not from a declaration. */
static bool check_call_name(struct slice name, struct error *err)
{
    if (name.length == 0)
        return fail(err, ERROR_USAGE, "it must have a function with a 'name'");
    if (name.length > LONGEST_NAME)
        return fail(err, ERROR_USAGE, "the name '%s' has %zu bytes, more than %d", printable(name),
                    name.length, LONGEST_NAME);
    return true;
}

static bool write_call(struct reading *r, const struct json *call)
{
    const struct json *function = json_get(call, "function");
    struct slice id, name;
    if (json_kind(function) != JSON_KIND_OBJECT)
        return fail(r->err, ERROR_USAGE, "it must be an object with a 'function'");
    if (!read_one_text(&id, call, "id", r->err) ||
        !read_one_text(&name, function, "name", r->err) || !check_call_name(name, r->err))
        return false;
    if (id.length > 0 && !table_put(&r->calls_by_id, id, (uintptr_t)call))
        return fail_memory(r->err, id.length, "tool calls");
    bool opened = write_comma(&r->out) && text_append_byte(&r->out, '{') &&
                  write_text_unless_empty(&r->out, "id", id) && write_name(&r->out, "function") &&
                  text_append_byte(&r->out, '{') && write_text_member(&r->out, "name", name);
    if (!opened)
        return fail_full(r->err);
    return write_arguments(r, json_get(function, "arguments")) &&
           (text_append_string(&r->out, "}}") || fail_full(r->err));
}

static bool write_calls(struct reading *r, const struct json *message)
{
    const struct json *calls = json_get(message, "tool_calls");
    r->latest_calls = calls;
    r->n_results = 0;
    if (!is_absent(calls) && json_kind(calls) != JSON_KIND_ARRAY)
        return fail(r->err, ERROR_USAGE, "its 'tool_calls' must be an array");
    if (json_size(calls) == 0)
        return true;
    if (!write_name(&r->out, "tool_calls") || !text_append_byte(&r->out, '['))
        return fail_full(r->err);
    for (size_t i = 0; i < json_size(calls); i++)
        if (!write_call(r, json_at(calls, i)))
            return fail_while(r->err, "tool call %zu", i + 1);
    return text_append_byte(&r->out, ']') || fail_full(r->err);
}

static struct slice name_of_call(const struct json *call)
{
    return json_text(json_get(json_get(call, "function"), "name"));
}

/* Which call a result belongs to, when its tool is not named: by id, without one by order. */
static struct slice called_name(struct reading *r, struct slice id)
{
    uint64_t call;
    if (id.length == 0)
        return name_of_call(json_at(r->latest_calls, r->n_results));
    bool is_known = table_get(&r->calls_by_id, id, &call);
    return is_known ? name_of_call((const struct json *)(uintptr_t)call) : slice_of("");
}

static bool write_result(struct reading *r, const struct json *message)
{
    struct slice id, name;
    if (!read_one_text(&id, message, "tool_call_id", r->err) ||
        !read_text(&name, message, (const char *const[]){ "tool_name", "name", NULL }, r->err))
        return false;
    if (name.length == 0)
        name = called_name(r, id);
    r->n_results++;
    return (write_text_unless_empty(&r->out, "tool_name", name) &&
            write_text_unless_empty(&r->out, "tool_call_id", id)) ||
           fail_full(r->err);
}

/* ---- messages ---- */

static bool read_role(const char **out, const struct json *message, struct error *err)
{
    static const struct {
        const char *sent, *role;
    } roles[] = { { "system", "system" },
                  { "developer", "system" },
                  { "user", "user" },
                  { "assistant", "assistant" },
                  { "tool", "tool" } };
    struct slice role = json_text(json_get(message, "role"));
    if (json_kind(message) != JSON_KIND_OBJECT)
        return fail(err, ERROR_USAGE, "it must be an object");
    if (json_kind(json_get(message, "role")) != JSON_KIND_STRING)
        return fail(err, ERROR_USAGE, "it must have a 'role', a string");
    for (size_t i = 0; i < COUNT_OF(roles); i++)
        if (role.length == strlen(roles[i].sent) &&
            strncasecmp(role.data, roles[i].sent, role.length) == 0) {
            *out = roles[i].role;
            return true;
        }
    return fail(err, ERROR_USAGE,
                "its role '%s' is none of system, developer, user, assistant and tool",
                printable(role));
}

static bool check_parts_of_others(const struct json *message, bool is_assistant, struct error *err)
{
    static const char *const media[] = { "images", "audio" };
    for (size_t i = 0; i < COUNT_OF(media); i++) {
        const struct json *value = json_get(message, media[i]);
        if (!is_absent(value) && !(json_kind(value) == JSON_KIND_ARRAY && json_size(value) == 0))
            return fail(err, ERROR_UNSUPPORTED, "it has '%s', but only text can be read", media[i]);
    }
    if (!is_assistant && json_size(json_get(message, "tool_calls")) > 0)
        return fail(err, ERROR_USAGE, "it has 'tool_calls', which only the assistant makes");
    return true;
}

static bool write_assistant(struct reading *r, const struct json *message)
{
    static const char *const names[] = { "thinking", "reasoning_content", "reasoning", NULL };
    struct slice thinking;
    if (!read_text(&thinking, message, names, r->err))
        return false;
    return (write_text_unless_empty(&r->out, "thinking", thinking) || fail_full(r->err)) &&
           write_calls(r, message);
}

static bool write_message(struct reading *r, const struct json *message)
{
    const char *role = "";
    if (!read_role(&role, message, r->err))
        return false;
    bool is_assistant = strcmp(role, "assistant") == 0, is_tool = strcmp(role, "tool") == 0;
    if (!check_parts_of_others(message, is_assistant, r->err))
        return false;
    if (!write_comma(&r->out) || !text_append_byte(&r->out, '{') ||
        !write_text_member(&r->out, "role", slice_of(role)))
        return fail_full(r->err);
    return write_content(r, message, slice_of(role)) &&
           (!is_assistant || write_assistant(r, message)) &&
           (!is_tool || write_result(r, message)) &&
           (text_append_byte(&r->out, '}') || fail_full(r->err));
}

static bool write_messages(struct reading *r, const struct json *messages, struct slice system)
{
    if (!is_absent(messages) && json_kind(messages) != JSON_KIND_ARRAY)
        return fail(r->err, ERROR_USAGE, "'messages' must be an array");
    if (!write_name(&r->out, "messages") || !text_append_byte(&r->out, '['))
        return fail_full(r->err);
    if (system.length > 0 &&
        !(text_append_byte(&r->out, '{') &&
          write_text_member(&r->out, "role", slice_of("system")) &&
          write_text_member(&r->out, "content", system) && text_append_byte(&r->out, '}')))
        return fail_full(r->err);
    for (size_t i = 0; i < json_size(messages); i++)
        if (!write_message(r, json_at(messages, i)))
            return fail_while(r->err, "message %zu", i + 1);
    return text_append_byte(&r->out, ']') || fail_full(r->err);
}

/* ---- tools ---- */

static bool check_tool_name(struct table *names, struct slice name, size_t index, struct error *err)
{
    uint64_t other;
    if (name.length == 0)
        return fail(err, ERROR_USAGE, "it must have a 'name'");
    if (name.length > LONGEST_NAME)
        return fail(err, ERROR_USAGE, "its name '%s' has %zu bytes, more than %d", printable(name),
                    name.length, LONGEST_NAME);
    for (size_t i = 0; i < name.length; i++)
        if (!is_name_character(name.data[i]))
            return fail(err, ERROR_USAGE,
                        "its name '%s' has other characters than letters, digits, '_', '-' and '.'",
                        printable(name));
    if (table_get(names, name, &other))
        return fail(err, ERROR_USAGE, "its name '%s' is that of tool %" PRIu64, printable(name),
                    other + 1);
    return table_put(names, name, index) || fail_memory(err, name.length, "the names of tools");
}

static bool write_function(struct text *out, const struct json *function, struct error *err)
{
    const struct json *parameters = json_get(function, "parameters");
    struct slice description;
    if (!read_one_text(&description, function, "description", err))
        return false;
    if (!is_absent(parameters) && json_kind(parameters) != JSON_KIND_OBJECT)
        return fail(err, ERROR_USAGE, "its 'parameters' must be an object");
    bool ok = write_comma(out) &&
              text_append_string(out, "{\"type\":\"function\",\"function\":{") &&
              write_text_member(out, "name", json_text(json_get(function, "name")));
    if (json_get(function, "description"))
        ok = ok && write_text_member(out, "description", description);
    ok = ok &&
         (json_size(parameters) > 0
              ? write_json_member(out, "parameters", parameters)
              : text_append_string(out, ",\"parameters\":{\"type\":\"object\",\"properties\":{}}"));
    if (!is_absent(json_get(function, "return"))) /* a schema that some templates print */
        ok = ok && write_json_member(out, "return", json_get(function, "return"));
    return (ok && text_append_string(out, "}}")) || fail_full(err);
}

static bool write_tool(struct text *out, const struct json *tool, struct table *names, size_t index,
                       struct error *err)
{
    const struct json *wrapped = json_get(tool, "function");
    const struct json *function = wrapped ? wrapped : tool, *type = json_get(tool, "type");
    struct slice name;
    if (json_kind(function) != JSON_KIND_OBJECT)
        return fail(err, ERROR_USAGE, "it must be a function, an object with a 'name'");
    if (!is_absent(type) && !slice_equal(json_text(type), slice_of("function")))
        return fail(err, ERROR_UNSUPPORTED, "its type is '%s', but only functions can be called",
                    printable(json_text(type)));
    return read_one_text(&name, function, "name", err) &&
           check_tool_name(names, name, index, err) && write_function(out, function, err);
}

static bool write_tools(struct text *out, const struct json *tools, struct error *err)
{
    struct table names;
    if (is_absent(tools))
        return true;
    if (json_kind(tools) != JSON_KIND_ARRAY)
        return fail(err, ERROR_USAGE, "'tools' must be an array");
    if (!table_init(&names, 16))
        return fail_memory(err, 16, "the names of tools");
    bool ok = (write_name(out, "tools") && text_append_byte(out, '[')) || fail_full(err);
    for (size_t i = 0; ok && i < json_size(tools); i++) {
        ok = write_tool(out, json_at(tools, i), &names, i, err);
        if (!ok)
            fail_while(err, "tool %zu", i + 1);
    }
    table_release(&names);
    return ok && (text_append_byte(out, ']') || fail_full(err));
}

/* ---- the whole ---- */

static bool write_all(struct reading *r, const struct json *messages, const struct json *tools,
                      struct slice system)
{
    return (text_append_byte(&r->out, '{') || fail_full(r->err)) &&
           write_messages(r, messages, system) && write_tools(&r->out, tools, r->err) &&
           (text_append_byte(&r->out, '}') || fail_full(r->err));
}

static bool open_written(struct conversation **out, const struct text *written, struct error *err)
{
    struct conversation *c = memory_zeroed(1, sizeof *c);
    if (!c)
        return fail_memory(err, sizeof *c, "a conversation");
    if (!json_open(&c->root, written->data, written->length, "the conversation", err)) {
        memory_free(c);
        return false;
    }
    c->messages = json_get(c->root, "messages");
    c->tools = json_get(c->root, "tools");
    *out = c;
    return true;
}

bool conversation_open(struct conversation **out, const struct json *messages,
                       const struct json *tools, struct slice system, struct error *err)
{
    struct error unused = { 0 };
    struct reading r = { .err = err ? err : &unused };
    *out = NULL;
    text_init(&r.out, LARGEST_BYTES);
    bool ok = table_init(&r.calls_by_id, 16) || fail_memory(r.err, 16, "tool calls");
    ok = ok && write_all(&r, messages, tools, system) && open_written(out, &r.out, r.err);
    table_release(&r.calls_by_id);
    text_release(&r.out);
    return ok;
}

void conversation_close(struct conversation **conversation)
{
    if (!*conversation)
        return;
    json_close(&(*conversation)->root);
    memory_free(*conversation);
    *conversation = NULL;
}

const struct json *conversation_messages(const struct conversation *conversation)
{
    return conversation->messages;
}

const struct json *conversation_tools(const struct conversation *conversation)
{
    return json_size(conversation->tools) > 0 ? conversation->tools : NULL;
}
