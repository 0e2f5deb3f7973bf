/* openai_answer.h: what OpenAI's ways of answering have in common.
 *
 * Owns an answer's identity, its counts, what it failed of, and the events of its stream. Leaves
 * the objects themselves to the replies. One event at a time. */
#ifndef OPENAI_ANSWER_H
#define OPENAI_ANSWER_H

#include "server/openai/openai_problem.h"

struct openai_answer_settings {
    char id[48];
    int64_t created;    /* seconds of the wall clock */
    struct slice model; /* as the client called it; copied by openai_answer_init */
    bool is_streaming, includes_usage;
    const char *prompt_field; /* that is blamed for a prompt that does not fit; static */
};

struct openai_counts {
    int64_t prompt, cached, answer, thinking;
};

struct openai_answer {
    struct openai_answer_settings settings;
    struct text model;
    struct openai_counts counts;
    bool has_started, has_failed;
    struct openai_problem problem;
    struct text json, event; /* of the event that is being written */
};

/* False when memory is out; to be released in any case. */
bool openai_answer_init(struct openai_answer *answer,
                        const struct openai_answer_settings *settings) MUST_CHECK;
void openai_answer_release(struct openai_answer *answer);

/* Counts and failures of an event. */
void openai_answer_note(struct openai_answer *answer, const struct task_event *event);

/* Note an event and let `tell` tell it, or false: no memory, which the answer fails of. After a
 * failure only the end is told. */
typedef bool openai_teller(void *reply, const struct task_event *event, struct response *response);
void openai_answer_tell(struct openai_answer *answer, const struct task_event *event,
                        struct response *response, openai_teller *tell, void *reply);

/* A failure of the server's own; the first one counts. */
void openai_answer_fail(struct openai_answer *answer, enum error_code code, const char *message);

/* The head of a stream, once. */
void openai_answer_begin(struct openai_answer *answer, struct response *response);

/* Send `answer->json` as an event with a name (NULL: none), and clear it. */
void openai_answer_send(struct openai_answer *answer, struct response *response, const char *name);

/* Tell the failure: as the response, or as an event of a stream that has begun. */
void openai_answer_tell_problem(struct openai_answer *answer, struct response *response);

/* "id", "object", "created", "model", "system_fingerprint". */
bool openai_write_identity(struct text *out, const struct openai_answer *answer,
                           const char *object);

/* The member "usage" of chat and completions. */
bool openai_write_usage(struct text *out, const struct openai_counts *counts);

/* DONE's reason in OpenAI's words; NULL: the answer was cancelled. */
const char *openai_finish_reason(const struct json *done, bool has_calls);

/* "stop_reason": the stop string that ended an answer, or "repetition"; nothing otherwise. */
bool openai_write_stop_reason(struct text *out, const struct json *done);

/* Append LOGPROBS as elements {"token","logprob","bytes","top_logprobs"}. */
bool openai_append_logprobs(struct text *out, const struct json *logprobs);

#endif
