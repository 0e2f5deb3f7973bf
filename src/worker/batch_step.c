#include "worker/batch_step.h"

#include "base/clock.h"
#include "base/memory.h"
#include "runtime/session_steps.h"
#include "worker/step_plan.h"

struct batch_step {
    struct engine *engine; /* borrowed, and the next */
    struct outbox *outbox;
    struct step_pace pace;
    struct step_sums sums;
    /* [most] each, of the present step */
    size_t most;
    struct step_wish *wishes;
    struct choice **wishing;
    struct step_share *shares;
    struct session_part *parts;
    struct choice **taking;
    struct batch_item *items;
    size_t *part_of_item;
    size_t n_parts, n_items;
    uint32_t n_writing, prompt_rows, n_outputs;
};

bool batch_step_open(struct batch_step **out, struct engine *engine, struct outbox *outbox,
                     struct error *err)
{
    struct batch_step *s = memory_zeroed(1, sizeof *s);
    *out = s;
    if (!s)
        return fail_memory(err, sizeof *s, "steps");
    s->engine = engine;
    s->outbox = outbox;
    s->most = STEP_MOST_WISHES;
    s->wishes = memory_zeroed(s->most, sizeof *s->wishes);
    s->wishing = memory_zeroed(s->most, sizeof *s->wishing);
    s->shares = memory_zeroed(s->most, sizeof *s->shares);
    s->parts = memory_zeroed(s->most, sizeof *s->parts);
    s->taking = memory_zeroed(s->most, sizeof *s->taking);
    s->items = memory_zeroed(s->most, sizeof *s->items);
    s->part_of_item = memory_zeroed(s->most, sizeof *s->part_of_item);
    if (s->wishes && s->wishing && s->shares && s->parts && s->taking && s->items &&
        s->part_of_item)
        return true;
    batch_step_close(out);
    return fail_memory(err, STEP_MOST_WISHES * sizeof(struct session_part), "steps");
}

void batch_step_close(struct batch_step **step)
{
    struct batch_step *s = *step;
    if (!s)
        return;
    memory_free(s->wishes);
    memory_free(s->wishing);
    memory_free(s->shares);
    memory_free(s->parts);
    memory_free(s->taking);
    memory_free(s->items);
    memory_free(s->part_of_item);
    memory_free(s);
    *step = NULL;
}

struct step_sums batch_step_sums(const struct batch_step *step)
{
    return step->sums;
}

/* ---- what is told ---- */

static void end_choice(struct choice *choice)
{
    if (choice->state == CHOICE_OVER)
        return;
    choice->state = CHOICE_OVER;
    choice->job->n_over++;
    choice_yield(choice); /* its pages are of use to others before it is closed */
}

void batch_step_refuse(struct batch_step *s, struct job *job, const struct refusal *why)
{
    if (job->n_over < job->n_choices)
        job_tell_refusal(job, s->outbox, why);
    for (size_t i = 0; i < job->n_choices; i++)
        end_choice(&job->choices[i]);
}

static void refuse_error(struct batch_step *s, struct choice *choice, const struct error *err)
{
    struct refusal why = { .error = *err };
    batch_step_refuse(s, choice->job, &why);
}

static void refuse_unread(struct batch_step *s, struct choice *choice)
{
    struct refusal why = { 0 };
    (void)!refuse(&why, "internal", ERROR_IO, "the answer is not being read: too much of it waits");
    batch_step_refuse(s, choice->job, &why);
}

static void tell_news(struct batch_step *s, struct choice *choice)
{
    struct error err = { 0 };
    struct turn_event event;
    bool is_given = true;
    while (choice->state == CHOICE_RUNNING) {
        if (!turn_collect(choice->turn, &event, &is_given, &err)) {
            refuse_error(s, choice, &err);
            return;
        }
        if (!is_given)
            return;
        if (!choice_tell(choice, s->outbox, &event)) {
            refuse_unread(s, choice);
            return;
        }
        if (event.kind == TURN_DONE)
            end_choice(choice);
    }
}

/* What the answer has come to so far is told, with the reason. */
static void cancel_choice(struct batch_step *s, struct choice *choice)
{
    struct error err = { 0 };
    if (choice->state == CHOICE_OVER)
        return;
    if (choice->has_begun && choice->session) {
        choice->state = CHOICE_RUNNING;
        hearth_session_cancel(choice->session);
        if (session_offer(choice->session, 1, 1, &s->parts[0], &err))
            tell_news(s, choice);
    }
    end_choice(choice);
}

void batch_step_cancel(struct batch_step *s, struct job *job)
{
    for (size_t i = 0; i < job->n_choices; i++)
        cancel_choice(s, &job->choices[i]);
}

/* ---- who takes part ---- */

/* Choices of one prompt wait until the first has read it: then it is there for all of them. */
static bool waits_for_first(const struct choice *choice)
{
    const struct choice *first = &choice->job->choices[0];
    return choice != first && choice->session && !choice->has_begun &&
           first->state == CHOICE_RUNNING && choice_n_pending(first) > 1;
}

/* Tokens that a choice is planned with. One that begins beside the first has the last one left. */
static uint32_t expected_rows(const struct choice *choice)
{
    const struct choice *first = &choice->job->choices[0];
    bool is_read = choice != first && choice->session && !choice->has_begun &&
                   first->state == CHOICE_RUNNING && first->has_begun;
    return is_read ? 1 : (uint32_t)choice_n_pending(choice);
}

static size_t gather_wishes(struct batch_step *s, struct choice *const *choices, size_t n)
{
    uint64_t now = clock_ns();
    size_t count = 0;
    for (size_t i = 0; i < n && count < s->most; i++) {
        struct choice *c = choices[i];
        if (c->state != CHOICE_RUNNING || waits_for_first(c))
            continue;
        s->wishing[count] = c;
        s->wishes[count++] = (struct step_wish){
            .n_pending = expected_rows(c),
            .wants_every_row = c->embedding && embedding_wants_every_row(c->embedding),
            .is_batch = c->job->request.is_batch,
            .client_served = c->job->client->served,
            .rested_ns = now - (c->last_step_ns ? c->last_step_ns : c->job->arrived_ns),
            .age_ns = now - c->job->arrived_ns,
        };
    }
    return count;
}

static struct step_limits limits_of(const struct batch_step *s, size_t n_wishes)
{
    uint32_t n_writing = 0;
    for (size_t i = 0; i < n_wishes; i++)
        n_writing += s->wishes[i].n_pending == 1;
    return (struct step_limits){
        .most_rows = engine_max_batch_tokens(s->engine),
        .most_outputs = engine_max_outputs(s->engine),
        .most_prompt_rows = step_pace_rows(&s->pace, n_writing),
        .row_ns = (uint64_t)s->pace.row_ns,
    };
}

static bool begin(struct batch_step *s, struct choice *choice, struct error *err)
{
    if (choice->has_begun)
        return true;
    choice->has_begun = true;
    choice->begun_ns = clock_ns();
    if (choice->embedding) {
        s->sums.prompt_tokens += embedding_n_tokens(choice->embedding);
        return true;
    }
    struct choice *first = &choice->job->choices[0]; /* it has read the prompt, or is over */
    if (!session_begin_beside(choice->session, first == choice ? NULL : first->session, err))
        return false;
    uint32_t n_cached = session_n_cached(choice->session);
    if (choice->job->was_told)
        return true;
    s->sums.prompt_tokens += job_prompt_tokens(choice->job);
    s->sums.cached_tokens += n_cached;
    return job_tell_started(choice->job, s->outbox, n_cached) ||
           fail(err, ERROR_IO, "the answers of this model are not being read");
}

static bool offer(struct choice *choice, const struct step_share *share, struct session_part *part,
                  struct error *err)
{
    if (!choice->embedding)
        return session_offer(choice->session, share->rows, share->outputs, part, err);
    *part = (struct session_part){ 0 };
    embedding_offer(choice->embedding, share->rows, &part->item);
    return true;
}

/* Less of a prompt may be left to read than was planned with, since others had read it: it ends
 * with this step, and that takes an output. */
static bool has_outputs(struct batch_step *s, const struct batch_item *item)
{
    uint32_t wanted = item->wanted == LOGITS_ALL    ? item->n_tokens
                      : item->wanted == LOGITS_LAST ? 1
                                                    : 0;
    if (s->n_outputs + wanted > engine_max_outputs(s->engine))
        return false;
    s->n_outputs += wanted;
    return true;
}

static void add_part(struct batch_step *s, struct choice *choice, const struct step_share *share)
{
    struct error err = { 0 };
    struct session_part *part = &s->parts[s->n_parts];
    if (choice->state != CHOICE_RUNNING) /* its request failed a moment ago */
        return;
    if (!begin(s, choice, &err) || !offer(choice, share, part, &err)) {
        refuse_error(s, choice, &err);
        return;
    }
    if (part->item.n_tokens == 0) {
        tell_news(s, choice);
        return;
    }
    if (!has_outputs(s, &part->item)) /* the next step is soon enough */
        return;
    if (part->n_pending > 1 || s->wishes[share->wish].n_pending > 1)
        s->prompt_rows += part->item.n_tokens;
    else
        s->n_writing++;
    s->taking[s->n_parts++] = choice;
}

static void gather_parts(struct batch_step *s, struct choice *const *choices, size_t n)
{
    size_t n_wishes = gather_wishes(s, choices, n);
    struct step_limits limits = limits_of(s, n_wishes);
    size_t n_shares = step_plan(s->wishes, n_wishes, &limits, s->shares);
    s->n_parts = 0;
    s->n_writing = s->prompt_rows = s->n_outputs = 0;
    for (size_t i = 0; i < n_shares; i++)
        add_part(s, s->wishing[s->shares[i].wish], &s->shares[i]);
}

/* A request that failed while others were gathered has no part any more. Parts must stay where they
 * are. */
static void gather_items(struct batch_step *s)
{
    s->n_items = 0;
    for (size_t i = 0; i < s->n_parts; i++) {
        if (s->taking[i]->state != CHOICE_RUNNING)
            continue;
        s->items[s->n_items] = s->parts[i].item;
        s->part_of_item[s->n_items++] = i;
    }
}

/* ---- what came of it ---- */

static void settle_embedding(struct batch_step *s, struct choice *choice,
                             const struct batch_item *item)
{
    const struct job *job = choice->job;
    embedding_settle(choice->embedding, item);
    if (embedding_n_pending(choice->embedding))
        return;
    end_choice(choice);
    if (job->n_over == job->n_choices)
        job_tell_embeddings(job, s->outbox);
}

static void settle_session(struct batch_step *s, struct choice *choice, struct session_part *part,
                           uint64_t step_ns)
{
    struct error err = { 0 };
    size_t before = choice_n_tokens(choice);
    if (!session_settle(part, s->n_items == 1 ? step_ns : 0, &err)) {
        refuse_error(s, choice, &err);
        return;
    }
    s->sums.answer_tokens += choice_n_tokens(choice) - before;
    tell_news(s, choice);
}

static void settle(struct batch_step *s, size_t item, uint64_t step_ns)
{
    struct session_part *part = &s->parts[s->part_of_item[item]];
    struct choice *choice = s->taking[s->part_of_item[item]];
    if (choice->state != CHOICE_RUNNING)
        return;
    part->item = s->items[item];
    choice->last_step_ns = clock_ns();
    choice->job->client->served += part->item.n_tokens;
    if (choice->embedding)
        settle_embedding(s, choice, &part->item);
    else
        settle_session(s, choice, part, step_ns);
}

static void refuse_all(struct batch_step *s, const struct error *err)
{
    for (size_t i = 0; i < s->n_items; i++)
        refuse_error(s, s->taking[s->part_of_item[i]], err);
}

enum step_outcome batch_step_run(struct batch_step *s, struct choice *const *choices, size_t n,
                                 struct error *err)
{
    gather_parts(s, choices, n);
    gather_items(s);
    if (s->n_items == 0)
        return STEP_DONE;
    uint64_t start = clock_ns();
    bool ok = engine_step(s->engine, s->items, s->n_items, err);
    uint64_t step_ns = clock_ns() - start;
    if (!ok && (err->code == ERROR_BUDGET || err->code == ERROR_MEMORY))
        return STEP_NO_MEMORY;
    if (!ok) {
        refuse_all(s, err);
        return STEP_DONE;
    }
    s->sums.steps++;
    step_pace_measured(&s->pace, step_ns, s->n_writing, s->prompt_rows);
    for (size_t i = 0; i < s->n_items; i++)
        settle(s, i, step_ns);
    return STEP_DONE;
}
