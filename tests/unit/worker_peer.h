/* worker_peer.h: the server's end of a worker, for tests of a whole one.
 *
 * Owns a worker in a process of its own at the other end of a socket, as the server has it, what it
 * says of requests, and some requests that many tests make. One test program includes it once,
 * after test.h. */
#ifndef WORKER_PEER_H
#define WORKER_PEER_H

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "worker/frame.h"
#include "worker/protocol.h"
#include "worker/worker.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char ember[] = "models/ember.gguf";

#define NEEDS_EMBER()                           \
    do {                                        \
        if (access(ember, R_OK) != 0)           \
            SKIP("there is no file %s", ember); \
    } while (0)

enum { MOST_CHOICES = 8, PATIENCE_MS = 60000 };

/* ---- the server's end ---- */

struct peer {
    pid_t pid;
    int fd;
    struct frame_reader reader;
    const struct json *ready; /* or NULL: refused */
    const struct json *refused, *state;
};

static inline void send_bytes(struct peer *p, const char *bytes, size_t length)
{
    for (size_t sent = 0; sent < length;) {
        ssize_t n = write(p->fd, bytes + sent, length - sent);
        assert_true(n > 0);
        sent += (size_t)n;
    }
}

static inline void send_frame(struct peer *p, uint16_t kind, uint64_t request, const char *json)
{
    struct text bytes;
    struct error err = { 0 };
    struct frame frame = { kind, 0, request, slice_of(json) };
    text_init(&bytes, FRAME_MOST_BYTES);
    assert_ok(frame_write(&bytes, &frame, &err), err);
    send_bytes(p, bytes.data, bytes.length);
    text_release(&bytes);
}

/* False: the worker has closed its end. */
static inline bool next_frame(struct peer *p, struct frame *frame)
{
    static char bytes[1 << 16];
    struct error err = { 0 };
    while (!frame_reader_next(&p->reader, frame)) {
        struct pollfd polled = { p->fd, POLLIN, 0 };
        if (poll(&polled, 1, PATIENCE_MS) != 1)
            fail_msg("the worker said nothing for %d ms", PATIENCE_MS);
        ssize_t n = read(p->fd, bytes, sizeof bytes);
        if (n <= 0)
            return false;
        assert_ok(frame_reader_add(&p->reader, (struct slice){ bytes, (size_t)n }, &err), err);
    }
    return true;
}

static inline const struct json *read_json(struct slice text)
{
    const struct json *json;
    struct error err = { 0 };
    assert_ok(json_open(&json, text.length ? text.data : "", text.length, "a frame", &err), err);
    return json;
}

static inline void start_worker(struct peer *p)
{
    int ends[2];
    *p = (struct peer){ 0 };
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    p->pid = fork();
    if (p->pid == 0) {
        close(ends[0]);
        _exit(worker_run(ends[1]));
    }
    close(ends[1]);
    p->fd = ends[0];
    frame_reader_init(&p->reader);
}

static inline void open_worker(struct peer *p, const char *path, const char *members)
{
    struct text open;
    struct frame frame;
    start_worker(p);
    text_init(&open, 1 << 16);
    text_printf(&open, "{\"path\":\"%s\"%s%s}", path, *members ? "," : "", members);
    send_frame(p, FRAME_OPEN, 0, open.data);
    text_release(&open);
    assert_true(next_frame(p, &frame));
    if (frame.kind == FRAME_READY)
        p->ready = read_json(frame.payload);
    else
        p->refused = read_json(frame.payload);
}

static inline int close_worker(struct peer *p)
{
    int status = 0;
    close(p->fd);
    assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
    frame_reader_release(&p->reader);
    json_close(&p->ready);
    json_close(&p->refused);
    json_close(&p->state);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* ---- an answer ---- */

struct told {
    struct text content, thinking, calls, logprobs;
    const struct json *done;
};

struct answer {
    uint64_t request;
    struct told choices[MOST_CHOICES];
    const struct json *started, *error, *result;
    bool is_over;
    uint64_t started_ns, ended_ns;
};

static inline void answer_init(struct answer *a, uint64_t request)
{
    *a = (struct answer){ .request = request };
    for (size_t i = 0; i < MOST_CHOICES; i++) {
        text_init(&a->choices[i].content, 1 << 24);
        text_init(&a->choices[i].thinking, 1 << 24);
        text_init(&a->choices[i].calls, 1 << 24);
        text_init(&a->choices[i].logprobs, 1 << 24);
    }
}

static inline void answer_release(struct answer *a)
{
    for (size_t i = 0; i < MOST_CHOICES; i++) {
        text_release(&a->choices[i].content);
        text_release(&a->choices[i].thinking);
        text_release(&a->choices[i].calls);
        text_release(&a->choices[i].logprobs);
        json_close(&a->choices[i].done);
    }
    json_close(&a->started);
    json_close(&a->error);
    json_close(&a->result);
}

static inline void take_frame(struct answer *a, const struct frame *frame)
{
    assert_false(a->is_over);
    assert_true(frame->choice < MOST_CHOICES);
    struct told *told = &a->choices[frame->choice];
    bool needs_start = frame->kind >= FRAME_THINKING && frame->kind <= FRAME_DONE;
    assert_true(a->started || !needs_start);
    switch (frame->kind) {
    case FRAME_STARTED:
        a->started = read_json(frame->payload);
        a->started_ns = clock_ns();
        break;
    case FRAME_THINKING:
        text_append_slice(&told->thinking, frame->payload);
        break;
    case FRAME_CONTENT:
        text_append_slice(&told->content, frame->payload);
        break;
    case FRAME_CALL:
        text_append_slice(&told->calls, frame->payload);
        break;
    case FRAME_LOGPROBS:
        text_append_slice(&told->logprobs, frame->payload);
        break;
    case FRAME_DONE:
        told->done = read_json(frame->payload);
        break;
    case FRAME_RESULT:
        a->result = read_json(frame->payload);
        break;
    case FRAME_ERROR:
        a->error = read_json(frame->payload);
        break;
    case FRAME_END:
        a->is_over = true;
        a->ended_ns = clock_ns();
        break;
    default:
        fail_msg("a frame of kind %d", frame->kind);
    }
}

/* One more frame, to whom it belongs; false: it was a state or for nobody here. */
static inline bool receive(struct peer *p, struct answer *answers, size_t n)
{
    struct frame frame;
    if (!next_frame(p, &frame))
        fail_msg("the worker has ended");
    if (n == 1 && answers[0].is_over && frame.kind != FRAME_STATE)
        fail_msg("a frame of kind %d after the last one", frame.kind);
    if (frame.kind == FRAME_STATE) {
        json_close(&p->state);
        p->state = read_json(frame.payload);
        return false;
    }
    for (size_t i = 0; i < n; i++)
        if (answers[i].request == frame.request) {
            take_frame(&answers[i], &frame);
            return true;
        }
    return false;
}

static inline void await_all(struct peer *p, struct answer *answers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        while (!answers[i].is_over)
            receive(p, answers, n);
}

static inline void ask(struct peer *p, struct answer *a, uint64_t request, const char *json)
{
    answer_init(a, request);
    send_frame(p, FRAME_REQUEST, request, json);
    await_all(p, a, 1);
}

static inline const char *content_of(const struct answer *a, size_t choice)
{
    return a->choices[choice].content.length ? a->choices[choice].content.data : "";
}

static inline void assert_reason(const struct answer *a, const char *reason)
{
    assert_non_null(a->error);
    assert_string_equal(json_text(json_get(a->error, "reason")).data, reason);
}

static inline void assert_done(const struct answer *a, const char *reason)
{
    if (a->error)
        fail_msg("%s", json_text(json_get(a->error, "message")).data);
    assert_non_null(a->choices[0].done);
    assert_string_equal(json_text(json_get(a->choices[0].done, "reason")).data, reason);
}

#define GREEDY     "\"options\":{\"temperature\":0,\"num_predict\":24}"
#define SAY(words) "\"messages\":[{\"role\":\"user\",\"content\":\"" words "\"}]"
#define STORY      SAY("Write a long story about a fox who wants to see the sea.")
#define HELLO \
    "{\"kind\":\"chat\",\"client\":\"a\"," SAY("What is the capital of France?") "," GREEDY "}"

static inline int64_t started_number(const struct answer *a, const char *name)
{
    return json_int(json_get(a->started, name), -1);
}

static inline int64_t done_number(const struct answer *a, size_t choice, const char *name)
{
    return json_int(json_get(a->choices[choice].done, name), -1);
}

/* ---- requests ---- */

#define WEATHER                                                                                 \
    "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"get_weather\",\"description\":" \
    "\"The weather of a city\",\"parameters\":{\"type\":\"object\",\"properties\":{\"city\":"   \
    "{\"type\":\"string\"}},\"required\":[\"city\"]}}}]"

/* Prompts of different lengths, so that some are read while others are answered. */
static inline void write_question(struct text *out, size_t i)
{
    text_clear(out);
    text_printf(out,
                "{\"kind\":\"chat\",\"client\":\"%zu\",\"messages\":[{\"role\":\"user\","
                "\"content\":\"",
                i % 3);
    for (size_t k = 0; k < i % 7 * 20; k++)
        text_printf(out, "The number %zu is followed by %zu. ", k + i, k + i + 1);
    text_printf(out, "Tell a story of %zu words about the number %zu.\"}],", 40 + i, i);
    text_append_string(out, GREEDY "}");
}

#endif
