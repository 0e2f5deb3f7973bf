#include "worker/job.h"

#include "base/clock.h"
#include "base/interruption.h"
#include "base/memory.h"
#include "worker/answer_frames.h"
#include "runtime/hearth_control.h"
#include "runtime/session_steps.h"
#include "worker/instant_answer.h"

#include <stdio.h>

bool job_new(struct job **out, uint64_t id, struct slice payload, struct error *err)
{
    struct job *job = memory_zeroed(1, sizeof *job);
    *out = job;
    if (!job)
        return fail_memory(err, sizeof *job, "a request");
    job->id = id;
    job->arrived_ns = clock_ns();
    text_init(&job->payload, FRAME_MOST_BYTES);
    if (text_append_slice(&job->payload, payload))
        return true;
    job_free(out);
    return fail_memory(err, payload.length, "a request");
}

void job_free(struct job **job)
{
    struct job *j = *job;
    if (!j)
        return;
    for (size_t i = 0; i < j->n_choices; i++) {
        embedding_close(&j->choices[i].embedding);
        turn_close(&j->choices[i].turn);
        hearth_session_close(&j->choices[i].session);
    }
    memory_free(j->choices);
    made_prompt_release(&j->prompt);
    worker_request_release(&j->request);
    text_release(&j->payload);
    memory_free(j);
    *job = NULL;
}

size_t job_prompt_tokens(const struct job *job)
{
    return job->prompt.prompt.tokens.count;
}

size_t choice_n_tokens(const struct choice *choice)
{
    size_t n;
    if (choice->embedding)
        return embedding_n_tokens(choice->embedding);
    (void)session_tokens(choice->session, &n);
    return n;
}

size_t choice_n_pending(const struct choice *choice)
{
    if (choice->embedding)
        return embedding_n_pending(choice->embedding);
    return choice->has_begun ? session_n_pending(choice->session) : job_prompt_tokens(choice->job);
}

void choice_yield(struct choice *choice)
{
    if (choice->embedding)
        embedding_yield(choice->embedding);
    else
        session_yield(choice->session);
}

/* ---- preparing ---- */

static uint32_t context_limit(const struct worker_model *model, const struct worker_request *r)
{
    uint32_t granted = atomic_load(&model->n_ctx);
    return r->n_ctx && r->n_ctx < granted ? r->n_ctx : granted;
}

/* Choices of one request have seeds one after another. */
static struct hearth_session_options session_options(const struct job *job, uint16_t number)
{
    struct hearth_session_options options = job->request.session;
    options.n_ctx = job->n_ctx;
    if (options.seed >= 0)
        options.seed = (int64_t)(((uint64_t)options.seed + number) & INT64_MAX);
    return options;
}

static struct turn_options turn_options(const struct job *job)
{
    const struct turn_wish *wish = &job->request.turn;
    struct turn_options options = turn_defaults();
    options.tools = made_prompt_tools(&job->prompt);
    options.choice = wish->choice;
    options.tool = wish->tool;
    options.is_parallel = wish->is_parallel;
    options.think = job->prompt.think;
    options.thinking_budget = wish->thinking_budget;
    if (job->request.format.length)
        options.format = text_slice(&job->request.format);
    if (job->request.grammar.length)
        options.grammar = job->request.grammar;
    return options;
}

static bool open_choice(struct choice *choice, const struct worker_model *model,
                        const struct turn_options *turn, struct error *err)
{
    struct hearth_error problem = { 0 };
    struct job *job = choice->job;
    struct hearth_session_options options = session_options(job, choice->number);
    if (!hearth_session_open(&choice->session, model->model, &options, &problem))
        return fail(err, (enum error_code)problem.code, "%s", problem.message);
    return turn_open(&choice->turn, job->prompt.dialogue, choice->session, &job->prompt.prompt,
                     turn, err);
}

static bool check_biases(const struct worker_request *r, const struct worker_model *model,
                         struct error *err)
{
    for (size_t i = 0; i < r->session.n_logit_bias; i++)
        if ((size_t)r->bias[i].token >= model->n_vocab)
            return fail(err, ERROR_USAGE, "'logit_bias' of token %" PRId32 ", but there are %zu",
                        r->bias[i].token, model->n_vocab);
    return true;
}

static bool make_choices(struct job *job, size_t n, struct error *err)
{
    job->choices = memory_zeroed(n, sizeof *job->choices);
    if (!job->choices)
        return fail_memory(err, n * sizeof *job->choices, "choices");
    job->n_choices = n;
    for (size_t i = 0; i < n; i++)
        job->choices[i] = (struct choice){ .job = job, .number = (uint16_t)i };
    return true;
}

/* All of them are held to one grammar. */
static bool open_choices(struct job *job, const struct worker_model *model,
                         struct grammar_cache *grammars, struct error *err)
{
    struct turn_options turn = turn_options(job);
    struct answer_form form = turn_form(job->prompt.dialogue, &job->prompt.prompt, &turn);
    bool ok = make_choices(job, job->request.n_choices, err) &&
              grammar_cache_grammar(grammars, &turn.limits, &form, err);
    for (size_t i = 0; ok && i < job->n_choices; i++)
        ok = interruption_check(err) && open_choice(&job->choices[i], model, &turn, err);
    grammar_close(&turn.limits);
    return ok;
}

static bool prepare_answers(struct job *job, const struct worker_model *model,
                            struct grammar_cache *grammars, struct refusal *why)
{
    job->n_ctx = context_limit(model, &job->request);
    return check_biases(&job->request, model, &why->error) &&
           made_prompt_open(&job->prompt, model, &job->request, job->n_ctx, why) &&
           open_choices(job, model, grammars, &why->error);
}

/* ---- embeddings ---- */

static bool read_input(struct token_list *out, const struct json *input,
                       const struct worker_model *model, struct error *err)
{
    struct encode_options options = { .add_special = true, .parse_special = true };
    if (json_kind(input) == JSON_KIND_ARRAY)
        return worker_request_ids(out, input, model->n_vocab, err);
    if (json_kind(input) != JSON_KIND_STRING)
        return fail(err, ERROR_USAGE, "it must be a text or an array of token ids");
    return tokenizer_encode(model->tokenizer, json_text(input), options, out, err);
}

/* What is too long loses its end, but for the token that ends a text. */
static bool fit_input(struct token_list *tokens, const struct worker_model *model, uint32_t n_ctx,
                      bool truncates, struct refusal *why)
{
    size_t n = tokens->count;
    if (n == 0)
        return refuse(why, "invalid", ERROR_USAGE, "it is empty");
    if (n <= n_ctx)
        return true;
    if (!truncates || n_ctx == 0)
        return refuse_length(why, n, n_ctx);
    token_id last = tokens->ids[n - 1];
    tokens->count = n_ctx;
    if (tokenizer_is_end(model->tokenizer, last))
        tokens->ids[n_ctx - 1] = last;
    return true;
}

static bool open_input(struct choice *choice, const struct worker_model *model,
                       enum pooling pooling, uint32_t n_ctx, struct refusal *why)
{
    struct token_list tokens = { 0 };
    const struct worker_request *r = &choice->job->request;
    struct engine *engine = model_stepped_engine(model->model);
    bool ok = read_input(&tokens, json_at(r->input, choice->number), model, &why->error) &&
              fit_input(&tokens, model, n_ctx, r->truncates, why) &&
              embedding_open(&choice->embedding, engine, &tokens, pooling, &why->error);
    token_list_release(&tokens);
    return ok || fail_while(&why->error, "input %d", choice->number + 1);
}

/* So that the result fits a frame, at 16 bytes a number. */
static bool check_inputs(const struct worker_request *r, const struct worker_model *model,
                         struct error *err)
{
    size_t n_embd = (size_t)engine_config(model->engine)->n_embd;
    size_t most = size_min(REQUEST_MOST_INPUTS, FRAME_MOST_BYTES / (16 * n_embd));
    return (json_size(r->input) > 0 && json_size(r->input) <= most) ||
           fail(err, ERROR_USAGE, "%zu inputs, from 1 to %zu are possible", json_size(r->input),
                most);
}

static bool prepare_embeddings(struct job *job, const struct worker_model *model,
                               struct refusal *why)
{
    enum pooling pooling;
    bool is_declared;
    job->n_ctx = context_limit(model, &job->request);
    if (!check_inputs(&job->request, model, &why->error) ||
        !pooling_of_model(&pooling, &is_declared, model->engine, &why->error) ||
        !make_choices(job, json_size(job->request.input), &why->error))
        return false;
    for (size_t i = 0; i < job->n_choices; i++)
        if (!open_input(&job->choices[i], model, pooling, job->n_ctx, why))
            return false;
    return true;
}

static bool answer_now(const struct job *job, const struct worker_model *model,
                       struct outbox *outbox, struct refusal *why)
{
    struct text result;
    text_init(&result, FRAME_MOST_BYTES);
    bool ok =
        instant_answer_write(&result, model, &job->request, why) && interruption_check(&why->error);
    if (ok)
        outbox_add_last(outbox, &(struct frame){ .kind = FRAME_RESULT,
                                                 .request = job->id,
                                                 .payload = text_slice(&result) });
    text_release(&result);
    return ok;
}

static bool is_dry_run(const struct job *job)
{
    enum request_kind kind = job->request.kind;
    return job->request.is_dry_run && (kind == REQUEST_CHAT || kind == REQUEST_GENERATE);
}

/* A request that could be answered, but was only to be checked. */
static void tell_checked(const struct job *job, struct outbox *outbox)
{
    char json[128];
    int length =
        snprintf(json, sizeof json,
                 "{\"n_ctx\":%" PRIu32 ",\"prompt_tokens\":%zu,\"truncated_tokens\":%" PRIu32 "}",
                 job->n_ctx, job_prompt_tokens(job), job->prompt.n_truncated);
    outbox_add_last(outbox, &(struct frame){ .kind = FRAME_RESULT,
                                             .request = job->id,
                                             .payload = { json, (size_t)length } });
}

static bool read_request(struct job *job, struct error *err)
{
    bool ok = worker_request_open(&job->request, text_slice(&job->payload), err);
    text_release(&job->payload);
    return ok;
}

void job_prepare(struct job *job, const struct worker_model *model, struct grammar_cache *grammars,
                 struct outbox *outbox, bool *is_over)
{
    struct refusal why = { 0 };
    *is_over = true;
    bool ok = read_request(job, &why.error);
    if (!ok && why.error.code == ERROR_FORMAT)
        why.error.code = ERROR_USAGE;
    if (ok && is_instant(&job->request)) {
        ok = answer_now(job, model, outbox, &why);
    } else if (ok) {
        ok = job->request.kind == REQUEST_EMBED ? prepare_embeddings(job, model, &why)
                                                : prepare_answers(job, model, grammars, &why);
        ok = ok && interruption_check(&why.error);
        *is_over = !ok || is_dry_run(job);
        if (ok && *is_over)
            tell_checked(job, outbox);
    }
    if (!ok && !is_interrupted())
        job_tell_refusal(job, outbox, &why);
}

/* ---- telling ---- */

static bool tell(const struct job *job, struct outbox *outbox, uint16_t kind, uint16_t number,
                 struct slice payload)
{
    struct frame frame = { kind, number, job->id, payload };
    return outbox_add(outbox, &frame);
}

bool job_tell_started(struct job *job, struct outbox *outbox, uint32_t n_cached)
{
    char json[256];
    if (job->was_told)
        return true;
    job->was_told = true;
    int length = snprintf(json, sizeof json,
                          "{\"n_ctx\":%" PRIu32 ",\"prompt_tokens\":%zu,\"cached_tokens\":%" PRIu32
                          ",\"truncated_tokens\":%" PRIu32 ",\"queue_ns\":%" PRIu64 "}",
                          job->n_ctx, job_prompt_tokens(job), n_cached, job->prompt.n_truncated,
                          clock_ns() - job->arrived_ns);
    return tell(job, outbox, FRAME_STARTED, 0, (struct slice){ json, (size_t)length });
}

static bool write_done(struct text *out, const struct choice *choice,
                       const struct turn_event *event)
{
    const struct worker_request *r = &choice->job->request;
    struct done_report report = { .event = event,
                                  .queue_ns = choice->begun_ns - choice->job->arrived_ns };
    if (event->stop_string >= 0)
        report.stop = slice_of(r->stop[event->stop_string]);
    if (r->returns_context)
        report.context = session_tokens(choice->session, &report.n_context);
    return done_write(out, &report);
}

/* How many tokens the answer has by now, where that was asked for. */
static bool tell_counts(const struct choice *choice, struct outbox *outbox)
{
    char json[48];
    const struct job *job = choice->job;
    if (!job->request.tells_counts)
        return true;
    int length = snprintf(json, sizeof json, "{\"answer_tokens\":%zu}",
                          choice_n_tokens(choice) - job_prompt_tokens(job));
    return tell(job, outbox, FRAME_COUNTS, choice->number, (struct slice){ json, (size_t)length });
}

bool choice_tell(struct choice *choice, struct outbox *outbox, const struct turn_event *event)
{
    static const uint16_t kinds[] = {
        [TURN_THINKING] = FRAME_THINKING, [TURN_CONTENT] = FRAME_CONTENT, [TURN_CALL] = FRAME_CALL,
        [TURN_LOGPROBS] = FRAME_LOGPROBS, [TURN_DONE] = FRAME_DONE,
    };
    const struct job *job = choice->job;
    uint16_t kind = kinds[event->kind];
    if (event->kind == TURN_THINKING || event->kind == TURN_CONTENT)
        return tell_counts(choice, outbox) && tell(job, outbox, kind, choice->number, event->text);
    struct text json;
    text_init(&json, FRAME_MOST_BYTES);
    bool ok = event->kind == TURN_CALL ? call_write(&json, &event->call)
              : event->kind == TURN_LOGPROBS
                  ? logprobs_write(&json, event->logprobs, event->n_logprobs)
                  : write_done(&json, choice, event);
    ok = ok && tell(job, outbox, kind, choice->number, text_slice(&json));
    text_release(&json);
    return ok;
}

static bool write_embeddings(struct text *out, const struct job *job)
{
    size_t n_tokens = 0, n_embd;
    bool ok = text_append_string(out, "{\"embeddings\":[");
    for (size_t i = 0; ok && i < job->n_choices; i++) {
        const float *values = embedding_values(job->choices[i].embedding, &n_embd);
        n_tokens += embedding_n_tokens(job->choices[i].embedding);
        ok = text_append_string(out, i ? ",[" : "[");
        for (size_t k = 0; ok && k < n_embd; k++)
            ok = text_printf(out, k ? ",%.9g" : "%.9g", (double)values[k]);
        ok = ok && text_append_byte(out, ']');
    }
    return ok && text_printf(out, "],\"prompt_tokens\":%zu}", n_tokens);
}

void job_tell_embeddings(const struct job *job, struct outbox *outbox)
{
    struct text json;
    struct frame frame = { .kind = FRAME_RESULT, .request = job->id };
    text_init(&json, FRAME_MOST_BYTES);
    if (write_embeddings(&json, job))
        frame.payload = text_slice(&json);
    outbox_add_last(outbox, &frame);
    text_release(&json);
}

void job_tell_refusal(const struct job *job, struct outbox *outbox, const struct refusal *why)
{
    struct text json;
    struct frame frame = { .kind = FRAME_ERROR, .request = job->id };
    text_init(&json, 1 << 16);
    if (refusal_write(&json, why))
        frame.payload = text_slice(&json);
    outbox_add_last(outbox, &frame);
    text_release(&json);
}

void job_tell_end(const struct job *job, struct outbox *outbox)
{
    outbox_add_last(outbox, &(struct frame){ .kind = FRAME_END, .request = job->id });
}
