/* hearth_answer.c: how tokens become a session's answer. */
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

/* Let go of held-back bytes, unless a stop string ended the answer. */
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

bool answer_end(struct hearth_session *s, enum hearth_done_reason reason, struct error *err)
{
    return end_answer(s, reason, false, err);
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
        return answer_end(s, HEARTH_REPETITION, err);
    bool is_over = s->state == ANSWERING && s->constraint && constraint_is_over(s->constraint);
    return !is_over || answer_end(s, HEARTH_STOP, err);
}

static void note_time(struct hearth_session *s)
{
    uint64_t now = clock_ns() - s->started_ns;
    if (s->done.first_token_ns == 0)
        s->done.first_token_ns = s->done.prompt_ns = now;
    s->done.answer_ns = now - s->done.prompt_ns;
}

size_t answer_room(const struct hearth_session *s, size_t n_tokens)
{
    size_t room = s->n_ctx - n_tokens;
    if (s->n_predict >= 0)
        room = size_min(room, (size_t)s->n_predict - s->done.answer_tokens);
    return room;
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

bool answer_take_next(struct hearth_session *s, const float *logits, size_t room, token_id *token,
                      struct error *err)
{
    if (!choose(s, logits, s->is_looping ? 1 : room, token, err))
        return false;
    note_time(s);
    if (*token < 0)
        return answer_end(s, HEARTH_LENGTH, err);
    if (tokenizer_is_end(engine_tokenizer(s->model->engine), *token) || has_token(&s->ends, *token))
        return answer_end(s, HEARTH_STOP, err);
    if (s->n_logprobs >= 0 &&
        !logprobs_add(&s->logprobs, s->sampler, engine_tokenizer(s->model->engine), logits, *token,
                      (size_t)s->n_logprobs, err))
        return false;
    return take_token(s, *token, err);
}

bool answer_is_at_limit(const struct hearth_session *s)
{
    return session_n_tokens(s) >= s->n_ctx ||
           (s->n_predict >= 0 && s->done.answer_tokens >= (uint32_t)s->n_predict);
}

bool answer_begin(struct hearth_session *s, struct error *err)
{
    size_t n_pending = session_n_tokens(s) - s->n_evaluated;
    bool has_prompt = s->was_fed && n_pending;
    s->done = (struct hearth_event){ .reason = HEARTH_STOP, .prompt_tokens = (uint32_t)n_pending };
    s->started_ns = clock_ns();
    s->is_looping = false;
    if (s->repetition)
        repetition_clear(s->repetition);
    if (s->constraint)
        constraint_begin(s->constraint);
    if (has_prompt && s->constraint &&
        !constraint_check_room(s->constraint, answer_room(s, session_n_tokens(s)), err))
        return false; /* what was fed stays: with more room the answer may still come */
    s->state = has_prompt ? ANSWERING : ENDING;
    s->was_fed = false;
    return true;
}
