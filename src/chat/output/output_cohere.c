#include "chat/output/call_value.h"
#include "chat/output/output_scan.h"

#include "base/json.h"

/* Cohere's Command A and North: thinking, then blocks of text or of actions. An older template of
 * theirs says RESPONSE for TEXT. */

#define THINK_BEGIN    "<|START_THINKING|>"
#define THINK_END      "<|END_THINKING|>"
#define TEXT_BEGIN     "<|START_TEXT|>"
#define TEXT_END       "<|END_TEXT|>"
#define RESPONSE_BEGIN "<|START_RESPONSE|>"
#define RESPONSE_END   "<|END_RESPONSE|>"
#define ACTION_BEGIN   "<|START_ACTION|>"
#define ACTION_END     "<|END_ACTION|>"
#define TURN_END       "<|END_OF_TURN_TOKEN|>"

struct cohere {
    enum { BETWEEN_BLOCKS, IN_THINKING, IN_CONTENT, IN_ACTION } place;
};

static enum step_result go_to(struct output_parser *p, int place)
{
    struct cohere *s = p->state;
    s->place = place;
    return STEP_AGAIN;
}

static enum step_result step_thinking(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { THINK_END };
    static const struct text_until until = {
        .kind = OUTPUT_THINKING, .tags = tags, .n_tags = 1, .trims = 1, .drops_rest = true
    };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    return go_to(p, BETWEEN_BLOCKS);
}

/* A block begins with its tag; what begins otherwise is content. */
static enum step_result step_between(struct output_parser *p)
{
    static const struct {
        const char *tag;
        int place;
    } blocks[] = { { TEXT_BEGIN, IN_CONTENT },
                   { RESPONSE_BEGIN, IN_CONTENT },
                   { ACTION_BEGIN, IN_ACTION },
                   { TURN_END, BETWEEN_BLOCKS } };
    if (!scan_past_space(p) || pending_text(p).length == 0)
        return STEP_WAIT;
    struct slice text = pending_text(p);
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        if (!p->is_last && may_become(text, blocks[i].tag))
            return STEP_WAIT;
        if (begins_with(text, blocks[i].tag)) {
            consume(p, strlen(blocks[i].tag));
            return go_to(p, blocks[i].place);
        }
    }
    return go_to(p, IN_CONTENT);
}

static enum step_result step_content(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { TEXT_END, RESPONSE_END, TURN_END };
    static const struct text_until until = { .kind = OUTPUT_CONTENT, .tags = tags, .n_tags = 3 };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    return go_to(p, BETWEEN_BLOCKS);
}

/* ---- actions: [{"tool_call_id": "0", "tool_name": "f", "parameters": {}}] ---- */

static bool emit_parsed(struct output_parser *p, const struct json *action, struct error *err)
{
    struct text arguments;
    const struct json *id = json_get(action, "tool_call_id"),
                      *parameters = json_get(action, "parameters");
    text_init(&arguments, SIZE_MAX);
    bool ok = json_kind(parameters) == JSON_KIND_OBJECT ? json_write(&arguments, parameters)
                                                        : text_append_string(&arguments, "{}");
    struct slice name = json_text(json_get(action, "tool_name"));
    ok = ok ? emit_call(p, name, text_slice(&arguments), id ? json_text(id) : (struct slice){ 0 },
                        err)
            : fail_memory(err, arguments.length, "the arguments of a call");
    text_release(&arguments);
    return ok;
}

static bool has_kind(const struct json *value, enum json_kind kind)
{
    return json_kind(value) == kind || json_kind(value) == JSON_KIND_NULL || !value;
}

static bool is_action(const struct json *action)
{
    return has_kind(action, JSON_KIND_OBJECT) &&
           has_kind(json_get(action, "tool_call_id"), JSON_KIND_STRING) &&
           has_kind(json_get(action, "tool_name"), JSON_KIND_STRING) &&
           has_kind(json_get(action, "parameters"), JSON_KIND_OBJECT);
}

static bool are_actions(const struct json *actions)
{
    bool are = json_kind(actions) == JSON_KIND_ARRAY;
    for (size_t i = 0; are && i < json_size(actions); i++)
        are = is_action(json_at(actions, i));
    return are;
}

/* An object or an array of the objects, if that is what `text` is. *is_read tells. */
static bool emit_actions(struct output_parser *p, struct slice text, bool *is_read,
                         struct error *err)
{
    const struct json *actions = NULL;
    struct error problem = { 0 };
    struct text json;
    text_init(&json, SIZE_MAX);
    bool ok = write_json_value(&json, text, &problem) &&
              json_open(&actions, json.data, json.length, "the model's actions", &problem);
    text_release(&json);
    bool is_one = ok && json_kind(actions) == JSON_KIND_OBJECT && is_action(actions);
    *is_read = is_one || (ok && are_actions(actions));
    ok = ok || is_unreadable_only(&problem, err);
    if (is_one)
        ok = emit_parsed(p, actions, err);
    for (size_t i = 0; ok && *is_read && !is_one && i < json_size(actions); i++)
        ok = emit_parsed(p, json_at(actions, i), err);
    json_close(&actions);
    return ok;
}

/* Models forget a comma or a quote now and then: then each object counts by itself, and only those
 * that cannot be read are lost. */
static bool emit_each_action(struct output_parser *p, struct slice text, struct error *err)
{
    bool is_read;
    for (size_t at; (at = find_tag(text, "{")) != SIZE_MAX;) {
        struct bracket_scan scan = { 0 };
        text = slice_from(text, at);
        if (!find_brackets_end(&scan, text))
            return true;
        if (!emit_actions(p, (struct slice){ text.data, scan.at }, &is_read, err))
            return false;
        text = slice_from(text, scan.at);
    }
    return true;
}

static enum step_result step_action(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { ACTION_END };
    struct slice text;
    bool is_read, has_end = scan_piece(p, tags, 1, &text) != NO_TAG;
    if (!has_end) {
        text = pending_text(p);
        if (!p->is_last || text.length == 0)
            return STEP_WAIT;
    }
    if (!emit_actions(p, text, &is_read, err) || (!is_read && !emit_each_action(p, text, err)))
        return STEP_FAILED;
    consume(p, text.length + (has_end ? strlen(ACTION_END) : 0));
    return go_to(p, BETWEEN_BLOCKS);
}

static enum step_result step(struct output_parser *p, struct error *err)
{
    const struct cohere *s = p->state;
    switch (s->place) {
    case IN_THINKING:
        return step_thinking(p, err);
    case IN_CONTENT:
        return step_content(p, err);
    case IN_ACTION:
        return step_action(p, err);
    default:
        return step_between(p);
    }
}

/* Unless told otherwise these models think. */
static void begin(struct output_parser *p)
{
    const struct think_choice *think = &p->options.think;
    if (has_prefilled_content(p))
        go_to(p, IN_CONTENT);
    else
        go_to(p, think->is_on || !think->is_set ? IN_THINKING : BETWEEN_BLOCKS);
}

static const char *const preserved[] = {
    THINK_BEGIN, THINK_END,      TEXT_BEGIN,   TEXT_END, ACTION_BEGIN,
    ACTION_END,  RESPONSE_BEGIN, RESPONSE_END, NULL,
};

const struct output_family output_cohere = {
    .facts = { "cohere", .has_tools = true, .has_thinking = true, preserved },
    .state_bytes = sizeof(struct cohere),
    .begin = begin,
    .step = step,
};
