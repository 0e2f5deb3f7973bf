#include "chat/output/thinking_splitter.h"

#include "chat/output/output_scan.h"

enum { TAG_BYTES = 256 };

struct splitter {
    enum { BEFORE_THINKING, IN_THINKING, BEHIND_THINKING } part;
    bool skips_space; /* what comes next is white space that is dropped */
    char open[TAG_BYTES + 1], close[TAG_BYTES + 1];
};

static enum step_result step_before(struct output_parser *p, struct splitter *s)
{
    size_t n = 0;
    enum tag_place place = opening_tag(p, s->open, &n);
    if (place == TAG_UNSURE)
        return STEP_WAIT;
    consume(p, n);
    s->part = place == TAG_HERE ? IN_THINKING : BEHIND_THINKING;
    s->skips_space = place == TAG_HERE;
    return STEP_AGAIN;
}

static enum step_result step_thinking(struct output_parser *p, struct splitter *s,
                                      struct error *err)
{
    const char *const tags[] = { s->close };
    struct text_until until = {
        .kind = OUTPUT_THINKING, .tags = tags, .n_tags = 1, .drops_rest = true
    };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    s->part = BEHIND_THINKING;
    s->skips_space = true;
    return STEP_AGAIN;
}

static enum step_result step_content(struct output_parser *p, struct error *err)
{
    struct slice text = pending_text(p);
    consume(p, text.length);
    return emit_text(p, OUTPUT_CONTENT, text, err) ? STEP_WAIT : STEP_FAILED;
}

static enum step_result step(struct output_parser *p, struct error *err)
{
    struct splitter *s = p->state;
    if (s->skips_space && !scan_past_space(p))
        return STEP_WAIT;
    s->skips_space = false;
    if (s->part == BEFORE_THINKING)
        return step_before(p, s);
    return s->part == IN_THINKING ? step_thinking(p, s, err) : step_content(p, err);
}

static bool set_tag(char *out, struct slice tag, struct error *err)
{
    if (tag.length == 0 || tag.length > TAG_BYTES || memchr(tag.data, '\0', tag.length))
        return fail(err, ERROR_USAGE, "a tag of thinking has 1 to %d bytes, none of them 0: '%s'",
                    TAG_BYTES, printable(tag));
    memcpy(out, tag.data, tag.length);
    return true;
}

bool thinking_splitter_open(struct output_parser **out, const struct thinking_tags *tags,
                            struct error *err)
{
    static const struct output_family family = {
        .facts = { .name = "thinking between tags", .has_thinking = true },
        .state_bytes = sizeof(struct splitter),
        .step = step,
    };
    static const struct output_parser_options options = { 0 };
    if (!output_parser_open_as(out, &family, &options, err))
        return false;
    struct splitter *s = (*out)->state;
    s->part = tags->is_open ? IN_THINKING : BEFORE_THINKING;
    s->skips_space = tags->is_open;
    if (set_tag(s->open, tags->open, err) && set_tag(s->close, tags->close, err))
        return true;
    output_parser_close(out);
    return false;
}
