/* answer_event.h: what comes of an answer, one thing after another. */
#ifndef ANSWER_EVENT_H
#define ANSWER_EVENT_H

#include "base/base.h"
#include "base/json.h"
#include "cli/event_line.h"

enum answer_event_kind {
    ANSWER_THINKING, /* text */
    ANSWER_CONTENT,  /* text */
    ANSWER_CALL,     /* call */
    ANSWER_LOGPROBS, /* logprobs, in front of the text that the tokens became */
};

/* What it points to is valid until the next one. */
struct answer_event {
    enum answer_event_kind kind;
    struct slice text;
    struct called_tool call;
    const struct json *logprobs; /* [{token, logprob, bytes, top_logprobs}], as in Ollama's API */
};

enum answer_end { END_STOP, END_LENGTH, END_REPETITION, END_CANCELLED };

/* How it ended, and what it took. */
struct answer_report {
    enum answer_end end;
    uint32_t prompt_tokens, cached_tokens; /* of the whole prompt; of these, not read again */
    uint32_t answer_tokens, thinking_tokens;
    uint32_t n_ctx;
    uint64_t prompt_ns, answer_ns, total_ns;
};

#endif
