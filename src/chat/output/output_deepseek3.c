#include "chat/output/call_value.h"
#include "chat/output/output_scan.h"

/* DeepSeek 3.1 and Cogito: calls within tags of their own, a name and JSON each. Both may repeat
 * what a tool answered; DeepSeek's parser shows that, Cogito's leaves it out. */

#define CALLS_BEGIN   "<｜tool▁calls▁begin｜>"
#define CALLS_END     "<｜tool▁calls▁end｜>"
#define CALL_BEGIN    "<｜tool▁call▁begin｜>"
#define CALL_END      "<｜tool▁call▁end｜>"
#define CALL_NAME     "<｜tool▁sep｜>"
#define OUTPUT_BEGIN  "<｜tool▁output▁begin｜>"
#define OUTPUT_END    "<｜tool▁output▁end｜>"
#define OUTPUTS_BEGIN "<｜tool▁outputs▁begin｜>"
#define OUTPUTS_END   "<｜tool▁outputs▁end｜>"

enum place { IN_THINKING, IN_CONTENT, IN_CALLS, IN_CALL, IN_BROKEN_CALLS, IN_OUTPUT };

struct deepseek {
    enum place place;
    bool skips_space;
};

static enum step_result go_on(struct deepseek *s, enum place place, bool skips_space)
{
    s->place = place;
    s->skips_space = skips_space;
    return STEP_AGAIN;
}

static enum step_result step_thinking(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { "</think>" };
    static const struct text_until until = {
        .kind = OUTPUT_THINKING, .tags = tags, .n_tags = 1, .trims = 1, .drops_rest = true
    };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    return go_on(p->state, IN_CONTENT, true);
}

/* Between the calls: whatever stands there is no part of the answer. */
static enum step_result step_calls(struct output_parser *p, struct error *err)
{
    struct deepseek *s = p->state;
    static const char *const tags[] = { CALLS_END, CALL_BEGIN };
    struct text_until until = { .tags = tags,
                                .n_tags = s->place == IN_BROKEN_CALLS ? 1 : 2,
                                .is_silent = true };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return STEP_WAIT;
    return tag == 0 ? go_on(s, IN_CONTENT, true) : go_on(s, IN_CALL, false);
}

typedef bool read_call(struct slice text, struct slice *name, struct slice *arguments);

static enum step_result emit_read(struct output_parser *p, struct slice text, read_call *read,
                                  struct error *err)
{
    struct error problem = { 0 };
    struct slice name, arguments;
    struct text json;
    enum step_result result = STEP_AGAIN;
    text_init(&json, SIZE_MAX);
    if (!read(text, &name, &arguments))
        result = STEP_WAIT;
    else if (!write_json_object(&json, arguments, &problem))
        result = is_unreadable_only(&problem, err) ? STEP_WAIT : STEP_FAILED;
    else if (!emit_call(p, name, text_slice(&json), (struct slice){ 0 }, err))
        result = STEP_FAILED;
    text_release(&json);
    return result;
}

/* A call that cannot be read takes all that follow it along. */
static enum step_result step_call(struct output_parser *p, read_call *read, struct error *err)
{
    struct deepseek *s = p->state;
    static const char *const tags[] = { CALL_END, CALLS_END };
    struct slice body;
    int tag = scan_piece(p, tags, COUNT_OF(tags), &body);
    if (tag == NO_TAG)
        return STEP_WAIT;
    if (tag == 1)
        return go_on(s, IN_BROKEN_CALLS, false);
    enum step_result result = emit_read(p, body, read, err);
    if (result == STEP_FAILED)
        return STEP_FAILED;
    consume(p, body.length + strlen(CALL_END));
    return go_on(s, result == STEP_WAIT ? IN_BROKEN_CALLS : IN_CALLS, false);
}

/* ---- DeepSeek: the name, the tag, JSON ---- */

static bool read_deepseek(struct slice text, struct slice *name, struct slice *arguments)
{
    size_t at = find_tag(text, CALL_NAME);
    if (at == SIZE_MAX)
        return false;
    *name = trim_space((struct slice){ text.data, at });
    *arguments = trim_space(slice_from(text, at + strlen(CALL_NAME)));
    return true;
}

static enum step_result step_deepseek_content(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { CALLS_BEGIN, OUTPUT_BEGIN };
    static const struct text_until until = {
        .kind = OUTPUT_CONTENT, .tags = tags, .n_tags = 2, .trims = 1
    };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    return go_on(p->state, tag == 0 ? IN_CALLS : IN_OUTPUT, false);
}

static enum step_result step_deepseek_output(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { OUTPUT_END };
    struct slice body;
    if (scan_piece(p, tags, 1, &body) == NO_TAG)
        return STEP_WAIT;
    if (!emit_text(p, OUTPUT_CONTENT, body, err))
        return STEP_FAILED;
    consume(p, body.length + strlen(OUTPUT_END));
    return go_on(p->state, IN_CONTENT, false);
}

static enum step_result step_deepseek(struct output_parser *p, struct error *err)
{
    struct deepseek *s = p->state;
    if (s->skips_space && !scan_past_space(p))
        return STEP_WAIT;
    s->skips_space = false;
    switch (s->place) {
    case IN_THINKING:
        return step_thinking(p, err);
    case IN_CONTENT:
        return step_deepseek_content(p, err);
    case IN_CALL:
        return step_call(p, read_deepseek, err);
    case IN_OUTPUT:
        return step_deepseek_output(p, err);
    default:
        return step_calls(p, err);
    }
}

/* ---- Cogito: a word, the tag, the name, JSON in a block of code ---- */

static bool read_cogito(struct slice text, struct slice *name, struct slice *arguments)
{
    static const char code[] = "\n```json\n", code_end[] = "\n```";
    size_t at = find_tag(text, CALL_NAME);
    if (at == SIZE_MAX)
        return false;
    text = slice_from(text, at + strlen(CALL_NAME));
    at = find_tag(text, code);
    if (at == SIZE_MAX)
        return false;
    *name = trim_space((struct slice){ text.data, at });
    text = slice_from(text, at + strlen(code));
    at = find_tag(text, code_end);
    *arguments = (struct slice){ text.data, at };
    return at != SIZE_MAX;
}

static enum step_result step_cogito_content(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { CALLS_BEGIN, OUTPUTS_BEGIN };
    static const struct text_until until = {
        .kind = OUTPUT_CONTENT, .tags = tags, .n_tags = 2, .trims = 3
    };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    return go_on(p->state, tag == 0 ? IN_CALLS : IN_OUTPUT, false);
}

static enum step_result step_cogito_output(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { OUTPUTS_END };
    static const struct text_until until = { .tags = tags, .n_tags = 1, .is_silent = true };
    if (scan_text(p, &until, err) < 0)
        return STEP_WAIT;
    return go_on(p->state, IN_CONTENT, true);
}

static enum step_result step_cogito(struct output_parser *p, struct error *err)
{
    struct deepseek *s = p->state;
    if (s->skips_space && !scan_past_space(p))
        return STEP_WAIT;
    s->skips_space = false;
    switch (s->place) {
    case IN_THINKING:
        return step_thinking(p, err);
    case IN_CONTENT:
        return step_cogito_content(p, err);
    case IN_CALL:
        return step_call(p, read_cogito, err);
    case IN_OUTPUT:
        return step_cogito_output(p, err);
    default:
        return step_calls(p, err);
    }
}

/* ---- where an answer begins ---- */

static void begin_deepseek(struct output_parser *p)
{
    struct deepseek *s = p->state;
    bool thinks = p->options.think.is_on && !has_prefilled_content(p);
    s->place = thinks ? IN_THINKING : IN_CONTENT;
}

/* Cogito does not think when it has tools. */
static void begin_cogito(struct output_parser *p)
{
    struct deepseek *s = p->state;
    begin_deepseek(p);
    if (json_size(p->options.tools) > 0)
        s->place = IN_CONTENT;
}

static const char *const preserved_cogito[] = {
    "</think>",   CALLS_BEGIN, CALLS_END,     CALL_BEGIN,  CALL_END, CALL_NAME,
    OUTPUT_BEGIN, OUTPUT_END,  OUTPUTS_BEGIN, OUTPUTS_END, NULL,
};

static const char *const preserved_deepseek[] = {
    "</think>", CALLS_BEGIN,  CALLS_END,  CALL_BEGIN, CALL_END,
    CALL_NAME,  OUTPUT_BEGIN, OUTPUT_END, NULL,
};

const struct output_family output_deepseek3 = {
    .facts = { "deepseek3", .has_tools = true, .has_thinking = true, preserved_deepseek },
    .state_bytes = sizeof(struct deepseek),
    .begin = begin_deepseek,
    .step = step_deepseek,
};

const struct output_family output_cogito = {
    .facts = { "cogito", .has_tools = true, .has_thinking = true, preserved_cogito },
    .state_bytes = sizeof(struct deepseek),
    .begin = begin_cogito,
    .step = step_cogito,
};
