/* hearth_script.c: sessions that are told what they hold and what they say. */
#include "runtime/hearth_script.h"

#include "runtime/hearth_session_private.h"

/* n >= 1 */
static bool hold(struct hearth_session *s, const token_id *tokens, size_t n, struct error *err)
{
    session_forget(s);
    for (size_t i = 0; i < n; i++)
        if (!session_remember(s, tokens[i], err)) {
            session_forget(s);
            return false;
        }
    s->has_text = s->was_fed = true;
    return true;
}

bool session_hold(struct hearth_session *s, const token_id *tokens, size_t n, struct error *err)
{
    speculation_init(&s->speculation);
    s->guesses = (struct guess_counts){ 0 };
    return session_prompt(s, tokens, n, err);
}

void session_follow(struct hearth_session *s, const token_id *script, token_id *own, size_t n)
{
    sampler_follow(s->sampler, script, own, n);
}

struct guess_counts session_guesses(const struct hearth_session *s)
{
    return s->guesses;
}

/* hearth_control.h */

const struct engine *model_engine(const struct hearth_model *model)
{
    return model->engine;
}

bool session_prompt(struct hearth_session *s, const token_id *tokens, size_t n, struct error *err)
{
    if (n == 0)
        return fail(err, ERROR_USAGE, "the prompt is empty");
    if (n > s->n_ctx)
        return session_too_long(s, n, err);
    return hold(s, tokens, n, err);
}

const token_id *session_tokens(const struct hearth_session *s, size_t *n)
{
    return prompt_lookup_tokens(s->lookup, n);
}

bool session_constrain(struct hearth_session *s, struct grammar *grammar, struct error *err)
{
    const struct constraint_tokens *tokens;
    constraint_close(&s->constraint);
    if (!grammar)
        return true;
    if (!hearth_model_tokens(s->model, &tokens, err)) {
        grammar_close(&grammar);
        return false;
    }
    return constraint_open(&s->constraint, grammar, tokens, err);
}

static bool set_list(struct token_list *list, const token_id *tokens, size_t n, struct error *err)
{
    list->count = 0;
    for (size_t i = 0; i < n; i++)
        if (!token_list_push(list, tokens[i]))
            return fail_memory(err, n * sizeof *tokens, "a list of tokens");
    return true;
}

bool session_show(struct hearth_session *s, const token_id *tokens, size_t n, struct error *err)
{
    return set_list(&s->shown, tokens, n, err);
}

bool session_is_whole(const struct hearth_session *s)
{
    return s->stream.n_pending == 0;
}

bool session_end_at(struct hearth_session *s, const token_id *tokens, size_t n, struct error *err)
{
    return set_list(&s->ends, tokens, n, err);
}

bool session_force(struct hearth_session *s, const token_id *tokens, size_t n, struct error *err)
{
    s->n_said = 0;
    return set_list(&s->forced, tokens, n, err);
}

void session_watch_by(struct hearth_session *s, session_watch *watch, void *context)
{
    s->watch = watch;
    s->watch_context = context;
}

struct stop_matcher *session_stop(struct hearth_session *s)
{
    return s->stop;
}
