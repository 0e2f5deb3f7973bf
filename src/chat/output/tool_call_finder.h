/* tool_call_finder.h: calls of declared tools in what follows a tag, however they are spelled.
 *
 * For models whose tag comes from their template instead of a family: after the tag, the name of a
 * declared tool and a JSON object make a call, whatever stands around them. Owns the parser's
 * states; leaves feeding and closing to output_parser.h. */
#ifndef TOOL_CALL_FINDER_H
#define TOOL_CALL_FINDER_H

#include "chat/output_parser.h"

/* A parser that emits content and calls. With the tag "{" or "[" calls are looked for only where an
 * answer begins with it, and the text is content after all when the bracket closes, or the answer
 * ends, without a call. What stands after another tag is never content. `tools` is as declared in
 * the request, borrowed until close; without any, all text is content. The tag is copied; empty
 * means "{". */
bool tool_call_finder_open(struct output_parser **out, struct slice tag, const struct json *tools,
                           struct error *err) MUST_CHECK;

#endif
