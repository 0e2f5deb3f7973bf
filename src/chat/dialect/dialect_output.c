#include "chat/dialect/dialect_output.h"

#include "chat/dialect/call_reader.h"
#include "chat/output/output_scan.h"

/* An answer that begins calls so often without writing one has none; white space before an answer
 * that is longer is content. */
enum { MAX_UNREADABLE = 32, MAX_LEAD = 4096 };

struct dialect_output {
    const struct dialect *dialect;
    enum {
        BEFORE_ANSWER,
        IN_THINKING,
        BEFORE_CONTENT,
        IN_CONTENT,
        IN_CALL, /* what may be one is pending, behind `lead` bytes of white space */
        AFTER_CALL,
    } place;
    bool prompt_thinks, skips_space, looks_for_calls;
    bool is_first;    /* of the calls that follow each other */
    bool in_thinking; /* the call began there */
    size_t lead;
    size_t searched; /* bytes behind `lead` in which thinking does not end */
    unsigned n_unreadable;
    struct call_reader reader;
};

static enum step_result go_to(struct dialect_output *s, int place, bool skips_space)
{
    s->place = place;
    s->skips_space = skips_space;
    return STEP_AGAIN;
}

static enum step_result begin_call(struct output_parser *p, bool is_first, bool in_thinking)
{
    struct dialect_output *s = p->state;
    s->lead = leading_space(pending_text(p));
    s->is_first = is_first;
    s->in_thinking = in_thinking;
    s->searched = 0;
    call_reader_begin(&s->reader, is_first);
    return go_to(s, IN_CALL, false);
}

/* ---- before the content ---- */

/* Thinking that the prompt opened the model may open once more; what it did not open may be closed
 * all the same, by a model that is not to think. */
static enum step_result step_before_answer(struct output_parser *p)
{
    struct dialect_output *s = p->state;
    const struct dialect *d = s->dialect;
    size_t n_open = 0, n_close = 0;
    if (d->think_open.length == 0 || d->think_close.length == 0)
        return go_to(s, BEFORE_CONTENT, false);
    enum tag_place opens = opening_tag(p, d->think_open.data, &n_open);
    enum tag_place closes =
        s->prompt_thinks ? TAG_ELSEWHERE : opening_tag(p, d->think_close.data, &n_close);
    if (!p->is_last && opens != TAG_HERE && closes != TAG_HERE &&
        (opens == TAG_UNSURE || closes == TAG_UNSURE))
        return STEP_WAIT;
    if (opens == TAG_HERE) {
        consume(p, n_open);
        return go_to(s, IN_THINKING, true);
    }
    if (s->prompt_thinks)
        return go_to(s, IN_THINKING, true);
    consume(p, closes == TAG_HERE ? n_close : 0);
    return go_to(s, BEFORE_CONTENT, closes == TAG_HERE);
}

static enum step_result step_thinking(struct output_parser *p, struct error *err)
{
    struct dialect_output *s = p->state;
    const struct dialect *d = s->dialect;
    bool may_call = s->looks_for_calls && !d->calls.is_only_first;
    const char *const tags[] = { d->think_close.data, d->calls.trigger.data };
    struct text_until until = { .kind = OUTPUT_THINKING,
                                .tags = tags,
                                .n_tags = may_call ? 2 : 1,
                                .trims = 3,
                                .stays = 1 << 1 };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    return tag == 0 ? go_to(s, BEFORE_CONTENT, true) : begin_call(p, true, true);
}

/* Whether calls, which begin only here, begin. An object is looked at whatever its first key. */
static enum loose_match first_call(const struct output_parser *p, struct slice text)
{
    const struct dialect_output *s = p->state;
    const struct call_syntax *calls = &s->dialect->calls;
    size_t n_bytes;
    if (!s->looks_for_calls || !calls->is_only_first)
        return MATCHES_NOT;
    if (calls->trigger.data[0] == '{')
        return text.data[0] == '{' ? MATCHES : MATCHES_NOT;
    return match_loosely(text, calls->trigger, p->is_last, &n_bytes);
}

static enum step_result step_before_content(struct output_parser *p)
{
    struct dialect_output *s = p->state;
    const char *open = s->dialect->content_open.data;
    struct slice text = pending_text(p);
    size_t n_bytes = 0;
    if (s->dialect->content_open.length) {
        enum tag_place place = opening_tag(p, open, &n_bytes);
        if (place == TAG_UNSURE && !p->is_last)
            return STEP_WAIT;
        if (place == TAG_HERE) {
            consume(p, n_bytes);
            return go_to(s, IN_CONTENT, true);
        }
    }
    struct slice rest = trim_left(slice_to(text, size_min(text.length, MAX_LEAD)));
    if (rest.length == 0 && (p->is_last || text.length >= MAX_LEAD))
        return go_to(s, IN_CONTENT, false);
    if (rest.length == 0)
        return STEP_WAIT;
    enum loose_match match = first_call(p, slice_from(text, (size_t)(rest.data - text.data)));
    if (match == MATCHES_SO_FAR)
        return STEP_WAIT;
    return match == MATCHES ? begin_call(p, true, false) : go_to(s, IN_CONTENT, false);
}

static enum step_result step_content(struct output_parser *p, struct error *err)
{
    struct dialect_output *s = p->state;
    const struct dialect *d = s->dialect;
    const char *tags[2];
    struct text_until until = { .kind = OUTPUT_CONTENT, .tags = tags, .trims = 3 };
    bool may_call = s->looks_for_calls && !d->calls.is_only_first;
    if (may_call) {
        until.stays = 1;
        tags[until.n_tags++] = d->calls.trigger.data;
    }
    if (d->content_close.length)
        tags[until.n_tags++] = d->content_close.data;
    if (until.n_tags == 0)
        until.trims = 0;
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    return tag == 0 && may_call ? begin_call(p, true, false) : go_to(s, IN_CONTENT, true);
}

/* ---- calls ---- */

/* What began like a call goes back to where it stood, up to behind what it was recognised by. */
static enum step_result take_back(struct output_parser *p, struct error *err)
{
    struct dialect_output *s = p->state;
    const struct call_syntax *calls = &s->dialect->calls;
    if (++s->n_unreadable == MAX_UNREADABLE)
        s->looks_for_calls = false;
    if (!s->is_first)
        return go_to(s, IN_CONTENT, true);
    size_t n_bytes = s->lead + (calls->is_only_first ? 1 : calls->trigger.length);
    struct slice text = slice_to(pending_text(p), n_bytes);
    if (!emit_text(p, s->in_thinking ? OUTPUT_THINKING : OUTPUT_CONTENT, text, err))
        return STEP_FAILED;
    consume(p, n_bytes);
    return go_to(s, s->in_thinking ? IN_THINKING : IN_CONTENT, false);
}

/* A call in thinking ends before thinking does. */
static bool thinking_ends_within(struct dialect_output *s, struct slice text)
{
    struct slice close = s->dialect->think_close;
    size_t from = s->searched > close.length ? s->searched - close.length : 0;
    s->searched = text.length;
    /* more may have been looked at than turned out to be the call */
    return find_tag(slice_from(text, size_min(from, text.length)), close.data) != SIZE_MAX;
}

static enum step_result step_call(struct output_parser *p, struct error *err)
{
    struct dialect_output *s = p->state;
    struct slice text = slice_from(pending_text(p), s->lead);
    size_t n_bytes = 0;
    enum call_reading result = call_reader_read(&s->reader, p, text, &n_bytes, err);
    if (result == CALL_FAILED)
        return STEP_FAILED;
    if (s->in_thinking && result != CALL_UNREADABLE &&
        thinking_ends_within(s, result == CALL_READ ? slice_to(text, n_bytes) : text))
        result = CALL_UNREADABLE;
    if (result == CALL_UNFINISHED)
        return STEP_WAIT;
    bool is_doubtful = s->in_thinking || s->reader.is_undecided;
    if (result == CALL_UNREADABLE ||
        (is_doubtful && !declared_tool(p, text_slice(&s->reader.name))))
        return take_back(p, err);
    struct slice id = text_slice(&s->reader.id);
    if (!emit_call(p, text_slice(&s->reader.name), text_slice(&s->reader.arguments),
                   id.length ? id : (struct slice){ 0 }, err))
        return STEP_FAILED;
    consume(p, s->lead + n_bytes);
    return go_to(s, AFTER_CALL, false);
}

static enum step_result step_after_call(struct output_parser *p)
{
    struct dialect_output *s = p->state;
    if (!scan_past_space(p) || pending_text(p).length == 0)
        return STEP_WAIT;
    struct slice close = s->dialect->calls.section_close, text = pending_text(p);
    size_t n_bytes;
    enum loose_match match =
        close.length ? match_loosely(text, close, p->is_last, &n_bytes) : MATCHES_NOT;
    if (match == MATCHES_SO_FAR)
        return STEP_WAIT;
    if (match == MATCHES_NOT && p->is_last && is_cut_off(text, close)) {
        consume(p, text.length); /* the answer ends within it */
        return STEP_WAIT;
    }
    if (match == MATCHES_NOT)
        return begin_call(p, false, false);
    consume(p, n_bytes);
    return go_to(s, IN_CONTENT, true);
}

/* ---- the answer ---- */

static enum step_result step(struct output_parser *p, struct error *err)
{
    struct dialect_output *s = p->state;
    if (s->skips_space && !scan_past_space(p))
        return STEP_WAIT;
    s->skips_space = false;
    switch (s->place) {
    case BEFORE_ANSWER:
        return step_before_answer(p);
    case IN_THINKING:
        return step_thinking(p, err);
    case BEFORE_CONTENT:
        return step_before_content(p);
    case IN_CALL:
        return step_call(p, err);
    case AFTER_CALL:
        return step_after_call(p);
    default:
        return step_content(p, err);
    }
}

static void end(struct output_parser *p)
{
    struct dialect_output *s = p->state;
    call_reader_release(&s->reader);
}

bool dialect_output_open(struct output_parser **out, const struct dialect *dialect,
                         const struct json *tools, bool is_thinking, struct error *err)
{
    static const struct output_family family = {
        .facts = { .name = "texts of a dialect", .has_tools = true, .has_thinking = true },
        .state_bytes = sizeof(struct dialect_output),
        .step = step,
        .end = end,
    };
    struct output_parser_options options = { .tools = tools };
    if (!output_parser_open_as(out, &family, &options, err))
        return false;
    struct dialect_output *s = (*out)->state;
    s->dialect = dialect;
    s->prompt_thinks = is_thinking && dialect->think_close.length > 0;
    s->looks_for_calls = json_size(tools) > 0 && dialect->calls.arguments != ARGUMENTS_NONE;
    call_reader_init(&s->reader, &dialect->calls);
    return true;
}

bool dialect_output_is_thinking(const struct output_parser *p)
{
    const struct dialect_output *s = p->state;
    return s->place == IN_THINKING || (s->place == IN_CALL && s->in_thinking) ||
           (s->place == BEFORE_ANSWER && s->prompt_thinks);
}
