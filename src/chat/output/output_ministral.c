#include "chat/output/call_value.h"
#include "chat/output/output_scan.h"

/* Ministral: [TOOL_CALLS]name[ARGS]{...}, which ends with its brackets. */

#define CALL        "[TOOL_CALLS]"
#define ARGUMENTS   "[ARGS]"
#define THINK_BEGIN "[THINK]"
#define THINK_END   "[/THINK]"

enum { NAME_BYTES = 4096 };

struct ministral {
    enum { IN_CONTENT, IN_THINKING, BEFORE_CONTENT, IN_NAME, IN_ARGUMENTS } place;
    struct text name;
    struct bracket_scan brackets;
};

static enum step_result step_content(struct output_parser *p, struct error *err)
{
    struct ministral *s = p->state;
    static const char *const tags[] = { CALL, THINK_BEGIN };
    static const struct text_until until = {
        .kind = OUTPUT_CONTENT, .tags = tags, .n_tags = 2, .trims = 3, .drops_rest = true
    };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    s->place = tag == 0 ? IN_NAME : IN_THINKING;
    return STEP_AGAIN;
}

static enum step_result step_thinking(struct output_parser *p, struct error *err)
{
    struct ministral *s = p->state;
    static const char *const tags[] = { THINK_END };
    static const struct text_until until = {
        .kind = OUTPUT_THINKING, .tags = tags, .n_tags = 1, .drops_rest = true
    };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    s->place = BEFORE_CONTENT;
    return STEP_AGAIN;
}

static enum step_result step_name(struct output_parser *p, struct error *err)
{
    struct ministral *s = p->state;
    static const char *const tags[] = { ARGUMENTS };
    struct slice name;
    if (scan_piece(p, tags, 1, &name) == NO_TAG)
        return STEP_WAIT;
    text_clear(&s->name);
    if (!append_within(&s->name, name, "in the name of a tool", err))
        return STEP_FAILED;
    consume(p, name.length + strlen(ARGUMENTS));
    s->brackets = (struct bracket_scan){ 0 };
    s->place = IN_ARGUMENTS;
    return STEP_AGAIN;
}

static bool emit_declared(struct output_parser *p, struct slice written, struct error *err)
{
    const struct ministral *s = p->state;
    struct slice name = text_slice(&s->name);
    struct text arguments;
    if (!declared_tool(p, name))
        return fail(err, ERROR_FORMAT, "the model called '%s', which is no tool", printable(name));
    text_init(&arguments, SIZE_MAX);
    bool ok = write_json_object(&arguments, written, err) &&
              emit_call(p, name, text_slice(&arguments), (struct slice){ 0 }, err);
    text_release(&arguments);
    return ok;
}

static enum step_result step_arguments(struct output_parser *p, struct error *err)
{
    struct ministral *s = p->state;
    if (!find_brackets_end(&s->brackets, pending_text(p)))
        return STEP_WAIT;
    if (!emit_declared(p, (struct slice){ pending_text(p).data, s->brackets.at }, err))
        return STEP_FAILED;
    consume(p, s->brackets.at);
    s->place = IN_CONTENT;
    return STEP_AGAIN;
}

static enum step_result step(struct output_parser *p, struct error *err)
{
    struct ministral *s = p->state;
    switch (s->place) {
    case IN_THINKING:
        return step_thinking(p, err);
    case IN_NAME:
        return step_name(p, err);
    case IN_ARGUMENTS:
        return step_arguments(p, err);
    case BEFORE_CONTENT:
        if (!scan_past_space(p))
            return STEP_WAIT;
        s->place = IN_CONTENT;
        return STEP_AGAIN;
    default:
        return step_content(p, err);
    }
}

static void begin(struct output_parser *p)
{
    struct ministral *s = p->state;
    text_init(&s->name, NAME_BYTES);
}

static void end(struct output_parser *p)
{
    struct ministral *s = p->state;
    text_release(&s->name);
}

static const char *const preserved[] = { CALL, THINK_BEGIN, THINK_END, ARGUMENTS, NULL };

const struct output_family output_ministral = {
    .facts = { "ministral", .has_tools = true, .preserved = preserved },
    .state_bytes = sizeof(struct ministral),
    .begin = begin,
    .step = step,
    .end = end,
};
