/* turn.h: one answer of a chat, as thinking, content and calls while it is generated.
 *
 * Owns what an answer may look like (its grammar), the thinking budget and the reading of its text.
 * The session's tokens become those of the prompt; what it evaluated of them before is not
 * evaluated again. One turn at a time on a session; one thread. */
#ifndef TURN_H
#define TURN_H

#include "chat/output_parser.h"
#include "dialogue/answer_grammar.h"
#include "dialogue/dialogue.h"
#include "hearth.h"

struct turn;

struct turn_options {
    const struct json *tools; /* conversation_tools, or NULL; borrowed until close */
    enum tool_choice choice;
    struct slice tool; /* see answer_form */
    bool is_parallel;
    struct think_choice think;
    int32_t thinking_budget; /* most tokens of thinking, then it is closed; negative: no limit */
    struct slice format;     /* of the content: "json" or a schema; { NULL, 0 } */
    struct slice grammar;    /* of the content: GBNF; { NULL, 0 } */
    struct grammar *limits;  /* of these options' turn_form, borrowed; NULL: turn_open makes it */
};
struct turn_options turn_defaults(void);

/* What an answer to `prompt` may be. It borrows from all three. */
struct answer_form turn_form(const struct dialogue *dialogue, const struct chat_prompt *prompt,
                             const struct turn_options *options);

/* The session answers `prompt` with the options it was opened or configured with; its own format
 * and grammar must be unset. ERROR_CONTEXT when the prompt does not fit, with both numbers. */
bool turn_open(struct turn **out, const struct dialogue *dialogue, struct hearth_session *session,
               const struct chat_prompt *prompt, const struct turn_options *options,
               struct error *err) MUST_CHECK;
void turn_close(struct turn **turn); /* accepts NULL, leaves NULL */

enum turn_event_kind { TURN_THINKING, TURN_CONTENT, TURN_CALL, TURN_LOGPROBS, TURN_DONE };

struct turn_event {
    enum turn_event_kind kind;
    struct slice text;     /* THINKING, CONTENT */
    struct tool_call call; /* CALL: valid JSON under the tool's schema; it always has an id */
    /* LOGPROBS, where the session tells them: [n_logprobs] of the tokens chosen since the last
     * such event, in front of the texts that they became */
    const struct hearth_token_logprobs *logprobs;
    size_t n_logprobs;
    struct hearth_event done; /* DONE: reason, counts, times */
    uint32_t thinking_tokens; /* DONE: of the answer's */
    int stop_string;          /* DONE: the number of the stop string that ended it, or -1 */
};

/* What it points to is valid until the next call. After TURN_DONE: TURN_DONE again. */
bool turn_next(struct turn *turn, struct turn_event *event, struct error *err) MUST_CHECK;

/* The same without running anything, for a session that others move on (runtime/session_steps.h):
 * an event, if there is one now. Called until there is none before the session goes on. */
bool turn_collect(struct turn *turn, struct turn_event *event, bool *has_event,
                  struct error *err) MUST_CHECK;

/* "stop", "length", "cancelled", "repetition": as programs are told. */
const char *done_reason_name(enum hearth_done_reason reason);

#endif
