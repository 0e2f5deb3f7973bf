/* event_line.h: parts of an answer as lines of JSON, for programs that read them.
 *
 * Owns their spelling, which `parse` and `run --events` share. Leaves printing to its callers; the
 * lines end without a line break. One thread. */
#ifndef EVENT_LINE_H
#define EVENT_LINE_H

#include "base/text.h"
#include "chat/output_parser.h"
#include "dialogue/turn.h"

/* {"thinking":"..."} or {"content":"..."} */
bool event_line_text(struct text *line, enum output_kind kind, struct slice text) MUST_CHECK;

/* {"tool_calls":[{"id":"...","function":{"index":0,"name":"...","arguments":{...}}}]} */
bool event_line_call(struct text *line, const struct tool_call *call) MUST_CHECK;

/* {"done":true,"reason":"stop","prompt_tokens":9,"answer_tokens":5,"thinking_tokens":0} of a
 * TURN_DONE; `prompt_tokens`: of the whole prompt, evaluated for this answer or before. */
bool event_line_done(struct text *line, const struct turn_event *event,
                     uint32_t prompt_tokens) MUST_CHECK;

#endif
