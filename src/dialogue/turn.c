#include "dialogue/turn.h"

#include "base/memory.h"
#include "base/table.h"
#include "chat/answer_reader.h"
#include "base/slice_text.h"
#include "runtime/hearth_control.h"
#include "runtime/session_steps.h"

/* What one step of a session gives is a few tokens long. */
enum { QUEUE_BYTES = 256 << 20, ID_LENGTH = 9 };

/* An event that waits for turn_next; its texts are offsets into turn.texts. */
struct waiting {
    enum turn_event_kind kind;
    uint32_t call_index;
    size_t text, text_length, name, name_length, id, id_length;
};

struct turn {
    struct hearth_session *session;  /* borrowed */
    const struct dialogue *dialogue; /* borrowed */
    struct answer_reader *reader;    /* NULL: the text is content */
    struct waiting *queue;           /* [n_waiting] of which n_given are given out */
    size_t n_waiting, n_given, capacity;
    struct text texts;
    struct text stopped; /* content behind the stop strings */
    int32_t thinking_budget;
    uint32_t thinking_tokens;
    bool is_closing; /* thinking is made to end */
    bool is_stopped; /* by a stop string */
    int stop_string; /* the number of that one; -1: none */
    bool is_done;
    bool has_logprobs; /* of `done`, not given out yet */
    uint64_t id_seed;
    struct token_list closing; /* the tokens that end thinking */
    struct error trouble;      /* reading the end of the answer */
    struct hearth_event done;
};

struct turn_options turn_defaults(void)
{
    return (struct turn_options){ .is_parallel = true, .thinking_budget = -1 };
}

/* ---- events ---- */

static bool keep(struct turn *t, struct slice text, size_t *at, size_t *length, struct error *err)
{
    *at = t->texts.length;
    *length = text.length;
    return text_append_slice(&t->texts, text) ||
           fail(err, ERROR_BUDGET, "more than %d bytes of an answer at once", QUEUE_BYTES);
}

static struct slice kept(const struct turn *t, size_t at, size_t length)
{
    return length ? (struct slice){ t->texts.data + at, length } : slice_of("");
}

static struct waiting *enqueue(struct turn *t, enum turn_event_kind kind, struct error *err)
{
    if (t->n_waiting == t->capacity) {
        size_t capacity = size_max(16, 2 * t->capacity);
        struct waiting *queue = memory_resize(t->queue, capacity * sizeof *queue);
        if (!queue) {
            fail_memory(err, capacity * sizeof *queue, "an answer's events");
            return NULL;
        }
        t->queue = queue;
        t->capacity = capacity;
    }
    t->queue[t->n_waiting] = (struct waiting){ .kind = kind };
    return &t->queue[t->n_waiting++];
}

static bool give_text(struct turn *t, enum turn_event_kind kind, struct slice text,
                      struct error *err)
{
    if (!text.length)
        return true;
    struct waiting *w = enqueue(t, kind, err);
    return w && keep(t, text, &w->text, &w->text_length, err);
}

/* Stop strings count in the content alone: they neither cut thinking off nor break a call. */
static bool give_content(struct turn *t, struct slice text, struct error *err)
{
    int matched = -1;
    text_clear(&t->stopped);
    if (!stop_feed(session_stop(t->session), text, &t->stopped, &matched))
        return fail_memory(err, text.length, "an answer's text");
    t->is_stopped = matched >= 0;
    t->stop_string = matched;
    return give_text(t, TURN_CONTENT, text_slice(&t->stopped), err);
}

static bool finish_content(struct turn *t, struct error *err)
{
    text_clear(&t->stopped);
    if (!t->is_stopped && !stop_finish(session_stop(t->session), &t->stopped))
        return fail_memory(err, t->stopped.length, "an answer's text");
    return give_text(t, TURN_CONTENT, text_slice(&t->stopped), err);
}

/* Nine letters and digits, what the strictest of templates wants, from the prompt and the call's
 * number: the same answer has the same ids. */
static void make_id(const struct turn *t, uint32_t index, char id[ID_LENGTH])
{
    static const char signs[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    uint64_t parts[] = { t->id_seed, index };
    uint64_t hash = hash_bytes(parts, sizeof parts);
    for (size_t i = 0; i < ID_LENGTH; i++, hash /= sizeof signs - 1)
        id[i] = signs[hash % (sizeof signs - 1)];
}

static bool give_call(struct turn *t, const struct tool_call *call, struct error *err)
{
    char id[ID_LENGTH];
    make_id(t, call->index, id);
    struct slice own = { id, ID_LENGTH };
    if (!finish_content(t, err))
        return false;
    struct waiting *w = enqueue(t, TURN_CALL, err);
    if (!w)
        return false;
    w->call_index = call->index;
    return keep(t, call->arguments, &w->text, &w->text_length, err) &&
           keep(t, call->name, &w->name, &w->name_length, err) &&
           keep(t, call->id.length ? call->id : own, &w->id, &w->id_length, err);
}

static bool receive(void *context, const struct output_event *event, struct error *err)
{
    struct turn *t = context;
    if (t->is_stopped)
        return true;
    if (event->kind == OUTPUT_TOOL_CALL)
        return give_call(t, &event->call, err);
    if (event->kind == OUTPUT_THINKING)
        return give_text(t, TURN_THINKING, event->text, err);
    return give_content(t, event->text, err);
}

/* ---- the answer as it comes ---- */

static bool is_thinking(const struct turn *t)
{
    return t->reader && answer_reader_is_thinking(t->reader);
}

static bool close_thinking(struct turn *t, struct error *err)
{
    if (t->thinking_budget < 0 || t->is_closing || !is_thinking(t) ||
        t->thinking_tokens < (uint32_t)t->thinking_budget || !session_is_whole(t->session))
        return true;
    t->is_closing = true;
    return session_force(t->session, t->closing.ids, t->closing.count, err);
}

static enum watch_verdict watch(void *context, struct slice text, bool is_last, struct error *err)
{
    struct turn *t = context;
    t->thinking_tokens += !is_last && is_thinking(t);
    bool ok = t->reader ? answer_reader_add(t->reader, text, is_last, receive, t, err)
                        : give_content(t, text, err);
    if (!ok && is_last) { /* whether that matters depends on why the answer ended */
        t->trouble = *err;
        ok = true;
    }
    if (ok && is_last)
        ok = finish_content(t, err);
    if (!ok || (!is_last && !close_thinking(t, err)))
        return WATCH_FAIL;
    return t->is_stopped ? WATCH_END : WATCH_GO_ON;
}

/* ---- opening ---- */

/* As models close thinking by themselves: a tag that looks like one of XML stands on its own line.
 */
static bool spell_closing(struct turn *t, struct error *err)
{
    struct slice tag = dialogue_dialect(t->dialogue)->think_close;
    struct text closing;
    text_init(&closing, tag.length + 8);
    bool is_xml = begins_with(tag, "</");
    bool ok = (!is_xml || text_append_byte(&closing, '\n')) && text_append_slice(&closing, tag) &&
              (!is_xml || text_append_string(&closing, "\n\n"));
    struct encode_options options = { .parse_special = true, .is_continued = true };
    ok = ok ? tokenizer_encode(dialogue_tokenizer(t->dialogue), text_slice(&closing), options,
                               &t->closing, err)
            : fail_memory(err, tag.length, "a tag");
    text_release(&closing);
    return ok;
}

static bool open_reader(struct turn *t, const struct chat_prompt *prompt,
                        const struct turn_options *options, struct error *err)
{
    struct answer_reader_options reading = {
        .tools = options->tools,
        .is_thinking = prompt->is_thinking,
        .think = options->think,
    };
    return prompt->is_raw ||
           (answer_reader_open(&t->reader, dialogue_dialect(t->dialogue), &reading, err) &&
            spell_closing(t, err));
}

struct answer_form turn_form(const struct dialogue *dialogue, const struct chat_prompt *prompt,
                             const struct turn_options *options)
{
    static const struct dialect no_dialect;
    bool is_off = options->think.is_set && !options->think.is_on;
    return (struct answer_form){
        .dialect = prompt->is_raw ? &no_dialect : dialogue_dialect(dialogue),
        .tokenizer = dialogue_tokenizer(dialogue),
        .tools = options->tools,
        .choice = options->choice,
        .tool = options->tool,
        .is_parallel = options->is_parallel,
        .may_think = !is_off,
        .is_thinking = prompt->is_thinking,
        .format = options->format,
        .grammar = options->grammar,
    };
}

static bool limit_answer(struct turn *t, const struct chat_prompt *prompt,
                         const struct turn_options *options, struct error *err)
{
    struct answer_form form = turn_form(t->dialogue, prompt, options);
    struct grammar *grammar = options->limits ? grammar_hold(options->limits) : NULL;
    if (!grammar && answer_form_limits(&form) && !answer_grammar_open(&grammar, &form, err))
        return false;
    return session_constrain(t->session, grammar, err);
}

/* A model that fills a hole goes on to the next one when nobody stops it. */
static bool end_at_holes(struct turn *t, const struct chat_prompt *prompt, struct error *err)
{
    const struct fill_tokens *f = dialogue_fill_tokens(t->dialogue);
    const token_id all[] = { f->prefix, f->suffix, f->middle, f->separator };
    token_id ends[COUNT_OF(all)];
    size_t n = 0;
    for (size_t i = 0; prompt->is_fill && i < COUNT_OF(all); i++)
        if (all[i] >= 0)
            ends[n++] = all[i];
    return session_end_at(t->session, ends, n, err);
}

static bool begin(struct turn *t, const struct chat_prompt *prompt,
                  const struct turn_options *options, struct error *err)
{
    const struct token_list *shown = dialogue_shown(t->dialogue);
    t->id_seed = hash_bytes(prompt->tokens.ids, prompt->tokens.count * sizeof(token_id));
    if (!open_reader(t, prompt, options, err) ||
        !session_prompt(t->session, prompt->tokens.ids, prompt->tokens.count, err) ||
        !end_at_holes(t, prompt, err) ||
        !session_show(t->session, shown->ids, prompt->is_raw ? 0 : shown->count, err) ||
        !limit_answer(t, prompt, options, err))
        return false;
    session_watch_by(t->session, watch, t);
    return close_thinking(t, err);
}

bool turn_open(struct turn **out, const struct dialogue *dialogue, struct hearth_session *session,
               const struct chat_prompt *prompt, const struct turn_options *options,
               struct error *err)
{
    *out = NULL;
    struct turn *t = memory_zeroed(1, sizeof *t);
    if (!t)
        return fail_memory(err, sizeof *t, "an answer");
    t->session = session;
    t->dialogue = dialogue;
    t->thinking_budget = options->thinking_budget;
    t->stop_string = -1;
    text_init(&t->texts, QUEUE_BYTES);
    text_init(&t->stopped, QUEUE_BYTES);
    if (!begin(t, prompt, options, err)) {
        turn_close(&t);
        return false;
    }
    *out = t;
    return true;
}

void turn_close(struct turn **turn)
{
    struct turn *t = *turn;
    struct error ignored = { 0 };
    if (!t)
        return;
    session_watch_by(t->session, NULL, NULL);
    (void)!session_constrain(t->session, NULL, &ignored);
    (void)!session_show(t->session, NULL, 0, &ignored);
    (void)!session_end_at(t->session, NULL, 0, &ignored);
    answer_reader_close(&t->reader);
    token_list_release(&t->closing);
    text_release(&t->texts);
    text_release(&t->stopped);
    memory_free(t->queue);
    memory_free(t);
    *turn = NULL;
}

/* ---- giving out ---- */

static void give(struct turn *t, struct turn_event *event)
{
    const struct waiting *w = &t->queue[t->n_given++];
    *event = (struct turn_event){ .kind = w->kind, .text = kept(t, w->text, w->text_length) };
    if (w->kind == TURN_CALL)
        event->call = (struct tool_call){
            .index = w->call_index,
            .name = kept(t, w->name, w->name_length),
            .arguments = event->text,
            .id = kept(t, w->id, w->id_length),
        };
}

static bool has_waiting(const struct turn *t)
{
    return t->has_logprobs || t->n_given < t->n_waiting;
}

/* What was given out need not be kept when the answer goes on. */
static void let_go(struct turn *t)
{
    if (t->n_given < t->n_waiting)
        return;
    t->n_waiting = t->n_given = 0;
    text_clear(&t->texts);
}

/* The session told something; at its end `done` is filled. */
static void note(struct turn *t, const struct hearth_event *event)
{
    t->done = *event;
    t->is_done = event->kind == HEARTH_DONE;
    t->has_logprobs = event->n_logprobs > 0;
}

/* More of the answer into the queue. */
static bool run(struct turn *t, struct error *err)
{
    struct hearth_error problem = { 0 };
    struct hearth_event event;
    let_go(t);
    if (!hearth_session_next(t->session, &event, &problem)) {
        err->code = (enum error_code)problem.code;
        memcpy(err->message, problem.message, sizeof err->message);
        return false;
    }
    note(t, &event);
    return true;
}

/* Something waits, or the answer is over. */
static bool give_next(struct turn *t, struct turn_event *event, struct error *err)
{
    if (t->has_logprobs) {
        t->has_logprobs = false;
        *event = (struct turn_event){ .kind = TURN_LOGPROBS,
                                      .logprobs = t->done.logprobs,
                                      .n_logprobs = t->done.n_logprobs };
        return true;
    }
    if (t->n_given < t->n_waiting) {
        give(t, event);
        return true;
    }
    /* An answer that was broken off may end anywhere. */
    if (t->trouble.code && t->done.reason != HEARTH_CANCELLED) {
        *err = t->trouble;
        return false;
    }
    *event = (struct turn_event){ .kind = TURN_DONE,
                                  .done = t->done,
                                  .thinking_tokens = t->thinking_tokens,
                                  .stop_string = t->stop_string };
    return true;
}

bool turn_next(struct turn *t, struct turn_event *event, struct error *err)
{
    while (!has_waiting(t) && !t->is_done)
        if (!run(t, err))
            return false;
    return give_next(t, event, err);
}

bool turn_collect(struct turn *t, struct turn_event *event, bool *has_event, struct error *err)
{
    struct hearth_event told;
    if (!t->is_done && !t->has_logprobs && session_collect(t->session, &told))
        note(t, &told);
    *has_event = has_waiting(t) || t->is_done;
    if (*has_event)
        return give_next(t, event, err);
    let_go(t);
    return true;
}

const char *done_reason_name(enum hearth_done_reason reason)
{
    static const char *const names[] = {
        [HEARTH_STOP] = "stop",
        [HEARTH_LENGTH] = "length",
        [HEARTH_CANCELLED] = "cancelled",
        [HEARTH_REPETITION] = "repetition",
    };
    return names[reason];
}
