#include "cli/replay_command.h"

#include "base/clock.h"
#include "base/memory.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/replay_transcript.h"
#include "runtime/hearth_script.h"

#include <stdio.h>
#include <stdlib.h>

static const char about[] =
    "Writes given answers with the model's own speed, guessing from the text so far (prompt "
    "lookup)\n"
    "or not, in turns. A transcript has two lines of token ids, a prompt's and its answer's. The "
    "model\n"
    "computes every step and the sampler chooses as ever, but the answer goes on with the "
    "transcript,\n"
    "so that any model can tell what guessing is worth on that text. Medians of the repetitions:\n"
    "  plain    tokens of the answer a second, one at a time\n"
    "  guessing the same with guesses\n"
    "  ratio    guessing / plain; the two take turns after every 16 tokens\n"
    "  checked, true  guessed tokens that were checked, and that the transcript has\n"
    "  steps    that wrote the answer with guesses\n"
    "Fails when the sampler's own choices differ between the two at any token.\n";

enum { MOST_REPETITIONS = 1000, SLICE_TOKENS = 16, ANSWER_LIMIT = 64 << 20 };

/* One of two sessions that write the same answer, a slice of tokens each in turn, so that both meet
 * the same moments of the machine. */
struct voice {
    struct hearth_session *session;
    int32_t n_draft;
    token_id *own; /* [n_tokens] what the sampler chose by itself */
    struct text answer;
    uint32_t n_written;
    uint64_t ns;
    double *tps; /* [n_repetitions] */
};

struct replay {
    struct hearth_model *model;
    struct hearth_session_options options;
    uint32_t n_repetitions, most_tokens;
    bool as_json;
    size_t n_printed;
    struct voice plain, guessing;
    double *ratios; /* [n_repetitions] */
};

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare_doubles);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* Hold the prompt and be ready to write n tokens of the answer. */
static bool begin(struct replay *r, struct voice *v, const struct replay_transcript *t, size_t n,
                  struct error *err)
{
    struct hearth_error error = { 0 };
    r->options.n_draft = v->n_draft;
    r->options.n_predict = (int32_t)n;
    if (!hearth_session_configure(v->session, &r->options, &error))
        return fail(err, ERROR_USAGE, "%s", error.message);
    if (!session_hold(v->session, t->prompt.ids, t->prompt.count, err))
        return false;
    session_follow(v->session, t->answer.ids, v->own, n);
    text_clear(&v->answer);
    v->n_written = 0;
    v->ns = 0;
    return true;
}

/* Go on until `n` tokens of the answer are written; false also when it ends before. */
static bool write_until(struct voice *v, size_t n, struct error *err)
{
    struct hearth_error error = { 0 };
    struct hearth_event event;
    uint64_t began = clock_ns();
    do {
        if (!hearth_session_next(v->session, &event, &error))
            return fail(err, ERROR_IO, "%s", error.message);
        v->n_written = event.answer_tokens;
        if (event.kind == HEARTH_TEXT && !text_append(&v->answer, event.text, event.length))
            return fail_memory(err, event.length, "an answer");
    } while (event.kind == HEARTH_TEXT && v->n_written < n);
    v->ns += clock_ns() - began;
    return v->n_written >= n ||
           fail(err, ERROR_USAGE, "the answer ended after %" PRIu32 " tokens", v->n_written);
}

/* Evaluate the prompt, which both take over, and touch the memory that steps need. */
static bool read_prompt(struct replay *r, const struct replay_transcript *t, struct error *err)
{
    size_t n = size_min(t->answer.count, SLICE_TOKENS);
    return begin(r, &r->plain, t, n, err) && write_until(&r->plain, n, err);
}

/* The sampler's own choices are drawn from every logit of the row: they tell whether all rows were
 * the same. */
static bool check_same(const struct replay *r, size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++)
        if (r->plain.own[i] != r->guessing.own[i])
            return fail(err, ERROR_FORMAT, "token %zu would be %d without guesses and %d with", i,
                        r->plain.own[i], r->guessing.own[i]);
    if (!slice_equal(text_slice(&r->plain.answer), text_slice(&r->guessing.answer)))
        return fail(err, ERROR_FORMAT, "the texts with and without guesses differ");
    return true;
}

/* The last tokens' text may come in the event of the end. */
static bool finish(struct voice *v, struct error *err)
{
    struct hearth_event event;
    struct hearth_error error = { 0 };
    do {
        if (!hearth_session_next(v->session, &event, &error))
            return fail(err, ERROR_IO, "%s", error.message);
        if (event.kind == HEARTH_TEXT && !text_append(&v->answer, event.text, event.length))
            return fail_memory(err, event.length, "an answer");
    } while (event.kind == HEARTH_TEXT);
    return true;
}

static bool measure_once(struct replay *r, const struct replay_transcript *t, size_t n,
                         uint32_t repetition, struct error *err)
{
    struct voice *voices[2] = { &r->plain, &r->guessing };
    for (int i = 0; i < 2; i++)
        if (!begin(r, voices[i], t, n, err))
            return false;
    for (size_t done = 0; done < n; done = size_min(n, done + SLICE_TOKENS))
        for (int i = 0; i < 2; i++) {
            size_t end = size_min(n, done + SLICE_TOKENS);
            if (voices[i]->n_written < end && !write_until(voices[i], end, err))
                return false;
        }
    for (int i = 0; i < 2; i++) {
        voices[i]->tps[repetition] = (double)n * 1e9 / (double)voices[i]->ns;
        if (!finish(voices[i], err))
            return false;
    }
    r->ratios[repetition] = (double)r->plain.ns / (double)r->guessing.ns;
    return check_same(r, n, err);
}

static bool measure(struct replay *r, const struct replay_transcript *t, size_t n,
                    struct error *err)
{
    if (!read_prompt(r, t, err))
        return false;
    for (uint32_t i = 0; i < r->n_repetitions; i++) {
        progress("%s, repetition %" PRIu32 " of %" PRIu32, t->name, i + 1, r->n_repetitions);
        if (!measure_once(r, t, n, i, err))
            return false;
    }
    return true;
}

static void print_result(struct replay *r, const struct replay_transcript *t, size_t n_tokens)
{
    static const char *const formats[2] = {
        "%-18s %7zu %7zu %9.2f %9.2f %6.2f %8" PRIu64 " %6" PRIu64 " %6" PRIu64 "\n",
        "{\"transcript\":\"%s\",\"prompt_tokens\":%zu,\"answer_tokens\":%zu,\"plain_tps\":%.3f,"
        "\"guessing_tps\":%.3f,\"ratio\":%.3f,\"checked\":%" PRIu64 ",\"true\":%" PRIu64
        ",\"steps\":%" PRIu64 "}\n",
    };
    size_t n = r->n_repetitions;
    double plain = median(r->plain.tps, n), guessing = median(r->guessing.tps, n);
    struct guess_counts counts = session_guesses(r->guessing.session);
    progress_clear();
    if (!r->as_json && r->n_printed++ == 0)
        printf("%-18s %7s %7s %9s %9s %6s %8s %6s %6s\n", "transcript", "prompt", "answer", "plain",
               "guessing", "ratio", "checked", "true", "steps");
    printf(formats[r->as_json], t->name, t->prompt.count, n_tokens, plain, guessing,
           median(r->ratios, n), counts.n_checked, counts.n_true, counts.n_steps);
    fflush(stdout);
}

static bool replay_file(struct replay *r, const char *path, struct error *err)
{
    struct hearth_model_info info;
    hearth_model_info(r->model, &info);
    struct replay_transcript t;
    bool ok = replay_transcript_read(&t, path, info.n_vocab, err);
    size_t n = r->most_tokens ? size_min(t.answer.count, r->most_tokens) : t.answer.count;
    token_id *own = ok ? memory_zeroed(2 * n, sizeof *own) : NULL;
    r->plain.own = own;
    r->guessing.own = own + n;
    ok = ok && (own || fail_memory(err, 2 * n * sizeof *own, "tokens"));
    ok = ok && (measure(r, &t, n, err) || fail_while(err, "replaying '%s'", path));
    progress_clear();
    if (ok)
        print_result(r, &t, n);
    memory_free(own);
    replay_transcript_release(&t);
    return ok;
}

static bool open_sessions(struct replay *r, const char *path, uint32_t n_threads, struct error *err)
{
    struct hearth_error error = { 0 };
    struct hearth_model_options options = hearth_model_defaults();
    options.n_threads = n_threads;
    r->options = hearth_session_defaults();
    r->options.seed = 1;
    return (hearth_model_open(&r->model, path, &options, &error) &&
            hearth_session_open(&r->plain.session, r->model, &r->options, &error) &&
            hearth_session_open(&r->guessing.session, r->model, &r->options, &error)) ||
           fail(err, ERROR_IO, "%s", error.message);
}

static bool replay_all(struct replay *r, char **paths, int n_paths, struct error *err)
{
    size_t n = r->n_repetitions;
    double *results = memory_zeroed(3 * n, sizeof *results);
    if (!results)
        return fail_memory(err, 3 * n * sizeof *results, "results");
    r->plain.tps = results;
    r->guessing.tps = results + n;
    r->ratios = results + 2 * n;
    bool ok = true;
    for (int i = 0; ok && i < n_paths; i++)
        ok = replay_file(r, paths[i], err);
    memory_free(results);
    return ok;
}

bool replay_wanted(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--replay") == 0)
            return true;
    return false;
}

int replay_command(int argc, char **argv)
{
    struct replay r = { .n_repetitions = 3, .guessing.n_draft = -1 };
    uint32_t n_threads = 0;
    bool is_replay = false;
    const struct option_row rows[] = {
        { "replay", 0, OPTION_FLAG, &is_replay, 0, 0, NULL, "This measurement" },
        { "generate", 'n', OPTION_U32, &r.most_tokens, 0, 1 << 24, "N",
          "Only so much of each answer; 0: all" },
        { "repeat", 'r', OPTION_U32, &r.n_repetitions, 1, MOST_REPETITIONS, "N", "Repetitions: 3" },
        { "threads", 't', OPTION_U32, &n_threads, 0, 4096, "N", "Processors to use; 0: all" },
        { "json", 0, OPTION_FLAG, &r.as_json, 0, 0, NULL, "A line of JSON for each transcript" },
    };
    const struct usage usage = { "bench FILE|DIR --replay TRANSCRIPT... [-n N] [-r 3] [-t N]",
                                 about,
                                 rows,
                                 COUNT_OF(rows),
                                 2,
                                 -1 };
    int status;
    if (!command_begin(&usage, &argc, argv, &status))
        return status;
    struct error err = { 0 };
    text_init(&r.plain.answer, ANSWER_LIMIT);
    text_init(&r.guessing.answer, ANSWER_LIMIT);
    bool ok =
        open_sessions(&r, argv[1], n_threads, &err) && replay_all(&r, argv + 2, argc - 2, &err);
    if (!ok)
        report(err.message);
    hearth_session_close(&r.plain.session);
    hearth_session_close(&r.guessing.session);
    hearth_model_close(&r.model);
    text_release(&r.plain.answer);
    text_release(&r.guessing.answer);
    return ok ? 0 : 1;
}
