/* hearth.h: run a language model inside your own program.
 *
 * Owns four nouns: a model (weights and tokenizer of one file, shareable), a session (one
 * conversation's tokens and sampler), events (what a session says next) and errors. Everything else
 * stays inside libhearth.
 *
 * A model may be shared by any number of sessions and threads; one session belongs to one thread at
 * a time. Calls on sessions of one model take turns. Functions that return bool return false on
 * failure and fill `error` (may be NULL). */
#ifndef HEARTH_H
#define HEARTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default) /* libhearth hides everything else */
#endif

struct hearth_model;
struct hearth_session;

struct hearth_error {
    int code; /* 0: none; the others are stable numbers, see docs/embedding.md */
    char message[1000];
};

struct hearth_model_options {
    uint32_t n_threads; /* 0: as many as this process may use */
    uint32_t n_ctx;     /* longest context of any session; 0: the model's own */
    /* all sessions' keys and values together; 0: half of the free memory */
    uint64_t kv_budget_bytes;
    /* how keys and values are stored: "f16", "bf16", "f32", "q8_0" (half the memory of f16), or
     * "auto", as NULL: f32 for the smallest models, else f16 */
    const char *kv_type;
};
struct hearth_model_options hearth_model_defaults(void);

/* `path`: a GGUF file, or a folder with config.json and safetensors. `options` may be NULL. */
bool hearth_model_open(struct hearth_model **out, const char *path,
                       const struct hearth_model_options *options, struct hearth_error *error);
/* accepts NULL, leaves NULL; sessions must be closed before */
void hearth_model_close(struct hearth_model **model);

struct hearth_model_info {
    const char *architecture; /* "llama" */
    const char *name;         /* general.name, or "" */
    const char *quantization; /* "Q4_K_M", or the most frequent type */
    uint64_t n_parameters, file_bytes;
    uint32_t n_ctx_train, n_ctx, n_embd, n_layers, n_vocab;
    uint64_t load_ns;
};
void hearth_model_info(const struct hearth_model *model, struct hearth_model_info *info);

struct hearth_token_bias {
    int32_t token;
    float bias; /* -100 (never, while another token is possible) to 100 (always) */
};

struct hearth_session_options {
    uint32_t n_ctx;    /* 0: the model's limit */
    int32_t n_predict; /* most tokens of an answer; -1: until the context is full */
    float temperature; /* 0: always the likeliest token */
    int32_t top_k;     /* 0: all */
    float top_p, min_p, typical_p;
    int32_t repeat_last_n; /* 0: off, -1: whole context */
    float repeat_penalty, presence_penalty, frequency_penalty;
    int64_t seed;    /* negative: random */
    int32_t n_draft; /* tokens guessed from the text so far and checked together; the answer is the
                      * same with any number. -1: as many as pay, 0: none */
    const char *const *stop; /* [n_stop] strings that end an answer; copied */
    size_t n_stop;
    /* What answers look like; NULL and "": like nothing in particular. Not both. An answer is then
     * complete even where n_predict or the context ends it; when not even the shortest one fits,
     * hearth_session_next fails. */
    const char *format;  /* "json" (any object) or the text of a JSON Schema; a keyword that cannot
                            be  enforced is an error with its path; copied */
    const char *grammar; /* GBNF, as llama.cpp's; copied */
    const struct hearth_token_bias *logit_bias; /* [n_logit_bias] added to logits; copied */
    size_t n_logit_bias;
    int32_t n_logprobs; /* events tell the probabilities of chosen tokens and of the n likeliest (0
                         * to 20) beside them; -1: they do not */
    bool stops_loops;   /* an answer that does nothing but repeat itself is ended */
};
struct hearth_session_options hearth_session_defaults(void);

bool hearth_session_open(struct hearth_session **out, struct hearth_model *model,
                         const struct hearth_session_options *options, struct hearth_error *error);
void hearth_session_close(struct hearth_session **session); /* accepts NULL, leaves NULL */

/* Choose further answers by other options; what was said stays, but penalties look only at what
 * follows. n_ctx remains as it was opened. Between answers only; a failure changes nothing. */
bool hearth_session_configure(struct hearth_session *session,
                              const struct hearth_session_options *options,
                              struct hearth_error *error);

/* Add text to what the model reads; nothing runs yet. The first text of a session gets the
 * vocabulary's beginning token. Fails, leaving the session as it was, when the whole would not fit
 * the context: the message holds both numbers. */
bool hearth_session_feed(struct hearth_session *session, const char *text, size_t length,
                         struct hearth_error *error);

enum hearth_event_kind {
    HEARTH_TEXT, /* more of the answer: whole UTF-8 sequences */
    HEARTH_DONE, /* the answer has ended; feed again for the next one */
};

enum hearth_done_reason {
    HEARTH_STOP,       /* an end token or a stop string */
    HEARTH_LENGTH,     /* n_predict tokens, or the context is full */
    HEARTH_CANCELLED,  /* hearth_session_cancel */
    HEARTH_REPETITION, /* stops_loops */
};

/* What the model said of a token, before penalties, temperature and formats. */
struct hearth_logprob {
    int32_t token;
    float logprob;     /* natural logarithm of its probability */
    const char *bytes; /* [length] the token's text, maybe a part of a UTF-8 sequence */
    size_t length;
};
struct hearth_token_logprobs {
    struct hearth_logprob chosen;
    const struct hearth_logprob *top; /* [n_top] the likeliest first */
    size_t n_top;
};

struct hearth_event {
    enum hearth_event_kind kind;
    const char *text; /* HEARTH_TEXT: valid until the next call on the session */
    size_t length;
    enum hearth_done_reason reason; /* HEARTH_DONE and below */
    uint32_t prompt_tokens;         /* evaluated for this answer */
    uint32_t answer_tokens;
    uint32_t context_tokens; /* of the session now */
    /* first_token_ns: from the call that began the answer */
    uint64_t prompt_ns, answer_ns, first_token_ns;
    /* [n_logprobs] of the tokens chosen since the last event, whether or not their text is out
     * yet; valid until the next call */
    const struct hearth_token_logprobs *logprobs;
    size_t n_logprobs;
};

/* Run until there is something to tell. After HEARTH_DONE without a new feed: HEARTH_DONE again
 * with 0 tokens. */
bool hearth_session_next(struct hearth_session *session, struct hearth_event *event,
                         struct hearth_error *error);

/* End the present answer soon, with reason HEARTH_CANCELLED. May be called from any thread and from
 * a signal handler. */
void hearth_session_cancel(struct hearth_session *session);

/* Forget everything that was fed and answered. */
void hearth_session_clear(struct hearth_session *session);

/* "0.1.0" */
const char *hearth_version(void);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
