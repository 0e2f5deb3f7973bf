/* event_line.h: parts of an answer as lines of JSON, for programs that read them.
 *
 * Owns their spelling, which `parse` and `run --events` share. Leaves printing to its callers; the
 * lines end without a line break. One thread. */
#ifndef EVENT_LINE_H
#define EVENT_LINE_H

#include "base/text.h"
#include "chat/output_parser.h"

/* {"thinking":"..."} or {"content":"..."} */
bool event_line_text(struct text *line, enum output_kind kind, struct slice text) MUST_CHECK;

/* {"tool_calls":[{"id":"...","function":{"index":0,"name":"...","arguments":{...}}}]} */
bool event_line_call(struct text *line, const struct tool_call *call) MUST_CHECK;

#endif
