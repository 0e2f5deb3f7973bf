/* openai_generation.h: how answers are to be made, in the fields that OpenAI's ways of asking
 * share.
 *
 * Owns their names, ranges and defaults, and what becomes of them in the worker's request
 * (docs/worker.md). Each function writes members of that request and returns false when the text is
 * full or after recording a problem. Any thread. */
#ifndef OPENAI_GENERATION_H
#define OPENAI_GENERATION_H

#include "server/openai/openai_problem.h"

/* Fields that OpenAI has and hearth does not serve; false, null and [] are the same as absent. */
struct openai_refusal {
    const char *field, *why;
};
/* `rows` ends with a row of NULL. */
bool openai_check_refused(const struct json *body, const struct openai_refusal *rows,
                          struct openai_problem *problem);

/* "options": temperature, top_p, penalties, seed, stop and the most tokens, which is the first of
 * `limits` (ends with NULL) that is there. */
bool openai_write_options(struct text *out, const struct json *body, const char *const *limits,
                          struct openai_problem *problem);

bool openai_write_logit_bias(struct text *out, const struct json *body,
                             struct openai_problem *problem);

/* "think" and "thinking_budget": from `think`, chat_template_kwargs.enable_thinking,
 * reasoning_effort or reasoning.effort, in this order. */
bool openai_write_think(struct text *out, const struct json *body, struct openai_problem *problem);

/* "format" of {"type":"text"|"json_object"|"json_schema", ...}. `schema_owner` has the member
 * "schema"; `path` is how the client calls `format`. */
bool openai_write_format(struct text *out, const struct json *format,
                         const struct json *schema_owner, const char *path,
                         struct openai_problem *problem);

/* "tools" as they are, which may be functions only; NULL: none. */
bool openai_write_tools(struct text *out, const struct json *tools, struct openai_problem *problem);

/* "tool_choice": a word, or an object that names a function in `named`. `tools`: what may be
 * named, each with its name in `function` or itself. */
bool openai_write_tool_choice(struct text *out, const struct json *choice, const struct json *tools,
                              struct openai_problem *problem);

/* Whether stream_options asks for a usage event. */
bool openai_read_stream(const struct json *body, bool *is_streaming, bool *includes_usage,
                        struct openai_problem *problem);

/* The model's name, which must be there. */
bool openai_read_model(const struct json *body, struct slice *model,
                       struct openai_problem *problem);

#endif
