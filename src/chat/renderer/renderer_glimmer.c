/* Glimmer: messages addressed to self, user or a tool, calls in a namespace of XML. */
#include "chat/renderer/renderer_json.h"

#include <stdio.h>
#include <time.h>

static const struct json_style spaced = { .spaced = true, .escape = ESCAPE_LITTLE };

/* ---- tools ---- */

/* The part of a function's name before the dot. */
static struct slice namespace_of(const struct prompt *p, size_t tool)
{
    const struct json *function = json_get(json_at(p->tools, tool), "function");
    struct slice name = json_text(json_get(function, "name"));
    size_t dot = find_first(name, ".");
    return dot == SIZE_MAX ? name : slice_to(name, dot);
}

static bool is_new_namespace(const struct prompt *p, size_t tool)
{
    for (size_t i = 0; i < tool; i++)
        if (slice_equal(namespace_of(p, i), namespace_of(p, tool)))
            return false;
    return true;
}

static void put_function_schema(struct prompt *p, const struct json *function)
{
    put(p, "\n{\"name\": ");
    put_json_string(p, json_text(json_get(function, "name")), spaced);
    put(p, ", \"description\": ");
    put_json_string(p, json_text(json_get(function, "description")), spaced);
    put(p, ", \"parameters\": ");
    put_parameters(p, json_get(function, "parameters"), spaced);
    put(p, "}");
}

static void put_declarations(struct prompt *p)
{
    put(p, "In this environment you have access to a set of tools you can use to answer the "
           "user's question.\n\nYou can invoke a function by writing a \"<atem:function_calls>\" "
           "block like the following:\n<atem:function_calls>\n<atem:invoke name=\"$FUNCTION_NAME\">"
           "\n<atem:parameter name=\"$PARAMETER_NAME\">$PARAMETER_VALUE</atem:parameter>\n...\n"
           "</atem:invoke>\n</atem:function_calls>\n\nString and scalar parameters should be "
           "specified as is, while lists and objects should use JSON format. Note that spaces for "
           "string values are not stripped. The output is not expected to be valid XML and is "
           "parsed with regular expressions.\nHere are the functions available in JSONSchema "
           "format:\n// Tool metadata\n");
    for (size_t i = 0; i < p->n_tools; i++) {
        if (!is_new_namespace(p, i))
            continue;
        put(p, "{\"name\": ");
        put_json_string(p, namespace_of(p, i), spaced);
        put(p, ", \"description\": \"\"}\n");
    }
    put(p, "// Function schemas");
    for (size_t i = 0; i < p->n_tools; i++)
        put_function_schema(p, json_get(json_at(p->tools, i), "function"));
    put(p, "\n\nHere's an example of how to call a function in the tool set:\n(If the tool "
           "namespace is not specified, invoke the function directly as `example_function_name` "
           "rather than `example_tool_name.example_function_name`)\n\n"
           "to=example_tool_name.example_function_name\n\n<atem:function_calls>\n<atem:invoke "
           "name=\"example_tool_name.example_function_name\">\n<atem:parameter "
           "name=\"example_parameter_1\">value_1</atem:parameter>\n<atem:parameter "
           "name=\"example_parameter_2\">This is the value for the second parameter\nthat can "
           "span\n\"multiple\" lines\n</atem:parameter>\n</atem:invoke>\n</atem:function_calls>");
}

/* ---- the system turn ---- */

static void put_date(struct prompt *p)
{
    struct tm day;
    time_t now = (time_t)p->now;
    char date[40];
    if (!gmtime_r(&now, &day)) {
        prompt_refuse(p, ERROR_USAGE, "the present time lies outside the calendar");
        return;
    }
    snprintf(date, sizeof date, "%04ld-%02d-%02d", day.tm_year + 1900L, day.tm_mon + 1,
             day.tm_mday);
    put(p, date);
}

static const char *reasoning_strength(const struct prompt *p)
{
    if (p->think.is_set && !p->think.is_on)
        return "none";
    return *p->think.level ? p->think.level : "high";
}

/* The model's word for effort is strength. */
static struct slice with_strength(struct prompt *p, struct slice text)
{
    text = replaced(p, text, "Reasoning effort", "Reasoning strength");
    text = replaced(p, text, "Reasoning Effort", "Reasoning Strength");
    text = replaced(p, text, "reasoning effort", "reasoning strength");
    return replaced(p, text, "REASONING EFFORT", "REASONING STRENGTH");
}

static void put_system_end(struct prompt *p, bool has_strength)
{
    if (!has_strength)
        put_between(p, "\n\nReasoning strength: ", slice_of(reasoning_strength(p)), ".");
    if (p->n_tools) {
        put(p, "\n\n");
        put_declarations(p);
    }
    put(p, "\n\n# Valid recipients: \"self\"");
    for (size_t i = 0; i < p->n_tools; i++)
        if (is_new_namespace(p, i))
            put_between(p, ", \"", namespace_of(p, i), ".*\"");
    put(p, ", \"user\".<|eot|>");
}

static void put_default_system(struct prompt *p)
{
    put(p, "<|start|>system<|message|>You are a helpful AI assistant.\n"
           "Knowledge cutoff: 2026-01-04.\nCurrent date: ");
    put_date(p);
    put(p, ".");
    put_system_end(p, false);
}

static void put_given_system(struct prompt *p, struct slice content)
{
    content = with_strength(p, content);
    put_between(p, "<|start|>system<|message|>", content, "");
    put_system_end(p, has(upper_case(p, content), "REASONING STRENGTH"));
}

/* ---- turns ---- */

static struct slice content_of(struct prompt *p, const struct message *m, size_t *n_images)
{
    if (p->image_tags)
        return image_tagged(p, m->content, m, n_images);
    return image_padded(p, m->content, m, "<|patch|>");
}

/* The name given with the result, else that of the last call with its id, else the id. */
static struct slice result_name(const struct prompt *p, const struct message *result)
{
    struct slice name = result->call_id;
    if (result->tool_name.length)
        return result->tool_name;
    for (size_t i = 0; name.length && i < p->n_messages; i++)
        for (size_t k = 0; k < p->messages[i].n_calls; k++)
            if (slice_equal(call_id(&p->messages[i], k), result->call_id))
                name = call_name(&p->messages[i], k);
    return name;
}

static void put_result(struct prompt *p, const struct message *m, struct slice content)
{
    struct slice name = result_name(p, m);
    put_between(p, "<|start|>tool ", name, "<|message|>");
    put_between(p, "<tool_output name=\"", name, "\">\n");
    put_between(p, "", content, "\n</tool_output><|eot|>");
}

static void put_call(struct prompt *p, struct slice name, const struct json *arguments)
{
    put_between(p, "<|start|>assistant to=", name, "<|message|>");
    put_between(p, "<atem:function_calls>\n<atem:invoke name=\"", name, "\">\n");
    for (const struct json_member *a = json_first(arguments); a; a = json_next(arguments, a)) {
        put_between(p, "<atem:parameter name=\"", json_member_key(a), "\">");
        put_plain_argument(p, json_member_value(a), spaced);
        put(p, "</atem:parameter>\n");
    }
    put(p, "</atem:invoke>\n</atem:function_calls>");
}

static void put_assistant(struct prompt *p, const struct message *m, struct slice content,
                          bool goes_on)
{
    if (m->thinking.length)
        put_between(p, "<|start|>assistant to=self<|message|>", m->thinking, "<|eom|>");
    for (size_t i = 0; i < m->n_calls; i++) {
        put_call(p, call_name(m, i), call_arguments(m, i));
        put(p, goes_on || i + 1 < m->n_calls ? "<|eom|>" : "<|eot|>");
    }
    if (m->n_calls == 0 && (content.length || m->thinking.length == 0))
        put_between(p, "<|start|>assistant to=user<|message|>", content, "<|eot|>");
}

void render_glimmer(struct prompt *p)
{
    size_t n_images = 0;
    put(p, "<|begin_of_text|>");
    if (last_message(p, "system") == SIZE_MAX)
        put_default_system(p);
    for (size_t i = 0; i < p->n_messages; i++) {
        const struct message *m = &p->messages[i];
        struct slice content = content_of(p, m, &n_images);
        bool goes_on = i + 1 < p->n_messages && slice_equal(m[1].role, m->role);
        if (is_role(m, "system"))
            put_given_system(p, content);
        else if (is_role(m, "user"))
            put_between(p, "<|start|>user<|message|>", content, "<|eot|>");
        else if (is_role(m, "tool"))
            put_result(p, m, content);
        else if (is_role(m, "assistant"))
            put_assistant(p, m, content, goes_on);
    }
    put(p, "<|start|>assistant");
}
