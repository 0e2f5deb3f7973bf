#include "cli/run/answer.h"

#include "base/clock.h"
#include "cli/output.h"

#include <stdio.h>

enum { SAID_LIMIT_BYTES = 256 << 20 };

void answer_init(struct answer *answer)
{
    *answer = (struct answer){ 0 };
    text_init(&answer->thinking, SAID_LIMIT_BYTES);
    text_init(&answer->content, SAID_LIMIT_BYTES);
    text_init(&answer->calls, SAID_LIMIT_BYTES);
}

void answer_release(struct answer *answer)
{
    text_release(&answer->thinking);
    text_release(&answer->content);
    text_release(&answer->calls);
}

bool answer_is_empty(const struct answer *answer)
{
    return !answer->thinking.length && !answer->content.length && !answer->calls.length;
}

/* ---- what a line says ---- */

/* One answer on its way. */
struct stream {
    struct answer *answer;
    struct answer_printer *printer;
    uint64_t began_ns, first_ns; /* first_ns 0: nothing came yet */
    bool is_done;
};

static bool fail_full(struct error *err)
{
    return fail(err, ERROR_BUDGET, "the answer is over %d bytes", SAID_LIMIT_BYTES);
}

static bool fail_unread(struct error *err)
{
    return fail(err, ERROR_CANCELLED, "standard output does not take the answer");
}

static bool show(struct stream *stream, const struct answer_event *event, struct error *err)
{
    return answer_printer_show(stream->printer, event) || fail_unread(err);
}

static bool take_text(struct stream *stream, enum answer_event_kind kind, struct slice text,
                      struct error *err)
{
    struct answer *answer = stream->answer;
    const struct answer_event event = { .kind = kind, .text = text };
    if (text.length == 0)
        return true;
    return (text_append_slice(kind == ANSWER_THINKING ? &answer->thinking : &answer->content,
                              text) ||
            fail_full(err)) &&
           show(stream, &event, err);
}

/* As the server sent it, it is a call of a message, too. */
static bool keep_call(struct text *calls, const struct json *call)
{
    return (calls->length == 0 || text_append_byte(calls, ',')) && json_write(calls, call);
}

static bool take_call(struct stream *stream, const struct json *call, struct error *err)
{
    const struct json *function = json_get(call, "function");
    struct answer_event event = {
        .kind = ANSWER_CALL,
        .call = { .index = (uint32_t)json_int(json_get(function, "index"), 0),
                  .id = json_text(json_get(call, "id")),
                  .name = json_text(json_get(function, "name")) },
    };
    struct text arguments;
    if (event.call.name.length == 0)
        return fail(err, ERROR_FORMAT, "the server's answer has a tool call without a name");
    text_init(&arguments, SAID_LIMIT_BYTES);
    bool ok = (keep_call(&stream->answer->calls, call) &&
               json_write(&arguments, json_get(function, "arguments"))) ||
              fail_full(err);
    event.call.arguments = text_slice(&arguments);
    ok = ok && show(stream, &event, err);
    text_release(&arguments);
    return ok;
}

static bool take_logprobs(struct stream *stream, const struct json *logprobs, struct error *err)
{
    const struct answer_event event = { .kind = ANSWER_LOGPROBS, .logprobs = logprobs };
    return json_size(logprobs) == 0 || show(stream, &event, err);
}

/* A chat says it in a message, a text in the line itself. */
static bool take_words(struct stream *stream, const struct json *line, struct error *err)
{
    const struct json *message = json_get(line, "message");
    const struct json *said = message ? message : line, *calls = json_get(said, "tool_calls");
    struct slice content = json_text(json_get(said, message ? "content" : "response"));
    if (!take_logprobs(stream, json_get(line, "logprobs"), err) ||
        !take_text(stream, ANSWER_THINKING, json_text(json_get(said, "thinking")), err) ||
        !take_text(stream, ANSWER_CONTENT, content, err))
        return false;
    for (size_t i = 0; i < json_size(calls); i++)
        if (!take_call(stream, json_at(calls, i), err))
            return false;
    return true;
}

/* ---- counts ---- */

static uint32_t count_of(const struct json *line, const char *name, uint32_t before)
{
    int64_t count = json_int(json_get(line, name), before);
    return count < 0 || count > UINT32_MAX ? before : (uint32_t)count;
}

/* Each line tells what it knows so far, the last one all. */
static void take_counts(struct answer_report *report, const struct json *line)
{
    report->prompt_tokens = count_of(line, "prompt_eval_count", report->prompt_tokens);
    report->cached_tokens = count_of(line, "cached_tokens", report->cached_tokens);
    report->answer_tokens = count_of(line, "eval_count", report->answer_tokens);
    report->thinking_tokens = count_of(line, "thinking_tokens", report->thinking_tokens);
    report->n_ctx = count_of(line, "n_ctx", report->n_ctx);
}

static void take_end(struct answer_report *report, const struct json *line)
{
    bool is_stop = slice_equal(json_text(json_get(line, "done_reason")), slice_of("stop"));
    bool is_loop = json_flag(json_get(line, "loop"), false);
    report->end = is_loop ? END_REPETITION : is_stop ? END_STOP : END_LENGTH;
    report->prompt_ns = (uint64_t)json_int(json_get(line, "prompt_eval_duration"), 0);
    report->answer_ns = (uint64_t)json_int(json_get(line, "eval_duration"), 0);
}

/* What was broken off is timed here. */
static void measure(struct stream *stream)
{
    struct answer_report *report = &stream->answer->report;
    uint64_t now = clock_ns(), first = stream->first_ns ? stream->first_ns : now;
    report->total_ns = now - stream->began_ns;
    if (stream->is_done)
        return;
    report->end = END_CANCELLED;
    report->prompt_ns = first - stream->began_ns;
    report->answer_ns = now - first;
}

/* ---- the stream ---- */

static bool take_line(void *context, struct slice bytes, struct error *err)
{
    struct stream *stream = context;
    const struct json *line = NULL;
    if (!json_open(&line, bytes.data, bytes.length, "the server's answer", err))
        return false;
    bool ok = server_answer_check(line, err);
    if (ok && !stream->first_ns) {
        stream->first_ns = clock_ns();
        ok = answer_printer_begin(stream->printer) || fail_unread(err);
    }
    if (ok)
        take_counts(&stream->answer->report, line);
    ok = ok && take_words(stream, line, err);
    if (ok && json_flag(json_get(line, "done"), false)) {
        take_end(&stream->answer->report, line);
        stream->is_done = true;
    }
    json_close(&line);
    return ok;
}

bool answer_stream(struct answer *answer, const struct answer_source *source,
                   struct answer_printer *printer, struct error *err)
{
    struct stream stream = { .answer = answer, .printer = printer, .began_ns = clock_ns() };
    bool ok =
        server_client_lines(source->client, source->path, source->body, take_line, &stream, err);
    if (ok && !stream.is_done)
        ok = fail(err, ERROR_IO, "the server's answer has no end");
    measure(&stream);
    if (!ok && err->code != ERROR_CANCELLED)
        return false;
    answer_printer_report(printer, &answer->report);
    return true;
}

/* ---- what is told at the end ---- */

static void print_duration(const char *label, uint64_t ns)
{
    char duration[64];
    fprintf(stderr, "%-22s%s\n", label, human_duration(duration, ns));
}

static void print_part(const char *name, uint32_t count, uint64_t ns)
{
    char label[32];
    snprintf(label, sizeof label, "%s count:", name);
    fprintf(stderr, "%-22s%" PRIu32 " token(s)\n", label, count);
    snprintf(label, sizeof label, "%s duration:", name);
    print_duration(label, ns);
    snprintf(label, sizeof label, "%s rate:", name);
    fprintf(stderr, "%-22s%.2f tokens/s\n", label, ns ? count / ((double)ns / 1e9) : 0.0);
}

/* What was read, and not what was known already from questions before. */
static void print_prompt(const struct answer_report *report)
{
    uint32_t n_cached = report->cached_tokens;
    if (n_cached)
        fprintf(stderr, "%-22s%" PRIu32 " token(s)\n", "prompt cached count:", n_cached);
    if (report->prompt_tokens > n_cached)
        print_part("prompt eval", report->prompt_tokens - n_cached, report->prompt_ns);
}

void answer_print_times(const struct answer *answer, uint64_t load_ns)
{
    const struct answer_report *report = &answer->report;
    fflush(stdout);
    print_duration("total duration:", report->total_ns + load_ns);
    if (load_ns)
        print_duration("load duration:", load_ns);
    print_prompt(report);
    if (report->answer_tokens)
        print_part("eval", report->answer_tokens, report->answer_ns);
}

void answer_print_reason(const struct answer *answer, int32_t n_predict)
{
    const struct answer_report *report = &answer->report;
    bool asked_for = n_predict > 0 && report->answer_tokens >= (uint32_t)n_predict;
    if (report->end == END_LENGTH && !asked_for && progress_wanted())
        fprintf(stderr, "(the context of %" PRIu32 " tokens is full)\n", report->n_ctx);
    if (report->end == END_REPETITION && progress_wanted())
        fputs("(the answer did nothing but repeat itself)\n", stderr);
}
