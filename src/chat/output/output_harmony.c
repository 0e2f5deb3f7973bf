#include "chat/output/call_value.h"
#include "chat/output/output_scan.h"
#include "chat/output/tool_names.h"

/* Harmony, the syntax of gpt-oss: messages with a header each, which names a channel and, for a
 * call, its recipient. */

#define START     "<|start|>"
#define END       "<|end|>"
#define MESSAGE   "<|message|>"
#define CHANNEL   "<|channel|>"
#define CONSTRAIN "<|constrain|>"

enum { RECIPIENT_BYTES = 4096 };

struct harmony {
    enum { IN_HEADER, IN_CONTENT, IN_THINKING, IN_CALL, BETWEEN_MESSAGES } place;
    bool is_role_given; /* the prompt wrote the role of this header */
    struct text recipient;
};

/* ---- headers ---- */

/* Cut the next word off; a constraint is one even without white space before it. */
static struct slice next_word(struct slice *rest)
{
    *rest = trim_left(*rest);
    size_t end = 0;
    while (end < rest->length && leading_space(slice_from(*rest, end)) == 0 &&
           (end == 0 || !begins_with(slice_from(*rest, end), CONSTRAIN)))
        end++;
    struct slice word = { rest->data, end };
    *rest = slice_from(*rest, end);
    return word;
}

struct header {
    struct slice channel, recipient;
};

/* The recipient is the first word or the one behind the role, wherever the channel stands. */
static struct header read_header(struct slice text, bool is_role_given)
{
    struct header header = { slice_of(""), slice_of("") };
    struct slice words[2] = { slice_of(""), slice_of("") }, before = text, behind = slice_of("");
    size_t at = find_tag(text, CHANNEL), n = 0;
    if (at != SIZE_MAX) {
        before.length = at;
        behind = slice_from(text, at + strlen(CHANNEL));
        if (leading_space(behind) == 0 && !begins_with(behind, CONSTRAIN))
            header.channel = next_word(&behind);
    }
    if (is_role_given) {
        words[n++] = slice_of("assistant");
        if (before.length > 0 && leading_space(before) == 0)
            next_word(&before); /* more of the same word */
    }
    while (n < 2 && (trim_left(before).length > 0 || trim_left(behind).length > 0))
        words[n++] = next_word(trim_left(before).length > 0 ? &before : &behind);
    for (size_t i = 0; i < 2 && header.recipient.length == 0; i++)
        if (begins_with(words[i], "to="))
            header.recipient = slice_from(words[i], 3);
    return header;
}

static bool begin_message(struct output_parser *p, const struct header *header, struct error *err)
{
    struct harmony *s = p->state;
    bool thinks = slice_equal(header->channel, slice_of("analysis"));
    bool comments = slice_equal(header->channel, slice_of("commentary"));
    s->place = thinks ? IN_THINKING : IN_CONTENT;
    if ((!thinks && !comments) || header->recipient.length == 0)
        return true;
    s->place = IN_CALL;
    text_clear(&s->recipient);
    return append_within(&s->recipient, header->recipient, "in the name of a tool", err);
}

static enum step_result step_header(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { MESSAGE };
    struct harmony *s = p->state;
    struct slice text;
    if (scan_piece(p, tags, 1, &text) == NO_TAG)
        return STEP_WAIT;
    struct header header = read_header(text, s->is_role_given);
    if (!begin_message(p, &header, err))
        return STEP_FAILED;
    s->is_role_given = false;
    consume(p, text.length + strlen(MESSAGE));
    return STEP_AGAIN;
}

/* ---- messages ---- */

static enum step_result step_text(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { END };
    struct harmony *s = p->state;
    struct text_until until = { .kind = s->place == IN_THINKING ? OUTPUT_THINKING : OUTPUT_CONTENT,
                                .tags = tags,
                                .n_tags = 1,
                                .drops_rest = true };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    s->place = BETWEEN_MESSAGES;
    return STEP_AGAIN;
}

/* The model knows the tools by names that are identifiers. */
static bool emit_shown(struct output_parser *p, struct slice shown, struct slice arguments,
                       struct error *err)
{
    static const char space[] = "functions.";
    struct tool_names *names;
    if (begins_with(shown, space))
        shown = slice_from(shown, strlen(space));
    if (!tool_names_open(&names, p->options.tools, err))
        return false;
    bool ok = emit_call(p, tool_names_declared(names, shown), arguments, (struct slice){ 0 }, err);
    tool_names_close(&names);
    return ok;
}

static bool emit_message(struct output_parser *p, struct slice message, struct error *err)
{
    const struct harmony *s = p->state;
    struct text arguments;
    text_init(&arguments, SIZE_MAX);
    bool ok = write_json_object(&arguments, message, err) &&
              emit_shown(p, text_slice(&s->recipient), text_slice(&arguments), err);
    text_release(&arguments);
    return ok;
}

/* The last call has no end of its own: the model stops at a token that is no text. */
static enum step_result step_call(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { END };
    struct harmony *s = p->state;
    struct slice message;
    bool has_end = scan_piece(p, tags, 1, &message) != NO_TAG;
    if (!has_end) {
        if (!p->is_last)
            return STEP_WAIT;
        message = pending_text(p);
        message.length -= held_back(message, tags, 1);
    }
    if (!emit_message(p, message, err))
        return STEP_FAILED;
    consume(p, has_end ? message.length + strlen(END) : pending_text(p).length);
    s->place = BETWEEN_MESSAGES;
    return STEP_AGAIN;
}

static enum step_result step_between(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { START };
    static const struct text_until until = { .tags = tags, .n_tags = 1, .is_silent = true };
    struct harmony *s = p->state;
    if (scan_text(p, &until, err) < 0)
        return STEP_WAIT;
    s->place = IN_HEADER;
    return STEP_AGAIN;
}

static enum step_result step(struct output_parser *p, struct error *err)
{
    const struct harmony *s = p->state;
    switch (s->place) {
    case IN_HEADER:
        return step_header(p, err);
    case IN_CALL:
        return step_call(p, err);
    case BETWEEN_MESSAGES:
        return step_between(p, err);
    default:
        return step_text(p, err);
    }
}

/* An answer that the prompt began goes on in its channel. */
static void begin(struct output_parser *p)
{
    struct harmony *s = p->state;
    const struct json *last = p->options.last_message;
    bool is_begun = slice_equal(json_text(json_get(last, "role")), slice_of("assistant"));
    text_init(&s->recipient, RECIPIENT_BYTES);
    s->place = IN_HEADER;
    s->is_role_given = true;
    if (has_prefilled_content(p))
        s->place = IN_CONTENT;
    else if (is_begun && json_text(json_get(last, "thinking")).length > 0)
        s->place = IN_THINKING;
}

static void end(struct output_parser *p)
{
    struct harmony *s = p->state;
    text_release(&s->recipient);
}

static const char *const preserved[] = { START, END, MESSAGE, CHANNEL, CONSTRAIN, NULL };

const struct output_family output_harmony = {
    .facts = { "harmony", .has_tools = true, .has_thinking = true, preserved },
    .state_bytes = sizeof(struct harmony),
    .begin = begin,
    .step = step,
    .end = end,
};
