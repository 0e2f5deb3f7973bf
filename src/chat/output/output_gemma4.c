#include "chat/output/call_value.h"
#include "chat/output/gemma4_call.h"
#include "chat/output/output_scan.h"

/* Gemma 4: thinking is a channel that may open anywhere in the content. */

#define CHANNEL_BEGIN "<|channel>"
#define CHANNEL_END   "<channel|>"
#define CALL_BEGIN    "<|tool_call>"
#define CALL_END      "<tool_call|>"
#define RESPONSE      "<|tool_response>"

struct gemma4 {
    enum { IN_CONTENT, BEFORE_THINKING, IN_THINKING, BEFORE_CONTENT, IN_CALL, AFTER_CALL } place;
    bool shows_thinking;
};

static enum step_result step_content(struct output_parser *p, struct error *err)
{
    struct gemma4 *s = p->state;
    static const char *const tags[] = { CHANNEL_BEGIN, CALL_BEGIN };
    static const struct text_until until = {
        .kind = OUTPUT_CONTENT, .tags = tags, .n_tags = 2, .trims = 3
    };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    s->place = tag == 0 ? BEFORE_THINKING : IN_CALL;
    return STEP_AGAIN;
}

/* The name of the channel is no thought. */
static enum step_result step_name(struct output_parser *p)
{
    static const char name[] = "thought\n";
    struct gemma4 *s = p->state;
    if (!p->is_last && may_become(pending_text(p), name))
        return STEP_WAIT;
    if (begins_with(pending_text(p), name))
        consume(p, strlen(name));
    s->place = IN_THINKING;
    return STEP_AGAIN;
}

static enum step_result step_thinking(struct output_parser *p, struct error *err)
{
    struct gemma4 *s = p->state;
    static const char *const tags[] = { CHANNEL_END };
    struct text_until until = { .kind = OUTPUT_THINKING,
                                .tags = tags,
                                .n_tags = 1,
                                .trims = 1,
                                .is_silent = !s->shows_thinking };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    s->place = BEFORE_CONTENT;
    return STEP_AGAIN;
}

/* A call that cannot be read is left out; one without its end may be whole all the same. */
static enum step_result step_call(struct output_parser *p, struct error *err)
{
    struct gemma4 *s = p->state;
    static const char *const tags[] = { CALL_END };
    struct slice text;
    struct error problem = { 0 };
    bool has_end = scan_piece(p, tags, 1, &text) != NO_TAG;
    if (!has_end) {
        text = pending_text(p);
        if (!p->is_last || text.length == 0)
            return STEP_WAIT;
    }
    if (!emit_gemma4_call(p, text, &problem) && !is_unreadable_only(&problem, err))
        return STEP_FAILED;
    consume(p, text.length + (has_end ? strlen(CALL_END) : 0));
    s->place = AFTER_CALL;
    return STEP_AGAIN;
}

/* Ends of calls that ended already, and the announcement of a tool's answer, are noise. */
static enum step_result step_after_call(struct output_parser *p)
{
    struct gemma4 *s = p->state;
    static const char *const noise[] = { CALL_END, RESPONSE };
    if (!scan_past_space(p) || pending_text(p).length == 0)
        return STEP_WAIT;
    for (size_t i = 0; i < COUNT_OF(noise); i++) {
        struct slice text = pending_text(p);
        if (may_become(text, noise[i])) {
            if (p->is_last)
                consume(p, text.length);
            return STEP_WAIT;
        }
        if (begins_with(text, noise[i])) {
            consume(p, strlen(noise[i]));
            return STEP_AGAIN;
        }
    }
    s->place = IN_CONTENT;
    return STEP_AGAIN;
}

static enum step_result step(struct output_parser *p, struct error *err)
{
    struct gemma4 *s = p->state;
    switch (s->place) {
    case BEFORE_THINKING:
        return step_name(p);
    case IN_THINKING:
        return step_thinking(p, err);
    case IN_CALL:
        return step_call(p, err);
    case AFTER_CALL:
        return step_after_call(p);
    case BEFORE_CONTENT:
        if (!scan_past_space(p))
            return STEP_WAIT;
        s->place = IN_CONTENT;
        return STEP_AGAIN;
    default:
        return step_content(p, err);
    }
}

/* After the answer of a tool the model goes on thinking. */
static void begin(struct output_parser *p)
{
    struct gemma4 *s = p->state;
    struct slice role = json_text(json_get(p->options.last_message, "role"));
    s->shows_thinking = p->options.think.is_on;
    if (s->shows_thinking && slice_equal(role, slice_of("tool")))
        s->place = IN_THINKING;
}

static const char *const preserved[] = {
    CHANNEL_BEGIN, CHANNEL_END, CALL_BEGIN, CALL_END, RESPONSE, GEMMA4_QUOTE, NULL,
};

const struct output_family output_gemma4 = {
    .facts = { "gemma4", .has_tools = true, .has_thinking = true, preserved },
    .state_bytes = sizeof(struct gemma4),
    .begin = begin,
    .step = step,
};

/* Thoughts are left out, whatever was asked for. */
const struct output_family output_gemma4_no_thinking = {
    .facts = { "gemma4-no-thinking", .has_tools = true, .preserved = preserved },
    .state_bytes = sizeof(struct gemma4),
    .step = step,
};
