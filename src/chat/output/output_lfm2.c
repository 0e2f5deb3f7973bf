#include "chat/output/call_value.h"
#include "chat/output/output_scan.h"
#include "chat/output/python_call.h"

/* LFM2: thinks only in some answers, which then begin with the tag. */

#define THINK_BEGIN "<think>"
#define THINK_END   "</think>"
#define CALLS_BEGIN "<|tool_call_start|>"
#define CALLS_END   "<|tool_call_end|>"

struct lfm2 {
    enum { IN_CONTENT, BEFORE_ANSWER, IN_THINKING, IN_CALLS } place;
    bool skips_space;
};

static enum step_result go_on(struct lfm2 *s, int place, bool skips_space)
{
    s->place = place;
    s->skips_space = skips_space;
    return STEP_AGAIN;
}

static enum step_result step_before(struct output_parser *p)
{
    struct lfm2 *s = p->state;
    struct slice text = pending_text(p);
    if (!p->is_last && may_become(text, THINK_BEGIN))
        return STEP_WAIT;
    if (!begins_with(text, THINK_BEGIN))
        return go_on(s, IN_CONTENT, false);
    consume(p, strlen(THINK_BEGIN));
    return go_on(s, IN_THINKING, true);
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
    return go_on(p->state, IN_CONTENT, true);
}

static enum step_result step_content(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { CALLS_BEGIN };
    static const struct text_until until = {
        .kind = OUTPUT_CONTENT, .tags = tags, .n_tags = 1, .trims = 1
    };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    return go_on(p->state, IN_CALLS, false);
}

/* Calls that cannot be read are left out. */
static enum step_result step_calls(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { CALLS_END };
    struct error problem = { 0 };
    struct slice text;
    if (scan_piece(p, tags, 1, &text) == NO_TAG)
        return STEP_WAIT;
    if (!emit_python_calls(p, text, &problem) && !is_unreadable_only(&problem, err))
        return STEP_FAILED;
    consume(p, text.length + strlen(CALLS_END));
    return go_on(p->state, IN_CONTENT, true);
}

static enum step_result step(struct output_parser *p, struct error *err)
{
    struct lfm2 *s = p->state;
    if (s->skips_space && !scan_past_space(p))
        return STEP_WAIT;
    s->skips_space = false;
    switch (s->place) {
    case BEFORE_ANSWER:
        return step_before(p);
    case IN_THINKING:
        return step_thinking(p, err);
    case IN_CALLS:
        return step_calls(p, err);
    default:
        return step_content(p, err);
    }
}

static void begin_thinking(struct output_parser *p)
{
    struct lfm2 *s = p->state;
    bool may_think = p->options.think.is_on && !has_prefilled_content(p);
    go_on(s, may_think ? BEFORE_ANSWER : IN_CONTENT, may_think);
}

static const char *const preserved[] = { THINK_BEGIN, THINK_END, CALLS_BEGIN, CALLS_END, NULL };

const struct output_family output_lfm2 = {
    .facts = { "lfm2", .has_tools = true, .preserved = preserved },
    .state_bytes = sizeof(struct lfm2),
    .step = step,
};

const struct output_family output_lfm2_thinking = {
    .facts = { "lfm2-thinking", .has_tools = true, .has_thinking = true, preserved },
    .state_bytes = sizeof(struct lfm2),
    .begin = begin_thinking,
    .step = step,
};
