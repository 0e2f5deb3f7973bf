#include "chat/output/arg_value_call.h"
#include "chat/output/call_value.h"
#include "chat/output/laguna_call.h"
#include "chat/output/output_scan.h"

/* Laguna, and its successor under the name poolside-v1. When there are tools, the model may also
 * put a call into the tags of a user's turn, or write it as plain JSON. */

#define THINK_BEGIN "<think>"
#define THINK_END   "</think>"
#define USER_BEGIN  "<user>"
#define USER_END    "</user>"

struct laguna {
    enum {
        BEFORE_CONTENT,
        IN_CONTENT,
        BEFORE_THINKING,
        IN_THINKING,
        IN_CALL,
        IN_USER, /* the tag, or the brace, is still pending in these two */
        IN_JSON,
    } place;
    bool skips_space, shows_thinking;
    struct bracket_scan brackets;
};

static enum step_result go_on(struct output_parser *p, int place, bool skips_space)
{
    struct laguna *s = p->state;
    s->place = place;
    s->skips_space = skips_space;
    return STEP_AGAIN;
}

/* The prompt opened the thinking, and the model may do so again. */
static enum step_result step_before_thinking(struct output_parser *p)
{
    size_t n_bytes;
    enum tag_place place = opening_tag(p, THINK_BEGIN, &n_bytes);
    if (place == TAG_UNSURE && !p->is_last)
        return STEP_WAIT;
    if (place == TAG_HERE)
        consume(p, n_bytes);
    return go_on(p, IN_THINKING, true);
}

static enum step_result step_thinking(struct output_parser *p, struct error *err)
{
    const struct laguna *s = p->state;
    static const char *const tags[] = { THINK_END, LAGUNA_CALL };
    struct text_until until = { .kind = OUTPUT_THINKING,
                                .tags = tags,
                                .n_tags = 2,
                                .trims = 3,
                                .is_silent = !s->shows_thinking,
                                .trims_end = true };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    return go_on(p, tag == 0 ? BEFORE_CONTENT : IN_CALL, tag == 0);
}

/* Content may begin with the end of thinking that did not take place. */
static enum step_result step_before_content(struct output_parser *p)
{
    struct slice text = pending_text(p);
    if (!p->is_last && may_become(text, THINK_END))
        return STEP_WAIT;
    if (!begins_with(text, THINK_END))
        return go_on(p, IN_CONTENT, false);
    consume(p, strlen(THINK_END));
    return go_on(p, BEFORE_CONTENT, true);
}

static enum step_result step_content(struct output_parser *p, struct error *err)
{
    struct laguna *s = p->state;
    static const char *const tags[] = { THINK_BEGIN, LAGUNA_CALL, USER_BEGIN, "{" };
    static const int places[] = { IN_THINKING, IN_CALL, IN_USER, IN_JSON };
    bool has_tools = json_size(p->options.tools) > 0;
    struct text_until until = { .kind = OUTPUT_CONTENT,
                                .tags = tags,
                                .n_tags = has_tools ? 4 : 2,
                                .trims = 1 << 1 | 1 << 2 | 1 << 3,
                                .stays = 1 << 2 | 1 << 3,
                                .trims_end = true };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    s->brackets = (struct bracket_scan){ 0 };
    return go_on(p, places[tag], tag == 0);
}

static enum step_result step_call(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { LAGUNA_CALL_END };
    struct slice text;
    bool has_end = scan_piece(p, tags, 1, &text) != NO_TAG;
    if (!has_end) {
        text = pending_text(p);
        if (!p->is_last || trim_space(text).length == 0)
            return STEP_WAIT;
    }
    if (!emit_laguna_call(p, text, err))
        return STEP_FAILED;
    consume(p, text.length + (has_end ? strlen(LAGUNA_CALL_END) : 0));
    return go_on(p, BEFORE_CONTENT, true);
}

/* ---- what may be a call, or content ---- */

/* The first bytes of the pending text are content after all. */
static enum step_result take_as_content(struct output_parser *p, size_t n_bytes, struct error *err)
{
    if (!emit_text(p, OUTPUT_CONTENT, (struct slice){ pending_text(p).data, n_bytes }, err))
        return STEP_FAILED;
    consume(p, n_bytes);
    return go_on(p, IN_CONTENT, false);
}

static enum step_result step_user(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { USER_END, LAGUNA_CALL, THINK_BEGIN };
    size_t begin = leading_space(pending_text(p)) + strlen(USER_BEGIN);
    struct slice text;
    bool is_call = false;
    int tag = scan_piece(p, tags, COUNT_OF(tags), &text);
    if (tag == NO_TAG && !p->is_last)
        return STEP_WAIT;
    if (tag == 0 && !emit_declared_laguna_call(p, slice_from(text, begin), &is_call, err))
        return STEP_FAILED;
    if (!is_call)
        return take_as_content(p, begin, err);
    consume(p, text.length + strlen(USER_END));
    return go_on(p, BEFORE_CONTENT, true);
}

static enum step_result step_unended_json(struct output_parser *p, struct slice json,
                                          struct error *err)
{
    if (!p->is_last)
        return STEP_WAIT;
    if (find_tag(json, "\"name\"") == SIZE_MAX && find_tag(json, "\"arguments\"") == SIZE_MAX)
        return take_as_content(p, pending_text(p).length - trailing_space(json), err);
    fail(err, ERROR_FORMAT, "the answer ends within a tool call");
    return STEP_FAILED;
}

static enum step_result step_json(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { LAGUNA_CALL, THINK_BEGIN };
    struct laguna *s = p->state;
    size_t begin = leading_space(pending_text(p));
    struct slice json = slice_from(pending_text(p), begin), text;
    struct slice inner = trim_left(slice_from(json, 1));
    if (inner.length == 0 && !p->is_last)
        return STEP_WAIT;
    if (!begins_with(inner, "\""))
        return take_as_content(p, begin + 1, err);
    bool has_tag = scan_piece(p, tags, COUNT_OF(tags), &text) != NO_TAG;
    bool is_closed = find_brackets_end(&s->brackets, json), is_call;
    if (has_tag && (!is_closed || text.length < begin + s->brackets.at))
        return take_as_content(p, begin + 1, err);
    if (!is_closed)
        return step_unended_json(p, json, err);
    json.length = s->brackets.at;
    if (!emit_declared_laguna_call(p, json, &is_call, err))
        return STEP_FAILED;
    if (!is_call)
        return take_as_content(p, begin + json.length, err);
    consume(p, begin + json.length);
    return go_on(p, BEFORE_CONTENT, true);
}

/* ---- the answer ---- */

static enum step_result step(struct output_parser *p, struct error *err)
{
    struct laguna *s = p->state;
    if (s->skips_space && !scan_past_space(p))
        return STEP_WAIT;
    s->skips_space = false;
    switch (s->place) {
    case BEFORE_CONTENT:
        return step_before_content(p);
    case BEFORE_THINKING:
        return step_before_thinking(p);
    case IN_THINKING:
        return step_thinking(p, err);
    case IN_CALL:
        return step_call(p, err);
    case IN_USER:
        return step_user(p, err);
    case IN_JSON:
        return step_json(p, err);
    default:
        return step_content(p, err);
    }
}

static void begin_fresh(struct output_parser *p)
{
    struct laguna *s = p->state;
    s->shows_thinking = p->options.think.is_on;
    go_on(p, s->shows_thinking ? BEFORE_THINKING : BEFORE_CONTENT, true);
}

/* An answer that the prompt began has its thinking behind it. */
static void begin(struct output_parser *p)
{
    struct slice role = json_text(json_get(p->options.last_message, "role"));
    begin_fresh(p);
    if (slice_equal(role, slice_of("assistant")))
        go_on(p, BEFORE_CONTENT, true);
}

static const char *const preserved[] = {
    THINK_BEGIN, THINK_END,   LAGUNA_CALL, LAGUNA_CALL_END, USER_BEGIN, USER_END,
    ARG_KEY,     ARG_KEY_END, ARG_VALUE,   ARG_VALUE_END,   NULL,
};

const struct output_family output_laguna = {
    .facts = { "laguna", .has_tools = true, .has_thinking = true, preserved },
    .state_bytes = sizeof(struct laguna),
    .begin = begin,
    .step = step,
};

const struct output_family output_poolside = {
    .facts = { "poolside-v1", .has_tools = true, .has_thinking = true, preserved },
    .state_bytes = sizeof(struct laguna),
    .begin = begin_fresh,
    .step = step,
};
