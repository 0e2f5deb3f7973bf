/* hearth_answer.c: how a session's answer is generated, step by step. */
#include "base/clock.h"
#include "runtime/hearth_session_private.h"

/* The watcher learns what became certain; false: it failed. */
static bool tell_watcher(struct hearth_session *s, bool is_last, struct error *err)
{
    enum watch_verdict verdict = s->watch(s->watch_context, text_slice(&s->decoded), is_last, err);
    s->was_told = true;
    if (verdict == WATCH_END && s->state == ANSWERING) {
        s->state = ENDING;
        s->done.reason = HEARTH_STOP;
    }
    return verdict != WATCH_FAIL;
}

/* The answer ends: let go of held-back bytes. */
static bool end_answer(struct hearth_session *s, enum hearth_done_reason reason, bool by_string,
                       struct error *err)
{
    int matched;
    s->state = ENDING;
    s->done.reason = s->is_looping && reason != HEARTH_CANCELLED ? HEARTH_REPETITION : reason;
    text_clear(&s->decoded);
    s->stream.keeps_spaces = false;
    bool ok = by_string || token_stream_finish(&s->stream, &s->decoded);
    if (ok && s->watch)
        return tell_watcher(s, true, err);
    ok = ok && (by_string || (stop_feed(s->stop, text_slice(&s->decoded), &s->out, &matched) &&
                              stop_finish(s->stop, &s->out)));
    stop_clear(s->stop);
    return ok || fail_memory(err, s->decoded.length, "an answer's text");
}

static bool has_token(const struct token_list *list, token_id token)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->ids[i] == token)
            return true;
    return false;
}

/* What is certain of the answer goes to the watcher, or, but for stop strings, into the event. */
static bool give_text(struct hearth_session *s, struct error *err)
{
    int matched;
    if (s->watch)
        return tell_watcher(s, false, err);
    if (!stop_feed(s->stop, text_slice(&s->decoded), &s->out, &matched))
        return fail_memory(err, s->decoded.length, "an answer's text");
    return matched < 0 || end_answer(s, HEARTH_STOP, true, err);
}

/* Take a token that is part of the answer into text. */
static bool take_token(struct hearth_session *s, token_id token, struct error *err)
{
    const struct tokenizer *tokenizer = engine_tokenizer(s->model->engine);
    s->done.answer_tokens++;
    if (!session_remember(s, token, err) ||
        (s->constraint && !constraint_accept(s->constraint, token, err)))
        return false;
    if (!token_list_push(&s->pending, token))
        return fail_memory(err, sizeof token, "an answer's tokens");
    text_clear(&s->decoded);
    s->stream.is_continued = true;          /* after the prompt */
    s->stream.keeps_spaces = s->constraint; /* its text is what the grammar says */
    if (!token_stream_next(tokenizer, &s->stream, token, has_token(&s->shown, token), &s->decoded,
                           err) ||
        !give_text(s, err))
        return false;
    if (s->state == ANSWERING && s->repetition && repetition_push(s->repetition, token))
        s->is_looping = true;
    if (s->state == ANSWERING && s->is_looping && !s->constraint)
        return end_answer(s, HEARTH_REPETITION, false, err);
    bool is_over = s->state == ANSWERING && s->constraint && constraint_is_over(s->constraint);
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
    if (s->pending.count != 1 || s->n_draft == 0 || s->n_said < s->forced.count)
        return true;
    size_t most = size_min((size_t)s->n_draft, room_after(s, session_n_tokens(s)) - 1);
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

/* The token that is to come, by whoever decides. */
static bool choose(struct hearth_session *s, const float *logits, size_t room, token_id *token,
                   struct error *err)
{
    if (s->n_said < s->forced.count) {
        *token = s->forced.ids[s->n_said++];
        return true;
    }
    return s->constraint ? constraint_pick(s->constraint, s->sampler, logits, room, token, err)
                         : sampler_pick(s->sampler, logits, NULL, token, NULL, err);
}

/* One more token of the answer, from its logits, when there is `room` for it; afterwards the answer
 * may have ended. */
static bool take_next(struct hearth_session *s, const float *logits, size_t room, token_id *token,
                      struct error *err)
{
    if (!choose(s, logits, s->is_looping ? 1 : room, token, err))
        return false;
    note_time(s);
    if (*token < 0)
        return end_answer(s, HEARTH_LENGTH, false, err);
    if (tokenizer_is_end(engine_tokenizer(s->model->engine), *token) || has_token(&s->ends, *token))
        return end_answer(s, HEARTH_STOP, false, err);
    if (s->n_logprobs >= 0 &&
        !logprobs_add(&s->logprobs, s->sampler, engine_tokenizer(s->model->engine), logits, *token,
                      (size_t)s->n_logprobs, err))
        return false;
    return take_token(s, *token, err);
}

static bool is_at_limit(const struct hearth_session *s)
{
    return session_n_tokens(s) >= s->n_ctx ||
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
    s->is_looping = false;
    if (s->repetition)
        repetition_clear(s->repetition);
    if (s->constraint)
        constraint_begin(s->constraint);
    if (has_prompt && s->constraint &&
        !constraint_check_room(s->constraint, room_after(s, session_n_tokens(s)), err))
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
    logprobs_clear(&s->logprobs);
    if (s->state == IDLE && !begin_answer(s, &err))
        return hearth_tell(error, &err);
    s->was_told = false;
    while (s->state == ANSWERING && s->out.length == 0 && !s->was_told)
        if (!advance(s, &err)) {
            s->state = IDLE;
            return hearth_tell(error, &err);
        }
    *event = s->done;
    event->context_tokens = (uint32_t)session_n_tokens(s);
    event->logprobs = logprobs_view(&s->logprobs, &event->n_logprobs);
    if (s->out.length || s->state == ANSWERING) {
        event->kind = HEARTH_TEXT;
        event->text = s->out.data;
        event->length = s->out.length;
        return true;
    }
    s->state = IDLE;
    atomic_store(&s->cancelled, 0);
    return true;
}
