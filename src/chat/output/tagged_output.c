#include "chat/output/tagged_output.h"

#include "chat/output/output_scan.h"

void tagged_begin(struct output_parser *p, bool is_thinking)
{
    struct tagged_state *s = p->state;
    s->part = is_thinking ? TAGGED_BEGINNING : TAGGED_CONTENT;
}

/* White space before an opening tag is dropped; without one, it belongs to the thinking. */
static enum step_result step_beginning(struct output_parser *p, struct tagged_state *s,
                                       const struct tagged_syntax *syntax)
{
    size_t n = 0;
    enum tag_place place =
        syntax->think_open ? opening_tag(p, syntax->think_open, &n) : TAG_ELSEWHERE;
    if (place == TAG_UNSURE)
        return STEP_WAIT;
    consume(p, n);
    s->skips_space = place == TAG_HERE;
    s->part = TAGGED_THINKING;
    return STEP_AGAIN;
}

/* Thinking or content up to the first of the tags that may follow it. */
static enum step_result step_text(struct output_parser *p, struct tagged_state *s,
                                  const struct tagged_syntax *syntax, struct error *err)
{
    const char *const tags[] = { syntax->call_open, syntax->think_close };
    struct text_until until = {
        .kind = OUTPUT_CONTENT, .tags = tags, .n_tags = 1, .trims = 3, .drops_rest = true
    };
    if (s->part == TAGGED_THINKING) {
        until.kind = OUTPUT_THINKING;
        until.n_tags = 2;
    }
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    s->part = tag == 0 ? TAGGED_CALL : TAGGED_CONTENT;
    s->skips_space = tag == 1;
    return STEP_AGAIN;
}

static enum step_result step_call(struct output_parser *p, struct tagged_state *s,
                                  const struct tagged_syntax *syntax, struct error *err)
{
    struct slice call;
    if (scan_piece(p, &syntax->call_close, 1, &call) == NO_TAG)
        return STEP_WAIT;
    if (!syntax->emit_call(p, call, err))
        return STEP_FAILED;
    consume(p, call.length + strlen(syntax->call_close));
    s->part = TAGGED_CONTENT;
    s->skips_space = true;
    return STEP_AGAIN;
}

enum step_result tagged_step(struct output_parser *p, const struct tagged_syntax *syntax,
                             struct error *err)
{
    struct tagged_state *s = p->state;
    if (s->skips_space && !scan_past_space(p))
        return STEP_WAIT;
    s->skips_space = false;
    switch (s->part) {
    case TAGGED_BEGINNING:
        return step_beginning(p, s, syntax);
    case TAGGED_CALL:
        return step_call(p, s, syntax, err);
    default:
        return step_text(p, s, syntax, err);
    }
}
