#include "chat/tagged_output.h"

#include "base/utf8.h"
#include "chat/white_space.h"

bool is_content_begun(const struct output_parser *p)
{
    const struct json *last = p->options.last_message;
    return slice_equal(json_text(json_get(last, "role")), slice_of("assistant")) &&
           json_text(json_get(last, "content")).length > 0;
}

void tagged_begin(struct output_parser *p, bool is_thinking)
{
    struct tagged_state *s = p->state;
    s->part = is_thinking ? TAGGED_BEGINNING : TAGGED_CONTENT;
}

static enum step_result drop_rest(struct output_parser *p)
{
    if (p->is_last)
        consume(p, pending_text(p).length);
    return STEP_WAIT;
}

static bool is_cut_character(struct slice text)
{
    return utf8_incomplete_tail((const uint8_t *)text.data, text.length) == text.length;
}

static enum step_result skip_space(struct output_parser *p, struct tagged_state *s)
{
    consume(p, leading_space(pending_text(p)));
    if (is_cut_character(pending_text(p)))
        return drop_rest(p);
    s->skips_space = false;
    return STEP_AGAIN;
}

/* White space before an opening tag is dropped; without one, it belongs to the thinking. */
static enum step_result step_beginning(struct output_parser *p, struct tagged_state *s,
                                       const struct tagged_syntax *syntax)
{
    struct slice text = pending_text(p), rest = trim_left(text);
    size_t n = syntax->think_open ? strlen(syntax->think_open) : 0;
    if (n && is_cut_character(rest))
        return drop_rest(p);
    if (n && memcmp(rest.data, syntax->think_open, size_min(n, rest.length)) == 0) {
        if (rest.length < n)
            return drop_rest(p);
        consume(p, text.length - rest.length + n);
        s->skips_space = true;
    }
    s->part = TAGGED_THINKING;
    return STEP_AGAIN;
}

/* Thinking or content up to the first of the tags that may follow it. */
static enum step_result step_text(struct output_parser *p, struct tagged_state *s,
                                  const struct tagged_syntax *syntax, struct error *err)
{
    const char *const tags[] = { syntax->call_open, syntax->think_close };
    size_t n_tags = s->part == TAGGED_THINKING ? 2 : 1;
    enum output_kind kind = s->part == TAGGED_THINKING ? OUTPUT_THINKING : OUTPUT_CONTENT;
    struct slice text = pending_text(p);
    size_t call = find_tag(text, syntax->call_open);
    size_t close = n_tags == 2 ? find_tag(text, syntax->think_close) : SIZE_MAX;
    size_t end = size_min(call, close);
    bool is_found = end != SIZE_MAX;
    if (!is_found)
        end = text.length - held_back(text, tags, n_tags);
    struct slice certain = trim_right((struct slice){ text.data, end });
    if (!emit_text(p, kind, certain, err))
        return STEP_FAILED;
    if (!is_found) {
        consume(p, certain.length);
        return drop_rest(p);
    }
    consume(p, end + strlen(close < call ? syntax->think_close : syntax->call_open));
    s->part = close < call ? TAGGED_CONTENT : TAGGED_CALL;
    s->skips_space = close < call;
    s->searched = 0;
    return STEP_AGAIN;
}

static enum step_result step_call(struct output_parser *p, struct tagged_state *s,
                                  const struct tagged_syntax *syntax, struct error *err)
{
    struct slice text = pending_text(p);
    size_t n = strlen(syntax->call_close);
    struct slice unseen = { text.data + s->searched, text.length - s->searched };
    size_t end = find_tag(unseen, syntax->call_close);
    if (end == SIZE_MAX) {
        s->searched += unseen.length < n ? 0 : unseen.length - n + 1;
        return drop_rest(p);
    }
    end += s->searched;
    if (!syntax->emit_call(p, (struct slice){ text.data, end }, err))
        return STEP_FAILED;
    consume(p, end + n);
    s->part = TAGGED_CONTENT;
    s->skips_space = true;
    return STEP_AGAIN;
}

enum step_result tagged_step(struct output_parser *p, const struct tagged_syntax *syntax,
                             struct error *err)
{
    struct tagged_state *s = p->state;
    if (s->skips_space)
        return skip_space(p, s);
    switch (s->part) {
    case TAGGED_BEGINNING:
        return step_beginning(p, s, syntax);
    case TAGGED_CALL:
        return step_call(p, s, syntax, err);
    default:
        return step_text(p, s, syntax, err);
    }
}
