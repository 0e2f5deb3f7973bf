#include "chat/renderer/renderer_input.h"

/* Levels of JSON within one message or tool; deeper than any schema, and cheap for a stack. */
enum { MAX_NESTING = 100 };

/* Results look for their calls, and tools for others of their kind, one by one: more of them than
 * this would take seconds. */
enum { MAX_TOOLS = 2000, MAX_CALLS = 5000 };

static bool is_too_deep(const struct json *node, size_t levels_left)
{
    enum json_kind kind = json_kind(node);
    if (kind != JSON_KIND_ARRAY && kind != JSON_KIND_OBJECT)
        return false;
    if (levels_left == 0)
        return true;
    for (size_t i = 0; kind == JSON_KIND_ARRAY && i < json_size(node); i++)
        if (is_too_deep(json_at(node, i), levels_left - 1))
            return true;
    if (kind == JSON_KIND_ARRAY)
        return false;
    for (const struct json_member *m = json_first(node); m; m = json_next(node, m))
        if (is_too_deep(json_member_value(m), levels_left - 1))
            return true;
    return false;
}

static bool is_absent(const struct json *node)
{
    return json_kind(node) == JSON_KIND_NONE || json_kind(node) == JSON_KIND_NULL;
}

static const char *kind_name(enum json_kind kind)
{
    static const char *const names[] = {
        [JSON_KIND_STRING] = "a string",
        [JSON_KIND_ARRAY] = "an array",
        [JSON_KIND_OBJECT] = "an object",
    };
    return names[kind];
}

/* That a member is absent, null or of this kind; `owner` begins the message. */
static bool check_kind(const struct json *object, const char *key, enum json_kind kind,
                       const char *owner, struct error *err)
{
    const struct json *value = json_get(object, key);
    if (is_absent(value) || json_kind(value) == kind)
        return true;
    return fail(err, ERROR_USAGE, "%s: '%s' must be %s", owner, key, kind_name(kind));
}

static bool check_strings(const struct json *object, const char *key, const char *owner,
                          struct error *err)
{
    const struct json *list = json_get(object, key);
    if (!check_kind(object, key, JSON_KIND_ARRAY, owner, err))
        return false;
    for (size_t i = 0; i < json_size(list); i++)
        if (json_kind(json_at(list, i)) != JSON_KIND_STRING)
            return fail(err, ERROR_USAGE, "%s: '%s' must hold strings only", owner, key);
    return true;
}

/* ---- messages ---- */

static bool check_call(const struct json *call, struct error *err)
{
    const struct json *function = json_get(call, "function");
    if (json_kind(function) != JSON_KIND_OBJECT)
        return fail(err, ERROR_USAGE, "a tool call must be an object with a 'function'");
    return check_kind(call, "id", JSON_KIND_STRING, "a tool call", err) &&
           check_kind(function, "name", JSON_KIND_STRING, "a tool call", err) &&
           check_kind(function, "arguments", JSON_KIND_OBJECT, "a tool call", err);
}

static bool check_message(const struct json *message, struct error *err)
{
    static const char *const strings[] = { "content", "thinking", "tool_name", "tool_call_id" };
    if (json_kind(message) != JSON_KIND_OBJECT)
        return fail(err, ERROR_USAGE, "it must be an object");
    if (json_kind(json_get(message, "role")) != JSON_KIND_STRING)
        return fail(err, ERROR_USAGE, "it must have a 'role', a string");
    for (size_t i = 0; i < COUNT_OF(strings); i++)
        if (!check_kind(message, strings[i], JSON_KIND_STRING, "a message", err))
            return false;
    const struct json *calls = json_get(message, "tool_calls");
    if (!check_kind(message, "images", JSON_KIND_ARRAY, "a message", err) ||
        !check_kind(message, "tool_calls", JSON_KIND_ARRAY, "a message", err))
        return false;
    if (is_too_deep(calls, MAX_NESTING))
        return fail(err, ERROR_USAGE, "its tool calls are nested more than %d levels deep",
                    MAX_NESTING);
    for (size_t i = 0; i < json_size(calls); i++)
        if (!check_call(json_at(calls, i), err))
            return false;
    return true;
}

/* Roles compare without regard to case, so here they lose it. */
static struct slice lower_case(struct slice text, struct arena *arena)
{
    char *copy = arena_copy(arena, text);
    for (size_t i = 0; copy && i < text.length; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] - 'A' + 'a');
    return (struct slice){ copy, text.length };
}

static bool read_message(struct message *out, const struct json *json, struct arena *arena,
                         struct error *err)
{
    if (!check_message(json, err))
        return false;
    *out = (struct message){
        .role = lower_case(json_text(json_get(json, "role")), arena),
        .content = json_text(json_get(json, "content")),
        .thinking = json_text(json_get(json, "thinking")),
        .tool_name = json_text(json_get(json, "tool_name")),
        .call_id = json_text(json_get(json, "tool_call_id")),
        .n_images = json_size(json_get(json, "images")),
        .calls = json_get(json, "tool_calls"),
        .n_calls = json_size(json_get(json, "tool_calls")),
    };
    return out->role.data || fail_memory(err, out->role.length, "a message");
}

bool messages_read(const struct message **out, size_t *n_messages, const struct json *messages,
                   struct arena *arena, struct error *err)
{
    size_t n = json_size(messages);
    *out = NULL;
    *n_messages = 0;
    if (is_absent(messages))
        return true;
    if (json_kind(messages) != JSON_KIND_ARRAY)
        return fail(err, ERROR_USAGE, "'messages' must be an array");
    struct message *list = arena_alloc_array(arena, n + 1, sizeof *list);
    if (!list)
        return fail_memory(err, n * sizeof *list, "messages");
    size_t n_calls = 0, n_results = 0;
    for (size_t i = 0; i < n; i++) {
        if (!read_message(&list[i], json_at(messages, i), arena, err))
            return fail_while(err, "message %zu", i + 1);
        n_calls += list[i].n_calls;
        n_results += slice_equal(list[i].role, slice_of("tool"));
    }
    if (n_calls > MAX_CALLS || n_results > MAX_CALLS)
        return fail(err, ERROR_USAGE, "%zu tool calls and %zu results are more than %d", n_calls,
                    n_results, MAX_CALLS);
    *out = list;
    *n_messages = n;
    return true;
}

static const struct json *call_function(const struct message *message, size_t index)
{
    return json_get(json_at(message->calls, index), "function");
}

struct slice call_name(const struct message *message, size_t index)
{
    return json_text(json_get(call_function(message, index), "name"));
}

struct slice call_id(const struct message *message, size_t index)
{
    return json_text(json_get(json_at(message->calls, index), "id"));
}

const struct json *call_arguments(const struct message *message, size_t index)
{
    return json_get(call_function(message, index), "arguments");
}

/* ---- tools ---- */

static bool check_properties(const struct json *properties, struct error *err);

static bool check_type(const struct json *property, struct error *err)
{
    if (json_kind(json_get(property, "type")) == JSON_KIND_STRING)
        return true;
    return check_strings(property, "type", "a property", err);
}

/* The nesting was limited before, and with it this recursion. */
static bool check_property(const struct json *property, struct error *err)
{
    if (is_absent(property))
        return true;
    if (json_kind(property) != JSON_KIND_OBJECT)
        return fail(err, ERROR_USAGE, "a property must be an object");
    const struct json *choices = json_get(property, "anyOf");
    if (!check_type(property, err) ||
        !check_kind(property, "description", JSON_KIND_STRING, "a property", err) ||
        !check_kind(property, "enum", JSON_KIND_ARRAY, "a property", err) ||
        !check_kind(property, "anyOf", JSON_KIND_ARRAY, "a property", err) ||
        !check_kind(property, "properties", JSON_KIND_OBJECT, "a property", err) ||
        !check_strings(property, "required", "a property", err))
        return false;
    for (size_t i = 0; i < json_size(choices); i++)
        if (!check_property(json_at(choices, i), err))
            return false;
    return check_properties(json_get(property, "properties"), err);
}

static bool check_properties(const struct json *properties, struct error *err)
{
    for (const struct json_member *m = json_first(properties); m; m = json_next(properties, m))
        if (!check_property(json_member_value(m), err))
            return false;
    return true;
}

static bool check_tool(const struct json *tool, struct error *err)
{
    const struct json *function = json_get(tool, "function");
    const struct json *parameters = json_get(function, "parameters");
    if (json_kind(function) != JSON_KIND_OBJECT)
        return fail(err, ERROR_USAGE, "it must be an object with a 'function'");
    if (is_too_deep(tool, MAX_NESTING))
        return fail(err, ERROR_USAGE, "it is nested more than %d levels deep", MAX_NESTING);
    return check_kind(tool, "type", JSON_KIND_STRING, "a tool", err) &&
           check_kind(function, "name", JSON_KIND_STRING, "a function", err) &&
           check_kind(function, "description", JSON_KIND_STRING, "a function", err) &&
           check_kind(function, "parameters", JSON_KIND_OBJECT, "a function", err) &&
           check_kind(parameters, "type", JSON_KIND_STRING, "parameters", err) &&
           check_kind(parameters, "properties", JSON_KIND_OBJECT, "parameters", err) &&
           check_strings(parameters, "required", "parameters", err) &&
           check_properties(json_get(parameters, "properties"), err);
}

bool tools_check(const struct json *tools, struct error *err)
{
    if (!is_absent(tools) && json_kind(tools) != JSON_KIND_ARRAY)
        return fail(err, ERROR_USAGE, "'tools' must be an array");
    if (json_size(tools) > MAX_TOOLS)
        return fail(err, ERROR_USAGE, "%zu tools are more than %d", json_size(tools), MAX_TOOLS);
    for (size_t i = 0; i < json_size(tools); i++)
        if (!check_tool(json_at(tools, i), err))
            return fail_while(err, "tool %zu", i + 1);
    return true;
}
