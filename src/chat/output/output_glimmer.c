#include "chat/output/atem_call.h"
#include "chat/output/call_value.h"
#include "chat/output/output_scan.h"

/* Glimmer: messages to a recipient each: itself (which is thinking), a tool, or the user. The model
 * forgets ends of messages and recipients of calls, so that where a message ends is not only a
 * matter of tags. */

#define START       "<|start|>"
#define START_OWN   "<|start|>assistant"
#define MESSAGE     "<|message|>"
#define MESSAGE_END "<|eom|>"
#define TURN_END    "<|eot|>"
#define RECIPIENT   " to="

struct glimmer {
    enum { IN_HEADER, IN_CONTENT, IN_THINKING, IN_CALL } place;
    bool is_shown;     /* some of this content is emitted: it is no call any more */
    struct slice tool; /* of a call; as declared */
};

/* ---- headers ---- */

static void begin_message(struct output_parser *p, struct slice header)
{
    struct glimmer *s = p->state;
    struct slice recipient = trim_space(header);
    if (begins_with(recipient, "to="))
        recipient = trim_left(slice_from(recipient, 3));
    struct slice tool = atem_tool(p, recipient);
    s->is_shown = false;
    s->place = IN_CONTENT;
    if (slice_equal(recipient, slice_of("self")))
        s->place = IN_THINKING;
    else if (tool.data) {
        s->place = IN_CALL;
        s->tool = json_text(json_get(declared_tool(p, tool), "name"));
    }
}

static enum step_result step_header(struct output_parser *p, struct error *err)
{
    static const char *const tags[] = { MESSAGE };
    struct slice text = pending_text(p), header;
    if (begins_with(text, START_OWN)) {
        consume(p, strlen(START_OWN));
        return STEP_AGAIN;
    }
    if (!p->is_last && may_become(text, START_OWN))
        return STEP_WAIT;
    if (scan_piece(p, tags, 1, &header) != NO_TAG) {
        begin_message(p, header);
        consume(p, header.length + strlen(MESSAGE));
        return STEP_AGAIN;
    }
    if (!p->is_last)
        return STEP_WAIT;
    consume(p, text.length); /* no header: an answer without one */
    return emit_text(p, OUTPUT_CONTENT, text, err) ? STEP_WAIT : STEP_FAILED;
}

/* ---- the header of a message may end the one before it ---- */

enum header_status { IS_HEADER, IS_NO_HEADER, MAY_BECOME_HEADER };

static enum header_status undecided(bool may_become_one, bool is_last)
{
    return may_become_one && !is_last ? MAY_BECOME_HEADER : IS_NO_HEADER;
}

static bool is_known_recipient(const struct output_parser *p, struct slice name)
{
    return slice_equal(name, slice_of("self")) || slice_equal(name, slice_of("user")) ||
           (name.length > 0 && declared_tool(p, name));
}

/* What follows " to=". */
static enum header_status recipient_status(const struct output_parser *p, struct slice text)
{
    size_t end = find_tag(text, MESSAGE);
    if (end != SIZE_MAX)
        return is_known_recipient(p, (struct slice){ text.data, end }) ? IS_HEADER : IS_NO_HEADER;
    for (size_t i = 0; i < text.length; i++) {
        if (memchr(" \t\r\n", text.data[i], 4))
            return IS_NO_HEADER;
        if (text.data[i] == '<')
            return undecided(may_become(slice_from(text, i), MESSAGE), p->is_last);
    }
    return undecided(true, p->is_last);
}

/* Of text that begins with START, or a part of it at the end of what has arrived. */
static enum header_status header_status(const struct output_parser *p, struct slice text)
{
    if (!begins_with(text, START_OWN))
        return undecided(may_become(text, START_OWN), p->is_last);
    struct slice rest = slice_from(text, strlen(START_OWN));
    if (begins_with(rest, MESSAGE))
        return IS_HEADER;
    if (begins_with(rest, RECIPIENT))
        return recipient_status(p, slice_from(rest, strlen(RECIPIENT)));
    return undecided(may_become(rest, MESSAGE) || may_become(rest, RECIPIENT), p->is_last);
}

/* The first header (or what may become one) at or behind `from`; SIZE_MAX when there is none. */
static size_t find_header(const struct output_parser *p, struct slice text, size_t from,
                          enum header_status *status)
{
    for (size_t at; (at = find_tag(slice_from(text, from), START)) != SIZE_MAX;) {
        *status = header_status(p, slice_from(text, from + at));
        if (*status != IS_NO_HEADER)
            return from + at;
        from += at + strlen(START);
    }
    static const char *const tags[] = { START_OWN };
    size_t held = p->is_last ? 0 : held_back(slice_from(text, from), tags, 1);
    *status = MAY_BECOME_HEADER;
    return held ? text.length - held : SIZE_MAX;
}

/* ---- messages ---- */

/* Where a message ends, or how much of it is certain. */
struct message_end {
    bool is_complete;
    size_t length, n_tag_bytes;
};

static struct message_end find_end(const struct output_parser *p, struct slice text, size_t from)
{
    static const char *const tags[] = { MESSAGE_END, TURN_END };
    enum header_status status;
    size_t header = find_header(p, text, from, &status), end = SIZE_MAX, n_tag_bytes = 0;
    for (size_t i = 0; i < COUNT_OF(tags); i++) {
        size_t at = find_tag(slice_from(text, from), tags[i]);
        if (at != SIZE_MAX && from + at < end) {
            end = from + at;
            n_tag_bytes = strlen(tags[i]);
        }
    }
    if (header < end && status == IS_HEADER)
        return (struct message_end){ true, header, 0 };
    if (end != SIZE_MAX)
        return (struct message_end){ true, end, n_tag_bytes };
    if (p->is_last)
        return (struct message_end){ true, text.length, 0 };
    size_t certain = text.length - held_back(text, tags, COUNT_OF(tags));
    return (struct message_end){ .length = size_min(certain, header) };
}

/* Content that begins like calls may be one with the wrong recipient. */
static bool may_be_call(const struct output_parser *p, struct slice text)
{
    const struct glimmer *s = p->state;
    size_t begin = 0;
    if (s->place != IN_CONTENT || s->is_shown || json_size(p->options.tools) == 0)
        return false;
    while (begin < text.length && memchr(" \t\r\n", text.data[begin], 4))
        begin++;
    text = slice_from(text, begin);
    return may_become(text, ATEM_CALLS) || begins_with(text, ATEM_CALLS);
}

/* Tags within a call are part of its values: its end counts only behind that of its tags. */
static bool find_message_end(struct output_parser *p, struct message_end *end)
{
    static const char *const tags[] = { ATEM_CALLS_END };
    const struct glimmer *s = p->state;
    struct slice text = pending_text(p), calls;
    bool is_held = s->place == IN_CALL || may_be_call(p, text);
    size_t from = 0;
    if (is_held) {
        bool is_closed = scan_piece(p, tags, 1, &calls) != NO_TAG;
        from = is_closed ? calls.length + strlen(ATEM_CALLS_END) : text.length;
    }
    *end = find_end(p, text, from);
    return end->is_complete || !is_held;
}

static bool emit_content(struct output_parser *p, struct slice text, bool is_complete,
                         struct error *err)
{
    struct glimmer *s = p->state;
    struct error problem = { 0 };
    struct slice tool = { 0 };
    if (is_complete && may_be_call(p, text) && !atem_called_tool(p, text, &tool, err))
        return false;
    if (tool.data && emit_atem_call(p, text, tool, &problem))
        return true;
    if (tool.data && !is_unreadable_only(&problem, err))
        return false;
    s->is_shown |= text.length > 0;
    return emit_text(p, OUTPUT_CONTENT, text, err);
}

static bool emit_message(struct output_parser *p, struct slice text, bool is_complete,
                         struct error *err)
{
    const struct glimmer *s = p->state;
    const struct think_choice *think = &p->options.think;
    if (s->place == IN_CALL)
        return emit_atem_call(p, text, s->tool, err);
    if (s->place == IN_CONTENT)
        return emit_content(p, text, is_complete, err);
    return (think->is_set && !think->is_on) || emit_text(p, OUTPUT_THINKING, text, err);
}

static enum step_result step(struct output_parser *p, struct error *err)
{
    struct glimmer *s = p->state;
    struct message_end end;
    if (s->place == IN_HEADER)
        return step_header(p, err);
    if (!find_message_end(p, &end))
        return STEP_WAIT;
    struct slice text = { pending_text(p).data, end.length };
    if (!emit_message(p, text, end.is_complete, err))
        return STEP_FAILED;
    consume(p, end.length + end.n_tag_bytes);
    if (!end.is_complete)
        return STEP_WAIT;
    s->place = IN_HEADER;
    return STEP_AGAIN;
}

static const char *const preserved[] = { START, MESSAGE, MESSAGE_END, TURN_END, NULL };

const struct output_family output_glimmer = {
    .facts = { "glimmer", .has_tools = true, .has_thinking = true, preserved },
    .state_bytes = sizeof(struct glimmer),
    .step = step,
};
