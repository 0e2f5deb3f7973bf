/* worker_request.h: what a FRAME_REQUEST asks for, checked (docs/worker.md).
 *
 * Owns the request's JSON and what its members may be. Leaves to prompt_maker.h whether the model
 * can do it. One thread. */
#ifndef WORKER_REQUEST_H
#define WORKER_REQUEST_H

#include "base/base.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "chat/think.h"
#include "dialogue/answer_grammar.h"
#include "hearth.h"
#include "runtime/sampler.h"
#include "runtime/stop.h"

enum request_kind {
    REQUEST_CHAT,
    REQUEST_GENERATE,
    REQUEST_EMBED,
    REQUEST_TOKENIZE,
    REQUEST_DETOKENIZE,
    REQUEST_COUNT,
    REQUEST_RENDER,
};

enum { REQUEST_MOST_CHOICES = 128, REQUEST_MOST_INPUTS = 2048, REQUEST_KEEP_DEFAULT = 4 };

/* Texts and nodes live as long as the request; texts that are not there are { NULL, 0 }. */
struct worker_request {
    const struct json *root;
    enum request_kind kind;
    const struct json *messages, *tools, *input, *tokens, *context; /* NULL: absent */
    struct slice prompt, suffix, system, template, text;
    bool template_is_jinja; /* else Go */
    bool is_raw, continues, truncates, adds_special, with_pieces;
    struct turn_wish {
        enum tool_choice choice;
        struct slice tool; /* the only one that may be called, or { NULL, 0 } */
        bool is_parallel;
        struct think_choice think; /* is_set false: as the model can */
        bool think_if_possible;
        int32_t thinking_budget;
    } turn;
    struct text format; /* "json", a schema, or nothing */
    struct slice grammar;
    uint32_t n_choices, n_ctx; /* n_ctx 0: no limit of its own */
    uint32_t n_keep;           /* first tokens of a text that stay when it is truncated */
    bool returns_context, tells_counts;
    bool is_dry_run; /* generations: everything is made ready, nothing is answered */
    struct slice client;
    bool is_batch;
    struct hearth_session_options session; /* its lists are those below */
    const char *stop[STOP_MOST_STRINGS];
    struct hearth_token_bias bias[SAMPLER_MOST_BIASES];
};

/* ERROR_USAGE names the member, and what it must be. To be released also after a failure. */
bool worker_request_open(struct worker_request *out, struct slice json,
                         struct error *err) MUST_CHECK;
void worker_request_release(struct worker_request *request);

/* The ids in an array of numbers, appended. ERROR_USAGE for what is no token of n_vocab. */
struct token_list;
bool worker_request_ids(struct token_list *out, const struct json *array, size_t n_vocab,
                        struct error *err) MUST_CHECK;

#endif
