#include "chat/gotemplate/gotemplate_messages.h"

enum { MAX_SCHEMA_DEPTH = 64 };

static bool fail_arena(struct error *err)
{
    return fail(err, ERROR_BUDGET, "the conversation takes more memory than templates may");
}

/* `count` members to fill, NULL when memory is out. */
static struct go_member *new_struct(struct go_value *out, size_t count, struct arena *arena)
{
    struct go_member *members = arena_alloc_array(arena, count, sizeof *members);
    *out = (struct go_value){ .kind = GO_STRUCT, .count = count, .members = members };
    return members;
}

static struct go_member member(const char *name, const char *json_key, struct go_value value)
{
    return (struct go_member){ slice_of(name), json_key, false, value };
}

static struct go_member optional(const char *name, const char *json_key, struct go_value value)
{
    return (struct go_member){ slice_of(name), json_key, true, value };
}

/* A member of any type is left out of JSON only when it is null. */
static struct go_member any(const char *name, const char *json_key, struct go_value value)
{
    return (struct go_member){ slice_of(name), json_key, value.kind == GO_NIL, value };
}

static struct go_value text_of(const struct json *object, const char *key)
{
    return go_text(json_text(json_get(object, key)));
}

static struct go_value absent_list(void)
{
    return (struct go_value){ .kind = GO_LIST, .is_absent = true };
}

/* A list as it is, one that was never made for anything else. */
static bool list_or_absent(struct go_value *out, const struct json *node, struct arena *arena,
                           struct error *err)
{
    *out = absent_list();
    return json_kind(node) != JSON_KIND_ARRAY || go_value_from_json(out, node, arena, err);
}

static bool lower_case(struct slice *text, struct arena *arena)
{
    char *copy = arena_copy(arena, *text);
    for (size_t i = 0; copy && i < text->length; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] - 'A' + 'a');
    text->data = copy;
    return copy;
}

/* The contents of `count` messages with empty lines between them. */
static bool join(struct slice *out, const struct go_message *messages, size_t count,
                 struct arena *arena)
{
    size_t length = 0, at = 0;
    for (size_t i = 0; i < count; i++)
        length += messages[i].content.length + (i > 0 ? 2 : 0);
    char *joined = arena_alloc(arena, length + 1);
    for (size_t i = 0; joined && i < count; i++) {
        struct slice content = messages[i].content;
        if (i > 0) {
            memcpy(joined + at, "\n\n", 2);
            at += 2;
        }
        if (content.length > 0)
            memcpy(joined + at, content.data, content.length);
        at += content.length;
    }
    *out = (struct slice){ joined, length };
    return joined;
}

bool go_merge_messages(struct go_message **out, size_t *count, const struct json *messages,
                       struct arena *arena, struct error *err)
{
    size_t n = json_size(messages), kept = 0;
    struct go_message *all = arena_alloc_array(arena, n + 1, sizeof *all);
    if (!all)
        return fail_arena(err);
    for (size_t i = 0; i < n; i++) {
        const struct json *message = json_at(messages, i);
        all[i] = (struct go_message){ json_text(json_get(message, "role")),
                                      json_text(json_get(message, "content")), message };
        if (!lower_case(&all[i].role, arena))
            return fail_arena(err);
    }
    for (size_t i = 0, end; i < n; i = end) {
        bool is_tool = slice_equal(all[i].role, slice_of("tool"));
        for (end = i + 1; !is_tool && end < n && slice_equal(all[i].role, all[end].role);)
            end++;
        struct go_message merged = all[i];
        if (end > i + 1 && !join(&merged.content, all + i, end - i, arena))
            return fail_arena(err);
        all[kept++] = merged;
    }
    *out = all;
    *count = kept;
    return true;
}

bool go_system_text(struct slice *out, const struct go_message *messages, size_t count,
                    struct arena *arena, struct error *err)
{
    struct go_message *system = arena_alloc_array(arena, count + 1, sizeof *system);
    size_t n = 0;
    for (size_t i = 0; system && i < count; i++)
        if (slice_equal(messages[i].role, slice_of("system")))
            system[n++] = messages[i];
    return (system && join(out, system, n, arena)) || fail_arena(err);
}

static bool arguments_value(struct go_value *out, const struct json *arguments, struct arena *arena,
                            struct error *err)
{
    *out = (struct go_value){ .kind = GO_MAP, .is_absent = true };
    if (json_kind(arguments) == JSON_KIND_OBJECT && !go_value_from_json(out, arguments, arena, err))
        return false;
    out->prints_json = true;
    return true;
}

static bool tool_call_value(struct go_value *out, const struct json *call, struct arena *arena,
                            struct error *err)
{
    const struct json *source = json_get(call, "function");
    struct go_value function;
    struct go_member *outer = new_struct(out, 2, arena), *inner = new_struct(&function, 3, arena);
    if (!outer || !inner)
        return fail_arena(err);
    inner[0] = member("Index", NULL, go_int(json_int(json_get(source, "index"), 0)));
    inner[1] = member("Name", NULL, text_of(source, "name"));
    inner[2] = member("Arguments", NULL, absent_list());
    outer[0] = member("ID", NULL, text_of(call, "id"));
    outer[1] = member("Function", NULL, function);
    return arguments_value(&inner[2].value, json_get(source, "arguments"), arena, err);
}

static bool tool_calls_value(struct go_value *out, const struct json *calls, struct arena *arena,
                             struct error *err)
{
    size_t n = json_size(calls);
    *out = absent_list();
    if (json_kind(calls) != JSON_KIND_ARRAY || n == 0)
        return true;
    struct go_value *items = arena_alloc_array(arena, n, sizeof *items);
    if (!items)
        return fail_arena(err);
    *out = go_list(items, n);
    for (size_t i = 0; i < n; i++)
        if (!tool_call_value(&items[i], json_at(calls, i), arena, err))
            return false;
    return true;
}

static bool message_value(struct go_value *out, const struct go_message *m, struct arena *arena,
                          struct error *err)
{
    struct go_member *members = new_struct(out, 7, arena);
    struct go_value images, calls;
    if (!members)
        return fail_arena(err);
    if (!list_or_absent(&images, json_get(m->source, "images"), arena, err) ||
        !tool_calls_value(&calls, json_get(m->source, "tool_calls"), arena, err))
        return false;
    members[0] = member("Role", NULL, go_text(m->role));
    members[1] = member("Content", NULL, go_text(m->content));
    members[2] = member("Thinking", NULL, text_of(m->source, "thinking"));
    members[3] = member("Images", NULL, images); /* as base64, undecoded */
    members[4] = member("ToolCalls", NULL, calls);
    members[5] = member("ToolName", NULL, text_of(m->source, "tool_name"));
    members[6] = member("ToolCallID", NULL, text_of(m->source, "tool_call_id"));
    return true;
}

bool go_messages_value(struct go_value *out, const struct go_message *messages, size_t count,
                       struct arena *arena, struct error *err)
{
    struct go_value *items = arena_alloc_array(arena, count + 1, sizeof *items);
    if (!items)
        return fail_arena(err);
    *out = go_list(items, count);
    out->is_absent = count == 0;
    for (size_t i = 0; i < count; i++)
        if (!message_value(&items[i], &messages[i], arena, err))
            return false;
    return true;
}

/* A property's type, one name or several. */
static bool types_value(struct go_value *out, const struct json *type, struct arena *arena,
                        struct error *err)
{
    *out = absent_list();
    out->is_type_list = true;
    bool is_one = json_kind(type) == JSON_KIND_STRING;
    if (!is_one && json_kind(type) != JSON_KIND_ARRAY)
        return true;
    size_t n = is_one ? 1 : json_size(type);
    struct go_value *items = arena_alloc_array(arena, n + 1, sizeof *items);
    if (!items)
        return fail_arena(err);
    for (size_t i = 0; i < n; i++)
        items[i] = go_text(json_text(is_one ? type : json_at(type, i)));
    *out = go_list(items, n);
    out->is_type_list = true;
    return true;
}

static bool property_value(struct go_value *out, const struct json *source, size_t depth,
                           struct arena *arena, struct error *err);

static bool properties_value(struct go_value *out, const struct json *source, size_t depth,
                             struct arena *arena, struct error *err)
{
    size_t n = json_size(source), i = 0;
    *out = (struct go_value){ .kind = GO_MAP, .prints_json = true, .is_absent = true };
    if (json_kind(source) != JSON_KIND_OBJECT)
        return true;
    struct go_member *members = arena_alloc_array(arena, n + 1, sizeof *members);
    if (!members)
        return fail_arena(err);
    out->is_absent = false;
    out->members = members;
    out->count = n;
    for (const struct json_member *m = json_first(source); m; m = json_next(source, m), i++) {
        members[i].key = json_member_key(m);
        if (!property_value(&members[i].value, json_member_value(m), depth + 1, arena, err))
            return false;
    }
    return true;
}

static bool any_of_value(struct go_value *out, const struct json *source, size_t depth,
                         struct arena *arena, struct error *err)
{
    size_t n = json_kind(source) == JSON_KIND_ARRAY ? json_size(source) : 0;
    struct go_value *items = arena_alloc_array(arena, n + 1, sizeof *items);
    if (!items)
        return fail_arena(err);
    *out = go_list(items, n);
    for (size_t i = 0; i < n; i++)
        if (!property_value(&items[i], json_at(source, i), depth + 1, arena, err))
            return false;
    return true;
}

static bool property_value(struct go_value *out, const struct json *source, size_t depth,
                           struct arena *arena, struct error *err)
{
    struct go_value any_of, types, items, choices, properties, required;
    struct go_member *members = new_struct(out, 7, arena);
    if (depth > MAX_SCHEMA_DEPTH)
        return fail(err, ERROR_BUDGET, "a tool's parameters are nested more than %d deep",
                    MAX_SCHEMA_DEPTH);
    if (!members)
        return fail_arena(err);
    if (!any_of_value(&any_of, json_get(source, "anyOf"), depth, arena, err) ||
        !types_value(&types, json_get(source, "type"), arena, err) ||
        !go_value_from_json(&items, json_get(source, "items"), arena, err) ||
        !list_or_absent(&choices, json_get(source, "enum"), arena, err) ||
        !properties_value(&properties, json_get(source, "properties"), depth, arena, err) ||
        !list_or_absent(&required, json_get(source, "required"), arena, err))
        return false;
    members[0] = optional("AnyOf", "anyOf", any_of);
    members[1] = optional("Type", "type", types);
    members[2] = any("Items", "items", items);
    members[3] = optional("Description", "description", text_of(source, "description"));
    members[4] = optional("Enum", "enum", choices);
    members[5] = member("Properties", "properties", properties);
    members[5].omitted_if_empty = properties.is_absent;
    members[6] = optional("Required", "required", required);
    return true;
}

static bool parameters_value(struct go_value *out, const struct json *source, struct arena *arena,
                             struct error *err)
{
    struct go_value defs, items, required, properties;
    struct go_member *members = new_struct(out, 5, arena);
    if (!members)
        return fail_arena(err);
    if (!go_value_from_json(&defs, json_get(source, "$defs"), arena, err) ||
        !go_value_from_json(&items, json_get(source, "items"), arena, err) ||
        !list_or_absent(&required, json_get(source, "required"), arena, err) ||
        !properties_value(&properties, json_get(source, "properties"), 0, arena, err))
        return false;
    /* these are a map in Go; those of properties within properties keep their order */
    go_sort_members((struct go_member *)properties.members, properties.count);
    members[0] = member("Type", "type", text_of(source, "type"));
    members[1] = any("Defs", "$defs", defs);
    members[2] = any("Items", "items", items);
    members[3] = optional("Required", "required", required);
    members[4] = member("Properties", "properties", properties);
    return true;
}

static bool tool_value(struct go_value *out, const struct json *tool, struct arena *arena,
                       struct error *err)
{
    const struct json *source = json_get(tool, "function");
    struct go_value function, parameters, items;
    struct go_member *outer = new_struct(out, 3, arena), *inner = new_struct(&function, 3, arena);
    if (!outer || !inner)
        return fail_arena(err);
    if (!parameters_value(&parameters, json_get(source, "parameters"), arena, err) ||
        !go_value_from_json(&items, json_get(tool, "items"), arena, err))
        return false;
    inner[0] = member("Name", "name", text_of(source, "name"));
    inner[1] = member("Description", "description", text_of(source, "description"));
    inner[2] = member("Parameters", "parameters", parameters);
    outer[0] = member("Type", "type", text_of(tool, "type"));
    outer[1] = any("Items", "items", items);
    outer[2] = member("Function", "function", function);
    out->prints_json = true;
    return true;
}

bool go_tools_value(struct go_value *out, const struct json *tools, struct arena *arena,
                    struct error *err)
{
    size_t n = json_size(tools);
    *out = absent_list();
    out->prints_json = true;
    if (json_kind(tools) != JSON_KIND_ARRAY)
        return true;
    struct go_value *items = arena_alloc_array(arena, n + 1, sizeof *items);
    if (!items)
        return fail_arena(err);
    *out = go_list(items, n);
    out->prints_json = true;
    for (size_t i = 0; i < n; i++)
        if (!tool_value(&items[i], json_at(tools, i), arena, err))
            return false;
    return true;
}
