/* Cohere's Command A and North: turns between tokens, calls and results as JSON with their ids
 * counted anew. */
#include "chat/renderer/renderer_json.h"

static const struct json_style spaced = { .spaced = true };
static const struct json_style compact = { .spaced = false };

#define SYSTEM_TURN "<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>"
#define MODEL_TURN  "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>"
#define END_TEXT    "<|END_TEXT|><|END_OF_TURN_TOKEN|>"

static bool is_model(const struct message *m)
{
    return is_role(m, "assistant") || is_role(m, "chatbot");
}

static void put_declaration(struct prompt *p, const struct json *function)
{
    put(p, "\n    {\"name\": ");
    put_json_string(p, json_text(json_get(function, "name")), compact);
    put(p, ", \"description\": ");
    put_json_string(p, json_text(json_get(function, "description")), compact);
    put(p, ", \"parameters\": ");
    put_parameters(p, json_get(function, "parameters"), spaced);
    put(p, ", \"responses\": null}");
}

static size_t put_system(struct prompt *p)
{
    bool has_system = p->n_messages && is_role(&p->messages[0], "system");
    struct slice system = has_system ? p->messages[0].content : slice_of("");
    put(p, SYSTEM_TURN "<|START_TEXT|>");
    put_between(p, "", system, system.length ? "\n\n\n\n" : "");
    put(p, "# Available Tools\n```json\n[\n");
    for (size_t i = 0; i < p->n_tools; i++) {
        put_declaration(p, json_get(json_at(p->tools, i), "function"));
        put(p, i + 1 < p->n_tools ? ",\n\n" : "\n\n");
    }
    put(p, p->n_tools ? "" : "\n\n");
    put(p, "\n]\n```" END_TEXT);
    return has_system;
}

/* Results name their call by its place in the conversation; SIZE_MAX when no call so far has the
 * id. */
static size_t call_number(const struct prompt *p, size_t result, size_t first)
{
    size_t number = 0;
    struct slice id = p->messages[result].call_id;
    for (size_t i = first; id.length && i < result; i++)
        for (size_t k = 0; is_model(&p->messages[i]) && k < p->messages[i].n_calls; k++, number++)
            if (slice_equal(call_id(&p->messages[i], k), id))
                return number;
    return SIZE_MAX;
}

static void put_result(struct prompt *p, size_t i, size_t first)
{
    size_t number = call_number(p, i, first);
    put(p, "\n    {\n        \"tool_call_id\": \"");
    if (number == SIZE_MAX)
        put_slice(p, p->messages[i].call_id);
    else
        put_count(p, number);
    put(p, "\",\n        \"results\": {\n\n            \n            \"0\": {\"content\": ");
    put_json_string(p, p->messages[i].content, spaced);
    put(p, "}\n\n        },\n        \"is_error\": null\n    }");
}

static void put_thoughts(struct prompt *p, const struct message *m)
{
    if (m->thinking.length)
        put_between(p, "<|START_THINKING|>", m->thinking, "<|END_THINKING|>");
}

static void put_calls(struct prompt *p, const struct message *m, size_t *n_calls)
{
    put(p, "\n            \n                ");
    put_thoughts(p, m);
    put(p, "<|START_ACTION|>[");
    for (size_t i = 0; i < m->n_calls; i++) {
        put(p, i ? "," : "");
        put(p, "\n\n    {\"tool_call_id\": \"");
        put_count(p, (*n_calls)++);
        put_between(p, "\", \"tool_name\": \"", call_name(m, i), "\", \"parameters\": ");
        put_arguments(p, call_arguments(m, i), spaced);
        put(p, "}");
    }
    put(p, "\n\n]<|END_ACTION|><|END_OF_TURN_TOKEN|>");
}

/* Answers in a row share one turn. */
static void put_results(struct prompt *p, size_t i, size_t first)
{
    bool goes_on = i > first && is_role(&p->messages[i - 1], "tool");
    bool is_followed = i + 1 < p->n_messages && is_role(&p->messages[i + 1], "tool");
    put(p, goes_on ? "," : SYSTEM_TURN "<|START_TOOL_RESULT|>[");
    put_result(p, i, first);
    put(p, is_followed ? "" : "\n\n]<|END_TOOL_RESULT|><|END_OF_TURN_TOKEN|>");
}

void render_cohere(struct prompt *p)
{
    size_t first = put_system(p), n_calls = 0;
    bool is_begun = false; /* the last turn waits to be gone on with */
    for (size_t i = first; i < p->n_messages; i++) {
        const struct message *m = &p->messages[i];
        if (is_role(m, "system")) {
            put_between(p, SYSTEM_TURN "<|START_TEXT|>", m->content, END_TEXT);
        } else if (is_role(m, "user")) {
            put_between(p, "<|START_OF_TURN_TOKEN|><|USER_TOKEN|><|START_TEXT|>", m->content,
                        END_TEXT);
        } else if (is_role(m, "tool")) {
            put_results(p, i, first);
        } else if (is_model(m)) {
            put(p, MODEL_TURN);
            if (m->n_calls) {
                put_calls(p, m, &n_calls);
                continue;
            }
            is_begun = i + 1 == p->n_messages;
            put_thoughts(p, m);
            put_between(p, "<|START_TEXT|>", m->content, is_begun ? "" : END_TEXT);
        }
    }
    if (is_begun)
        return;
    put(p, MODEL_TURN "<|START_THINKING|>");
    put(p, p->think.is_set && !p->think.is_on ? "<|END_THINKING|>" : "");
}
