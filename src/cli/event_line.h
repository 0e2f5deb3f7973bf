/* event_line.h: parts of an answer as lines of JSON, for programs that read them.
 *
 * Owns their spelling, which `parse` and `run --events` share. Leaves printing to its callers; the
 * lines end without a line break. Any thread. */
#ifndef EVENT_LINE_H
#define EVENT_LINE_H

#include "base/base.h"
#include "base/text.h"

/* {"thinking":"..."} or {"content":"..."} */
bool event_line_text(struct text *line, bool is_thinking, struct slice text) MUST_CHECK;

/* {"tool_calls":[{"id":"...","function":{"index":0,"name":"...","arguments":{...}}}]} */
struct called_tool {
    uint32_t index;
    struct slice id, name;  /* id { NULL, 0 }: it has none */
    struct slice arguments; /* JSON */
};
bool event_line_call(struct text *line, const struct called_tool *call) MUST_CHECK;

/* {"done":true,"reason":"stop","prompt_tokens":9,"answer_tokens":5,"thinking_tokens":0} */
struct answer_counts {
    const char *reason;
    uint32_t prompt_tokens; /* of the whole prompt, read for this answer or before */
    uint32_t answer_tokens, thinking_tokens;
};
bool event_line_done(struct text *line, const struct answer_counts *counts) MUST_CHECK;

#endif
