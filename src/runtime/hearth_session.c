/* hearth_session.c: the public interface's sessions (include/hearth.h): options, what is fed, what
 * is forgotten. */
#include "base/memory.h"
#include "runtime/grammar/gbnf.h"
#include "runtime/hearth_session_private.h"

enum { EVENT_LIMIT = 64 << 20 };

struct hearth_session_options hearth_session_defaults(void)
{
    struct sampler_options sampling = sampler_defaults();
    return (struct hearth_session_options){
        .n_predict = -1,
        .temperature = sampling.temperature,
        .top_k = sampling.top_k,
        .top_p = sampling.top_p,
        .min_p = sampling.min_p,
        .typical_p = sampling.typical_p,
        .repeat_last_n = sampling.repeat_last_n,
        .repeat_penalty = sampling.repeat_penalty,
        .presence_penalty = sampling.presence_penalty,
        .frequency_penalty = sampling.frequency_penalty,
        .seed = sampling.seed,
        .n_draft = -1,
        .n_logprobs = -1,
    };
}

/* *out stays NULL when answers are free. */
static bool open_constraint(struct constraint **out, struct hearth_model *model,
                            const struct hearth_session_options *o, struct error *err)
{
    struct grammar *grammar = NULL;
    const struct constraint_tokens *tokens;
    bool has_format = o->format && *o->format, has_grammar = o->grammar && *o->grammar;
    *out = NULL;
    if (!has_format && !has_grammar)
        return true;
    if (has_format && has_grammar)
        return fail(err, ERROR_USAGE, "an answer has a format or a grammar, not both");
    if (!hearth_model_tokens(model, &tokens, err))
        return false;
    bool ok = has_format ? constraint_format_open(&grammar, slice_of(o->format), err)
                         : gbnf_open(&grammar, slice_of(o->grammar), err);
    return ok && constraint_open(out, grammar, tokens, err);
}

static bool check_choices(const struct hearth_session_options *o, struct error *err)
{
    if (o->n_logprobs > SAMPLER_MOST_TOP_LOGPROBS)
        return fail(err, ERROR_USAGE, "n_logprobs is %" PRId32 ", at most %d are possible",
                    o->n_logprobs, SAMPLER_MOST_TOP_LOGPROBS);
    if (o->n_logit_bias > SAMPLER_MOST_BIASES)
        return fail(err, ERROR_USAGE, "logit_bias has %zu tokens, at most %d are possible",
                    o->n_logit_bias, SAMPLER_MOST_BIASES);
    return true;
}

static bool open_sampler(struct sampler **out, const struct hearth_model *model,
                         const struct hearth_session_options *o, struct error *err)
{
    const struct engine *engine = model->engine;
    struct token_bias bias[SAMPLER_MOST_BIASES];
    for (size_t i = 0; i < o->n_logit_bias; i++)
        bias[i] = (struct token_bias){ o->logit_bias[i].token, o->logit_bias[i].bias };
    struct sampler_options sampling = {
        .temperature = o->temperature,
        .top_k = o->top_k,
        .top_p = o->top_p,
        .min_p = o->min_p,
        .typical_p = o->typical_p,
        .repeat_last_n = o->repeat_last_n,
        .repeat_penalty = o->repeat_penalty,
        .presence_penalty = o->presence_penalty,
        .frequency_penalty = o->frequency_penalty,
        .seed = o->seed,
        .bias = bias,
        .n_bias = o->n_logit_bias,
    };
    return sampler_open(out, &sampling, (size_t)engine_config(engine)->n_vocab,
                        engine_kernels(engine), err);
}

static bool open_stop(struct stop_matcher **out, const struct hearth_session_options *o,
                      struct error *err)
{
    struct slice strings[STOP_MOST_STRINGS + 1];
    size_t n = size_min(o->n_stop, COUNT_OF(strings)); /* one too many: stop_open says so */
    for (size_t i = 0; i < n; i++)
        strings[i] = slice_of(o->stop[i]);
    return stop_open(out, strings, n, err);
}

static bool open_repetition(struct repetition **out, const struct hearth_session_options *o,
                            struct error *err)
{
    *out = o->stops_loops ? repetition_new() : NULL;
    return *out || !o->stops_loops || fail_memory(err, 0, "the tokens of a session");
}

/* What `options` ask for, in the place of what the session has, if it can be had. */
static bool set_choices(struct hearth_session *s, const struct hearth_session_options *o,
                        struct error *err)
{
    struct sampler *sampler = NULL;
    struct stop_matcher *stop = NULL;
    struct constraint *constraint = NULL;
    struct repetition *repetition = NULL;
    bool ok = check_choices(o, err) && open_sampler(&sampler, s->model, o, err) &&
              open_stop(&stop, o, err) && open_constraint(&constraint, s->model, o, err) &&
              open_repetition(&repetition, o, err);
    if (!ok) {
        sampler_close(&sampler);
        stop_close(&stop);
        constraint_close(&constraint);
        return false;
    }
    sampler_close(&s->sampler);
    stop_close(&s->stop);
    constraint_close(&s->constraint);
    repetition_free(&s->repetition);
    s->sampler = sampler;
    s->stop = stop;
    s->constraint = constraint;
    s->repetition = repetition;
    s->n_predict = o->n_predict;
    s->n_logprobs = o->n_logprobs;
    s->n_draft = o->n_draft < 0 ? SPECULATION_DEEPEST : o->n_draft;
    return true;
}

bool hearth_session_open(struct hearth_session **out, struct hearth_model *model,
                         const struct hearth_session_options *options, struct hearth_error *error)
{
    *out = NULL;
    struct error err = { 0 };
    struct hearth_session_options defaults = hearth_session_defaults();
    const struct hearth_session_options *o = options ? options : &defaults;
    struct hearth_session *s = memory_zeroed(1, sizeof *s);
    if (!s) {
        fail_memory(&err, sizeof *s, "a session");
        return hearth_tell(error, &err);
    }
    uint32_t most = engine_n_ctx(model->engine);
    s->model = model;
    s->n_ctx = o->n_ctx && o->n_ctx < most ? o->n_ctx : most;
    s->lookup = prompt_lookup_new();
    speculation_init(&s->speculation);
    text_init(&s->decoded, EVENT_LIMIT);
    text_init(&s->out, EVENT_LIMIT);
    logprobs_clear(&s->logprobs);
    bool ok = s->lookup || fail_memory(&err, sizeof *s, "a session");
    ok = ok && sequence_open(&s->sequence, model->engine, &err) && set_choices(s, o, &err);
    if (!ok) {
        hearth_session_close(&s);
        return hearth_tell(error, &err);
    }
    *out = s;
    return true;
}

bool hearth_session_configure(struct hearth_session *s,
                              const struct hearth_session_options *options,
                              struct hearth_error *error)
{
    struct error err = { 0 };
    return set_choices(s, options, &err) || hearth_tell(error, &err);
}

void hearth_session_close(struct hearth_session **session)
{
    struct hearth_session *s = *session;
    if (!s)
        return;
    pthread_mutex_lock(&s->model->turn); /* pages go back to the model */
    sequence_close(&s->sequence);
    pthread_mutex_unlock(&s->model->turn);
    stop_close(&s->stop);
    constraint_close(&s->constraint);
    sampler_close(&s->sampler);
    prompt_lookup_free(&s->lookup);
    token_list_release(&s->forced);
    token_list_release(&s->shown);
    token_list_release(&s->ends);
    repetition_free(&s->repetition);
    logprobs_release(&s->logprobs);
    text_release(&s->decoded);
    text_release(&s->out);
    memory_free(s);
    *session = NULL;
}

void session_forget(struct hearth_session *s)
{
    sampler_clear(s->sampler);
    stop_clear(s->stop);
    prompt_lookup_clear(s->lookup);
    s->n_evaluated = s->forced.count = s->n_said = 0;
    s->stream = (struct token_stream){ 0 };
    s->state = IDLE;
    s->was_fed = s->has_text = s->was_told = false;
    s->was_given = true;
}

void hearth_session_clear(struct hearth_session *s)
{
    session_forget(s);
    pthread_mutex_lock(&s->model->turn);
    sequence_leave(s->sequence);
    pthread_mutex_unlock(&s->model->turn);
}

void hearth_session_cancel(struct hearth_session *s)
{
    atomic_store(&s->cancelled, 1);
}

size_t session_n_tokens(const struct hearth_session *s)
{
    size_t n_tokens;
    prompt_lookup_tokens(s->lookup, &n_tokens);
    return n_tokens;
}

bool session_remember(struct hearth_session *s, token_id token, struct error *err)
{
    if (!sampler_accept(s->sampler, token) || !prompt_lookup_push(s->lookup, token))
        return fail_memory(err, sizeof token, "the tokens of a session");
    return true;
}

bool session_too_long(const struct hearth_session *s, size_t n_tokens, struct error *err)
{
    return fail(err, ERROR_CONTEXT, "the prompt has %zu tokens, the context has room for %" PRIu32,
                n_tokens, s->n_ctx);
}

static bool take_tokens(struct hearth_session *s, const struct token_list *tokens,
                        struct error *err)
{
    size_t total = session_n_tokens(s) + tokens->count;
    if (total > s->n_ctx)
        return session_too_long(s, total, err);
    for (size_t i = 0; i < tokens->count; i++)
        if (!session_remember(s, tokens->ids[i], err))
            return false;
    s->has_text = s->was_fed = true;
    return true;
}

static bool feed(struct hearth_session *s, struct slice text, struct error *err)
{
    const struct tokenizer *tokenizer = engine_tokenizer(s->model->engine);
    struct encode_options options = { .add_special = !s->has_text,
                                      .parse_special = true,
                                      .is_continued = s->has_text };
    struct token_list tokens = { 0 };
    bool ok =
        tokenizer_encode(tokenizer, text, options, &tokens, err) && take_tokens(s, &tokens, err);
    token_list_release(&tokens);
    return ok;
}

bool hearth_session_feed(struct hearth_session *s, const char *text, size_t length,
                         struct hearth_error *error)
{
    struct error err = { 0 };
    return feed(s, (struct slice){ text, length }, &err) || hearth_tell(error, &err);
}
