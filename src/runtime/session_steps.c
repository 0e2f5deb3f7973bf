#include "runtime/session_steps.h"

#include "base/clock.h"
#include "runtime/hearth_session_private.h"

/* ---- beginning ---- */

/* What this or another session evaluated of the tokens need not be evaluated again, but the last
 * one, for its logits. */
static void take_over(struct hearth_session *s, struct hearth_session *other)
{
    size_t n_tokens;
    const token_id *tokens = prompt_lookup_tokens(s->lookup, &n_tokens);
    size_t n_wanted = n_tokens ? n_tokens - 1 : 0;
    if (s->n_evaluated >= n_wanted && s->n_evaluated == sequence_length(s->sequence))
        return;
    if (other)
        sequence_take_over_from(s->sequence, other->sequence, tokens, n_wanted);
    else
        sequence_take_over(s->sequence, tokens, n_wanted);
    s->n_evaluated = sequence_length(s->sequence);
}

bool session_begin(struct hearth_session *s, struct error *err)
{
    return session_begin_beside(s, NULL, err);
}

bool session_begin_beside(struct hearth_session *s, struct hearth_session *other, struct error *err)
{
    if (s->state != IDLE)
        return true;
    take_over(s, other);
    s->n_cached = (uint32_t)s->n_evaluated;
    return answer_begin(s, err);
}

size_t session_n_pending(const struct hearth_session *s)
{
    bool is_over = s->state == ENDING || (s->state == IDLE && !s->was_fed);
    return is_over ? 0 : session_n_tokens(s) - s->n_evaluated;
}

uint32_t session_n_cached(const struct hearth_session *s)
{
    return s->n_cached;
}

void session_yield(struct hearth_session *s)
{
    sequence_leave(s->sequence);
    s->n_evaluated = 0;
}

/* ---- offering ---- */

/* While the prompt waited or was read, others may have come further with one like it. */
static void catch_up(struct hearth_session *s)
{
    size_t before = s->n_evaluated;
    take_over(s, NULL);
    if (s->done.first_token_ns > 0 || before < s->n_cached)
        return; /* given back before: that was counted as evaluated */
    s->n_cached += (uint32_t)(s->n_evaluated - before);
    s->done.prompt_tokens -= (uint32_t)(s->n_evaluated - before);
}

/* What an answer told is gone when it goes on. */
static void let_go(struct hearth_session *s)
{
    if (!s->was_given)
        return;
    text_clear(&s->out);
    logprobs_clear(&s->logprobs);
    s->was_told = s->was_given = false;
}

/* Always false. */
static bool break_off(struct hearth_session *s)
{
    s->state = IDLE;
    s->was_given = true;
    return false;
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

/* Guesses at what follows `last`, the only pending token. */
static bool add_guesses(struct session_part *part, token_id last, size_t most, struct error *err)
{
    struct hearth_session *s = part->session;
    most = size_min(most, size_min((size_t)s->n_draft, SPECULATION_DEEPEST));
    most = size_min(most, answer_room(s, session_n_tokens(s)) - 1);
    if (most == 0 || s->n_said < s->forced.count)
        return true;
    if (!guess(s, most, &part->guess, err))
        return false;
    if (part->guess.n_tokens == 0)
        return true;
    part->single[0] = last;
    memcpy(part->single + 1, part->guess.tokens, part->guess.n_tokens * sizeof last);
    part->guess.tokens = part->single + 1; /* looked up, they live until the next token only */
    part->n_guessed = speculation_depth(&s->speculation, &s->model->costs, &part->guess);
    if (part->n_guessed > 0)
        part->item.tokens = part->single;
    return true;
}

static bool choose_tokens(struct session_part *part, size_t most_rows, size_t most_outputs,
                          struct error *err)
{
    struct hearth_session *s = part->session;
    const struct engine *engine = s->model->engine;
    most_rows = size_min(most_rows, engine_max_batch_tokens(engine));
    most_outputs = size_min(most_outputs, engine_max_outputs(engine));
    size_t n_tokens, n_pending;
    const token_id *pending = prompt_lookup_tokens(s->lookup, &n_tokens) + s->n_evaluated;
    n_pending = n_tokens - s->n_evaluated;
    part->n_pending = size_min(n_pending, most_rows);
    part->item.tokens = pending;
    if (n_pending == 1 &&
        !add_guesses(part, pending[0], size_min(most_rows, most_outputs) - 1, err))
        return false;
    part->item.n_tokens = (uint32_t)(part->n_pending + part->n_guessed);
    part->item.wanted = part->n_guessed                ? LOGITS_ALL
                        : part->n_pending == n_pending ? LOGITS_LAST
                                                       : LOGITS_NONE;
    return true;
}

bool session_offer(struct hearth_session *s, uint32_t most_rows, uint32_t most_outputs,
                   struct session_part *part, struct error *err)
{
    *part = (struct session_part){ .session = s, .item.sequence = s->sequence };
    bool ok = true;
    let_go(s);
    if (s->state == ANSWERING && atomic_load(&s->cancelled))
        ok = answer_end(s, HEARTH_CANCELLED, err);
    else if (s->state == ANSWERING && answer_is_at_limit(s))
        ok = answer_end(s, HEARTH_LENGTH, err);
    if (ok && s->state == ANSWERING) {
        catch_up(s);
        ok = choose_tokens(part, most_rows, most_outputs, err);
    }
    return ok || break_off(s);
}

/* ---- settling ---- */

/* What `first`, the token after the last one, and those after it that came true say of the guess.
 */
static void learn(const struct session_part *part, token_id first, size_t n_true)
{
    struct hearth_session *s = part->session;
    s->guesses.n_steps++;
    s->guesses.n_checked += part->n_guessed;
    s->guesses.n_true += n_true;
    if (part->n_guessed > 0)
        speculation_learned(&s->speculation, &part->guess, part->n_guessed, n_true);
    else if (part->guess.n_tokens > 0)
        speculation_learned(&s->speculation, &part->guess, 1, first == part->guess.tokens[0]);
}

/* Choose tokens for as long as the guesses come true; what was guessed wrong is forgotten. */
static bool take_answers(const struct session_part *part, struct error *err)
{
    struct hearth_session *s = part->session;
    size_t n_true = 0;
    token_id first = -1;
    bool ok = true;
    for (size_t i = 0; ok && i <= part->n_guessed && s->state == ANSWERING; i++) {
        token_id token = -1;
        const float *logits = part->item.logits + i * part->item.logits_stride;
        ok = answer_take_next(s, logits, answer_room(s, s->n_evaluated), &token, err);
        if (i == 0)
            first = token;
        if (!ok || s->state != ANSWERING || i == part->n_guessed || token != part->single[i + 1])
            break;
        n_true++;
        if (answer_is_at_limit(s)) /* counted as not evaluated, like any last token */
            break;
        s->n_evaluated++; /* by this step already */
    }
    sequence_truncate(s->sequence, (uint32_t)s->n_evaluated);
    learn(part, first, n_true);
    return ok;
}

bool session_settle(struct session_part *part, uint64_t step_ns, struct error *err)
{
    struct hearth_session *s = part->session;
    if (part->n_pending == 1 && step_ns > 0)
        step_costs_measured(&s->model->costs, part->item.n_tokens, step_ns);
    let_go(s);
    s->n_evaluated += part->n_pending;
    return part->item.wanted == LOGITS_NONE || take_answers(part, err) || break_off(s);
}

/* ---- telling ---- */

static bool has_news(const struct hearth_session *s)
{
    return s->out.length || s->was_told || s->state == ENDING;
}

bool session_collect(struct hearth_session *s, struct hearth_event *event)
{
    let_go(s);
    if (!has_news(s))
        return false;
    *event = s->done;
    event->context_tokens = (uint32_t)session_n_tokens(s);
    event->logprobs = logprobs_view(&s->logprobs, &event->n_logprobs);
    s->was_given = true;
    if (s->out.length || s->state == ANSWERING) {
        event->kind = HEARTH_TEXT;
        event->text = s->out.data;
        event->length = s->out.length;
        return true;
    }
    event->kind = HEARTH_DONE;
    s->state = IDLE;
    atomic_store(&s->cancelled, 0);
    return true;
}

/* ---- a session by itself ---- */

static bool step_alone(struct hearth_session *s, struct error *err)
{
    struct session_part part;
    struct engine *engine = s->model->engine;
    if (!session_offer(s, engine_max_batch_tokens(engine), engine_max_outputs(engine), &part, err))
        return false;
    if (part.item.n_tokens == 0)
        return true;
    uint64_t start = clock_ns();
    return engine_step(engine, &part.item, 1, err) &&
           session_settle(&part, clock_ns() - start, err);
}

static bool run_alone(struct hearth_session *s,
                      bool (*move)(struct hearth_session *, struct error *), struct error *err)
{
    pthread_mutex_lock(&s->model->turn);
    bool ok = move(s, err);
    pthread_mutex_unlock(&s->model->turn);
    return ok;
}

bool hearth_session_next(struct hearth_session *s, struct hearth_event *event,
                         struct hearth_error *error)
{
    struct error err = { 0 };
    let_go(s);
    if (s->state == IDLE && !run_alone(s, session_begin, &err))
        return hearth_tell(error, &err);
    while (!has_news(s))
        if (!run_alone(s, step_alone, &err)) {
            break_off(s);
            return hearth_tell(error, &err);
        }
    return session_collect(s, event);
}
