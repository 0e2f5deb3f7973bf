/* hearth_session.c: the public interface's sessions (include/hearth.h) over sequence, sampler, stop
 * strings and tokenizer. */
#include "base/clock.h"
#include "base/memory.h"
#include "runtime/grammar/gbnf.h"
#include "runtime/hearth_private.h"
#include "runtime/prompt_lookup.h"
#include "runtime/sampler.h"
#include "runtime/sequence.h"
#include "runtime/hearth_script.h"
#include "runtime/speculation.h"
#include "runtime/stop.h"

#include <stdatomic.h>

/* An answer's text between two events is a few tokens long; a token's text is bounded by its file.
 */
enum { EVENT_LIMIT = 64 << 20 };

enum session_state { IDLE, ANSWERING, ENDING };

struct hearth_session {
    struct hearth_model *model; /* borrowed */
    struct sequence *sequence;
    struct sampler *sampler;
    struct stop_matcher *stop;
    struct constraint *constraint; /* NULL: answers are free */
    struct prompt_lookup *lookup;
    struct speculation speculation;
    struct token_stream stream;
    struct token_list pending; /* fed or sampled, not evaluated yet */
    struct text decoded, out;  /* of the present event */
    enum session_state state;
    bool was_fed;  /* since the last answer */
    bool has_text; /* anything at all was fed: no beginning token any more */
    _Atomic int cancelled;
    uint32_t n_ctx;
    int32_t n_predict, n_draft;
    uint64_t started_ns;
    struct hearth_event done; /* counts of the present answer */
    struct guess_counts guesses;
};

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

/* What `options` ask for, in the place of what the session has, if it can be had. */
static bool set_choices(struct hearth_session *s, const struct hearth_session_options *o,
                        struct error *err)
{
    struct engine *engine = s->model->engine;
    struct sampler *sampler = NULL;
    struct stop_matcher *stop = NULL;
    struct constraint *constraint = NULL;
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
    };
    size_t n_stop =
        size_min(o->n_stop, STOP_MOST_STRINGS + 1); /* one too many: stop_open says so */
    struct slice stops[STOP_MOST_STRINGS + 1];
    for (size_t i = 0; i < n_stop; i++)
        stops[i] = slice_of(o->stop[i]);
    if (!sampler_open(&sampler, &sampling, (size_t)engine_config(engine)->n_vocab,
                      engine_kernels(engine), err) ||
        !stop_open(&stop, stops, n_stop, err) || !open_constraint(&constraint, s->model, o, err)) {
        sampler_close(&sampler);
        stop_close(&stop);
        return false;
    }
    sampler_close(&s->sampler);
    stop_close(&s->stop);
    constraint_close(&s->constraint);
    s->sampler = sampler;
    s->stop = stop;
    s->constraint = constraint;
    s->n_predict = o->n_predict;
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
    pthread_mutex_lock(&model->turn);
    bool ok = s->lookup || fail_memory(&err, sizeof *s, "a session");
    ok = ok && sequence_open(&s->sequence, model->engine, &err) && set_choices(s, o, &err);
    pthread_mutex_unlock(&model->turn);
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
    token_list_release(&s->pending);
    text_release(&s->decoded);
    text_release(&s->out);
    memory_free(s);
    *session = NULL;
}

/* Forget all but the first n_kept tokens that were evaluated. */
static void forget(struct hearth_session *s, size_t n_kept)
{
    pthread_mutex_lock(&s->model->turn);
    sequence_truncate(s->sequence, (uint32_t)n_kept);
    pthread_mutex_unlock(&s->model->turn);
    sampler_clear(s->sampler);
    stop_clear(s->stop);
    prompt_lookup_clear(s->lookup);
    s->pending.count = 0;
    s->stream = (struct token_stream){ 0 };
    s->state = IDLE;
    s->was_fed = s->has_text = false;
}

void hearth_session_clear(struct hearth_session *s)
{
    forget(s, 0);
}

void hearth_session_cancel(struct hearth_session *s)
{
    atomic_store(&s->cancelled, 1);
}

/* Tokens of the session, evaluated or not. */
static size_t total_tokens(const struct hearth_session *s)
{
    return sequence_length(s->sequence) + s->pending.count;
}

/* The session goes on with `token`: tell those who remember. */
static bool remember(struct hearth_session *s, token_id token, struct error *err)
{
    if (!sampler_accept(s->sampler, token) || !prompt_lookup_push(s->lookup, token))
        return fail_memory(err, sizeof token, "the tokens of a session");
    return true;
}

static bool feed(struct hearth_session *s, struct slice text, struct error *err)
{
    const struct tokenizer *tokenizer = engine_tokenizer(s->model->engine);
    struct encode_options options = { .add_special = !s->has_text, .parse_special = true };
    size_t before = s->pending.count;
    if (!tokenizer_encode(tokenizer, text, options, &s->pending, err)) {
        s->pending.count = before;
        return false;
    }
    size_t total = total_tokens(s);
    if (total > s->n_ctx) {
        s->pending.count = before;
        return fail(err, ERROR_CONTEXT,
                    "the prompt has %zu tokens, the context has room for %" PRIu32, total,
                    s->n_ctx);
    }
    for (size_t i = before; i < s->pending.count; i++)
        if (!remember(s, s->pending.ids[i], err))
            return false;
    s->has_text = s->was_fed = true;
    return true;
}

bool hearth_session_feed(struct hearth_session *s, const char *text, size_t length,
                         struct hearth_error *error)
{
    struct error err = { 0 };
    return feed(s, (struct slice){ text, length }, &err) || hearth_tell(error, &err);
}

/* The answer ends: let go of held-back bytes. */
static bool end_answer(struct hearth_session *s, enum hearth_done_reason reason, bool by_string,
                       struct error *err)
{
    int matched;
    s->state = ENDING;
    s->done.reason = reason;
    text_clear(&s->decoded);
    s->stream.keeps_spaces = false;
    bool ok = by_string || (token_stream_finish(&s->stream, &s->decoded) &&
                            stop_feed(s->stop, text_slice(&s->decoded), &s->out, &matched) &&
                            stop_finish(s->stop, &s->out));
    stop_clear(s->stop);
    return ok || fail_memory(err, s->decoded.length, "an answer's text");
}

/* Take a token that is part of the answer into text. */
static bool take_token(struct hearth_session *s, token_id token, struct error *err)
{
    const struct tokenizer *tokenizer = engine_tokenizer(s->model->engine);
    s->done.answer_tokens++;
    if (!remember(s, token, err) ||
        (s->constraint && !constraint_accept(s->constraint, token, err)))
        return false;
    if (!token_list_push(&s->pending, token))
        return fail_memory(err, sizeof token, "an answer's tokens");
    text_clear(&s->decoded);
    s->stream.is_continued = true;          /* after the prompt */
    s->stream.keeps_spaces = s->constraint; /* its text is what the grammar says */
    if (!token_stream_next(tokenizer, &s->stream, token, false, &s->decoded, err))
        return false;
    int matched;
    if (!stop_feed(s->stop, text_slice(&s->decoded), &s->out, &matched))
        return fail_memory(err, s->decoded.length, "an answer's text");
    if (matched >= 0)
        return end_answer(s, HEARTH_STOP, true, err);
    bool is_over = s->constraint && constraint_is_over(s->constraint);
    return !is_over || end_answer(s, HEARTH_STOP, false, err);
}

static void note_time(struct hearth_session *s)
{
    uint64_t now = clock_ns() - s->started_ns;
    if (s->done.first_token_ns == 0)
        s->done.first_token_ns = s->done.prompt_ns = now;
    s->done.answer_ns = now - s->done.prompt_ns;
}

/* The tokens of one step: what is pending, and guesses at what follows. */
struct step_tokens {
    token_id single[1 + SPECULATION_DEEPEST]; /* the last token and the guess */
    const token_id *tokens;                   /* `single` when some are checked, else s->pending */
    size_t n_pending, n_guessed;              /* n_guessed: how many are checked */
    struct lookup_guess guess;                /* n_tokens = 0: none */
};

/* Tokens that may still be added, to n_tokens of the session, before the answer or the context
 * ends. */
static size_t room_after(const struct hearth_session *s, size_t n_tokens)
{
    size_t room = s->n_ctx - n_tokens;
    if (s->n_predict >= 0)
        room = size_min(room, (size_t)s->n_predict - s->done.answer_tokens);
    return room;
}

/* A guess that the answer's grammar forbids is none. */
static bool guess(struct hearth_session *s, size_t most, struct lookup_guess *out,
                  struct error *err)
{
    *out = prompt_lookup_guess(s->lookup, most);
    if (!s->constraint || out->n_tokens == 0)
        return true;
    return constraint_peek(s->constraint, out->tokens, out->n_tokens, &out->n_tokens, err);
}

static bool choose_tokens(struct hearth_session *s, struct step_tokens *t, struct error *err)
{
    *t = (struct step_tokens){ .tokens = s->pending.ids };
    t->n_pending = size_min(s->pending.count, engine_max_batch_tokens(s->model->engine));
    if (s->pending.count != 1 || s->n_draft == 0)
        return true;
    size_t most = size_min((size_t)s->n_draft, room_after(s, total_tokens(s)) - 1);
    most = size_min(most, engine_max_outputs(s->model->engine) - 1);
    most = size_min(most, SPECULATION_DEEPEST);
    if (!guess(s, most, &t->guess, err))
        return false;
    if (t->guess.n_tokens == 0)
        return true;
    t->single[0] = s->pending.ids[0];
    memcpy(t->single + 1, t->guess.tokens, t->guess.n_tokens * sizeof(token_id));
    t->guess.tokens = t->single + 1; /* what was looked up lives until the next token only */
    t->n_guessed = speculation_depth(&s->speculation, &s->model->costs, &t->guess);
    if (t->n_guessed > 0)
        t->tokens = t->single;
    return true;
}

/* One more token of the answer, from its logits, when there is `room` for it; afterwards the answer
 * may have ended. */
static bool take_next(struct hearth_session *s, const float *logits, size_t room, token_id *token,
                      struct error *err)
{
    bool ok = s->constraint ? constraint_pick(s->constraint, s->sampler, logits, room, token, err)
                            : sampler_pick(s->sampler, logits, NULL, token, NULL, err);
    if (!ok)
        return false;
    note_time(s);
    if (*token < 0)
        return end_answer(s, HEARTH_LENGTH, false, err);
    if (tokenizer_is_end(engine_tokenizer(s->model->engine), *token))
        return end_answer(s, HEARTH_STOP, false, err);
    return take_token(s, *token, err);
}

static bool is_at_limit(const struct hearth_session *s)
{
    return total_tokens(s) >= s->n_ctx ||
           (s->n_predict >= 0 && s->done.answer_tokens >= (uint32_t)s->n_predict);
}

/* What `first`, the token after the last one, and those after it that came true say of the guess.
 */
static void learn(struct hearth_session *s, const struct step_tokens *t, token_id first,
                  size_t n_true)
{
    s->guesses.n_steps++;
    s->guesses.n_checked += t->n_guessed;
    s->guesses.n_true += n_true;
    if (t->n_guessed > 0)
        speculation_learned(&s->speculation, &t->guess, t->n_guessed, n_true);
    else if (t->guess.n_tokens > 0)
        speculation_learned(&s->speculation, &t->guess, 1, first == t->guess.tokens[0]);
}

/* Choose tokens for as long as the guesses come true; what was guessed wrong is forgotten. */
static bool take_answers(struct hearth_session *s, const struct step_tokens *t,
                         const struct batch_item *item, struct error *err)
{
    uint32_t length = sequence_length(s->sequence) - (uint32_t)t->n_guessed;
    size_t n_true = 0;
    token_id first = -1;
    bool ok = true;
    for (size_t i = 0; ok && i <= t->n_guessed && s->state == ANSWERING; i++) {
        token_id token = -1;
        ok = take_next(s, item->logits + i * item->logits_stride, room_after(s, length), &token,
                       err);
        if (i == 0)
            first = token;
        if (!ok || s->state != ANSWERING || i == t->n_guessed || token != t->single[i + 1])
            break;
        n_true++;
        if (is_at_limit(s)) /* counted as not evaluated, like any last token */
            break;
        s->pending.count = 0; /* evaluated by this step already */
        length++;
    }
    sequence_truncate(s->sequence, length);
    learn(s, t, first, n_true);
    return ok;
}

static bool run_step(struct hearth_session *s, struct error *err)
{
    struct step_tokens t;
    pthread_mutex_lock(&s->model->turn);
    if (!choose_tokens(s, &t, err)) {
        pthread_mutex_unlock(&s->model->turn);
        return false;
    }
    bool is_last = t.n_pending == s->pending.count;
    struct batch_item item = { .sequence = s->sequence,
                               .tokens = t.tokens,
                               .n_tokens = (uint32_t)(t.n_pending + t.n_guessed),
                               .wanted = t.n_guessed ? LOGITS_ALL
                                         : is_last   ? LOGITS_LAST
                                                     : LOGITS_NONE };
    uint64_t start = clock_ns();
    bool ok = engine_step(s->model->engine, &item, 1, err);
    if (ok) {
        if (t.n_pending == 1)
            step_costs_measured(&s->model->costs, item.n_tokens, clock_ns() - start);
        memmove(s->pending.ids, s->pending.ids + t.n_pending,
                (s->pending.count - t.n_pending) * sizeof(token_id));
        s->pending.count -= t.n_pending;
        ok = !is_last || take_answers(s, &t, &item, err);
    }
    pthread_mutex_unlock(&s->model->turn);
    return ok;
}

static bool advance(struct hearth_session *s, struct error *err)
{
    if (atomic_load(&s->cancelled))
        return end_answer(s, HEARTH_CANCELLED, false, err);
    if (is_at_limit(s))
        return end_answer(s, HEARTH_LENGTH, false, err);
    return run_step(s, err);
}

static bool begin_answer(struct hearth_session *s, struct error *err)
{
    bool has_prompt = s->was_fed && s->pending.count;
    s->done =
        (struct hearth_event){ .kind = HEARTH_DONE, .prompt_tokens = (uint32_t)s->pending.count };
    s->done.reason = HEARTH_STOP;
    s->started_ns = clock_ns();
    if (s->constraint)
        constraint_begin(s->constraint);
    if (has_prompt && s->constraint &&
        !constraint_check_room(s->constraint, room_after(s, total_tokens(s)), err))
        return false; /* what was fed stays: with more room the answer may still come */
    s->state = has_prompt ? ANSWERING : ENDING;
    s->was_fed = false;
    return true;
}

bool hearth_session_next(struct hearth_session *s, struct hearth_event *event,
                         struct hearth_error *error)
{
    struct error err = { 0 };
    text_clear(&s->out);
    if (s->state == IDLE && !begin_answer(s, &err))
        return hearth_tell(error, &err);
    while (s->state == ANSWERING && s->out.length == 0)
        if (!advance(s, &err)) {
            s->state = IDLE;
            return hearth_tell(error, &err);
        }
    *event = s->done;
    event->context_tokens = (uint32_t)total_tokens(s);
    if (s->out.length) {
        event->kind = HEARTH_TEXT;
        event->text = s->out.data;
        event->length = s->out.length;
        return true;
    }
    s->state = IDLE;
    atomic_store(&s->cancelled, 0);
    return true;
}

/* hearth_script.h */

bool session_hold(struct hearth_session *s, const token_id *tokens, size_t n, size_t n_kept,
                  struct error *err)
{
    if (n == 0 || n > s->n_ctx)
        return fail(err, ERROR_CONTEXT, "%zu tokens to hold, 1 to %" PRIu32 " are possible", n,
                    s->n_ctx);
    size_t n_evaluated = size_min(size_min(n_kept, n - 1), sequence_length(s->sequence));
    forget(s, n_evaluated);
    for (size_t i = 0; i < n; i++)
        if ((i >= n_evaluated && !token_list_push(&s->pending, tokens[i])) ||
            !remember(s, tokens[i], err))
            return fail_memory(err, n * sizeof *tokens, "the tokens of a session");
    speculation_init(&s->speculation);
    s->guesses = (struct guess_counts){ 0 };
    s->has_text = s->was_fed = true;
    return true;
}

bool session_copy(struct hearth_session *to, const struct hearth_session *from, struct error *err)
{
    pthread_mutex_lock(&to->model->turn);
    bool ok = sequence_copy(to->sequence, from->sequence, err);
    pthread_mutex_unlock(&to->model->turn);
    return ok;
}

void session_follow(struct hearth_session *s, const token_id *script, token_id *own, size_t n)
{
    sampler_follow(s->sampler, script, own, n);
}

struct guess_counts session_guesses(const struct hearth_session *s)
{
    return s->guesses;
}
