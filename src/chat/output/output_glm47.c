#include "chat/output/arg_value_call.h"
#include "chat/output/output_scan.h"

/* GLM 4.6 and 4.7, GLM-OCR. */

#define THINK_BEGIN "<think>"
#define THINK_END   "</think>"
#define CALL_BEGIN  "<tool_call>"
#define CALL_END    "</tool_call>"

struct glm47 {
    enum { BEFORE_ANSWER, IN_THINKING, IN_CONTENT, IN_CALL } place;
    bool skips_space;
};

static enum step_result go_on(struct output_parser *p, int place, bool skips_space)
{
    struct glm47 *s = p->state;
    s->place = place;
    s->skips_space = skips_space;
    return STEP_AGAIN;
}

/* Whether the answer begins with thinking; if not, the white space before it is a part of it. */
static enum step_result step_before(struct output_parser *p)
{
    size_t n_bytes;
    enum tag_place place = opening_tag(p, THINK_BEGIN, &n_bytes);
    if (place == TAG_UNSURE)
        return STEP_WAIT;
    if (place == TAG_ELSEWHERE)
        return go_on(p, IN_CONTENT, false);
    consume(p, n_bytes);
    return go_on(p, IN_THINKING, true);
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
    return go_on(p, IN_CONTENT, true);
}

static enum step_result step_content(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { CALL_BEGIN };
    static const struct text_until until = {
        .kind = OUTPUT_CONTENT, .tags = tags, .n_tags = 1, .trims = 1, .drops_rest = true
    };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    return go_on(p, IN_CALL, true);
}

/* The answer may end within the last tag of a call, but nowhere else in it. */
static enum step_result step_last_call(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { CALL_END };
    struct slice text = pending_text(p);
    text.length -= held_back(text, tags, 1);
    if (!emit_unended_arg_value_call(p, trim_right(text), err))
        return STEP_FAILED;
    consume(p, pending_text(p).length);
    return go_on(p, IN_CONTENT, false);
}

static enum step_result step_call(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { CALL_END };
    struct slice text;
    if (scan_piece(p, tags, 1, &text) == NO_TAG)
        return p->is_last ? step_last_call(p, err) : STEP_WAIT;
    if (!emit_arg_value_call(p, trim_right(text), err))
        return STEP_FAILED;
    consume(p, text.length + strlen(CALL_END));
    return go_on(p, IN_CONTENT, true);
}

static enum step_result step(struct output_parser *p, struct error *err)
{
    struct glm47 *s = p->state;
    if (s->skips_space && !scan_past_space(p))
        return STEP_WAIT;
    s->skips_space = false;
    switch (s->place) {
    case BEFORE_ANSWER:
        return step_before(p);
    case IN_THINKING:
        return step_thinking(p, err);
    case IN_CALL:
        return step_call(p, err);
    default:
        return step_content(p, err);
    }
}

/* Unless told otherwise, the prompt opens the thinking. */
static void begin(struct output_parser *p)
{
    const struct think_choice *think = &p->options.think;
    if (think->is_on || !think->is_set)
        go_on(p, IN_THINKING, false);
}

static const char *const preserved[] = {
    THINK_BEGIN, THINK_END, CALL_BEGIN,    CALL_END, ARG_KEY,
    ARG_KEY_END, ARG_VALUE, ARG_VALUE_END, NULL,
};

const struct output_family output_glm47 = {
    .facts = { "glm-4.7", .has_tools = true, .has_thinking = true, preserved },
    .state_bytes = sizeof(struct glm47),
    .begin = begin,
    .step = step,
};

const struct output_family output_glm_ocr = {
    .facts = { "glm-ocr", .has_tools = true, .preserved = preserved },
    .state_bytes = sizeof(struct glm47),
    .step = step,
};
