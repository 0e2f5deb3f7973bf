/* Tests of a whole worker: a process of its own at the other end of a socket, as the server has it.
 */
#include "test.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "tiny_model.h"
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

static void send_bytes(struct peer *p, const char *bytes, size_t length)
{
    for (size_t sent = 0; sent < length;) {
        ssize_t n = write(p->fd, bytes + sent, length - sent);
        assert_true(n > 0);
        sent += (size_t)n;
    }
}

static void send_frame(struct peer *p, uint16_t kind, uint64_t request, const char *json)
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
static bool next_frame(struct peer *p, struct frame *frame)
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

static const struct json *read_json(struct slice text)
{
    const struct json *json;
    struct error err = { 0 };
    assert_ok(json_open(&json, text.length ? text.data : "", text.length, "a frame", &err), err);
    return json;
}

static void start_worker(struct peer *p)
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

static void open_worker(struct peer *p, const char *path, const char *members)
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

static int close_worker(struct peer *p)
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

static void answer_init(struct answer *a, uint64_t request)
{
    *a = (struct answer){ .request = request };
    for (size_t i = 0; i < MOST_CHOICES; i++) {
        text_init(&a->choices[i].content, 1 << 24);
        text_init(&a->choices[i].thinking, 1 << 24);
        text_init(&a->choices[i].calls, 1 << 24);
        text_init(&a->choices[i].logprobs, 1 << 24);
    }
}

static void answer_release(struct answer *a)
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

static void take_frame(struct answer *a, const struct frame *frame)
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
static bool receive(struct peer *p, struct answer *answers, size_t n)
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

static void await_all(struct peer *p, struct answer *answers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        while (!answers[i].is_over)
            receive(p, answers, n);
}

static void ask(struct peer *p, struct answer *a, uint64_t request, const char *json)
{
    answer_init(a, request);
    send_frame(p, FRAME_REQUEST, request, json);
    await_all(p, a, 1);
}

static const char *content_of(const struct answer *a, size_t choice)
{
    return a->choices[choice].content.length ? a->choices[choice].content.data : "";
}

static void assert_reason(const struct answer *a, const char *reason)
{
    assert_non_null(a->error);
    assert_string_equal(json_text(json_get(a->error, "reason")).data, reason);
}

static void assert_done(const struct answer *a, const char *reason)
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

static int64_t started_number(const struct answer *a, const char *name)
{
    return json_int(json_get(a->started, name), -1);
}

static int64_t done_number(const struct answer *a, size_t choice, const char *name)
{
    return json_int(json_get(a->choices[choice].done, name), -1);
}

/* ---- answers ---- */

TEST(a_chat_is_answered)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    open_worker(&p, ember, "");
    assert_non_null(p.ready);
    assert_true(json_int(json_get(json_get(p.ready, "plan"), "kv_page_bytes"), 0) > 0);
    ask(&p, &a, 7, HELLO);
    assert_done(&a, "stop");
    assert_non_null(strstr(content_of(&a, 0), "Paris"));
    assert_true(started_number(&a, "prompt_tokens") > 4);
    assert_int_equal(started_number(&a, "truncated_tokens"), 0);
    assert_true(done_number(&a, 0, "answer_tokens") > 0);
    assert_true(done_number(&a, 0, "first_token_ns") > 0);
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}

/* Prompts of different lengths, so that some are read while others are answered. */
static void write_question(struct text *out, size_t i)
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

enum { N_TOGETHER = 32 };

TEST(answers_are_the_same_in_any_company)
{
    NEEDS_EMBER();
    struct peer p;
    static struct answer alone[N_TOGETHER], together[N_TOGETHER];
    struct text question;
    text_init(&question, 1 << 20);
    open_worker(&p, ember, "");
    for (size_t i = 0; i < N_TOGETHER; i++) {
        write_question(&question, i);
        ask(&p, &alone[i], i + 1, question.data);
    }
    for (size_t i = 0; i < N_TOGETHER; i++) {
        write_question(&question, i);
        answer_init(&together[i], 100 + i);
        send_frame(&p, FRAME_REQUEST, 100 + i, question.data);
    }
    await_all(&p, together, N_TOGETHER);
    for (size_t i = 0; i < N_TOGETHER; i++) {
        assert_null(together[i].error);
        assert_true(alone[i].choices[0].content.length > 0);
        assert_string_equal(content_of(&alone[i], 0), content_of(&together[i], 0));
        answer_release(&alone[i]);
        answer_release(&together[i]);
    }
    text_release(&question);
    assert_int_equal(close_worker(&p), 0);
}

/* Short prompts that begin alike: many are read to their end in one step. */
TEST(many_prompts_may_end_at_once)
{
    NEEDS_EMBER();
    struct peer p;
    static struct answer answers[N_TOGETHER];
    char question[300];
    open_worker(&p, ember, "");
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < N_TOGETHER; i++) {
            answer_init(&answers[i], round * 100 + i + 1);
            snprintf(
                question, sizeof question,
                "{\"kind\":\"generate\",\"raw\":true,\"client\":\"%zu\",\"prompt\":\"Story %zu: "
                "once upon a time\",\"options\":{\"temperature\":1,\"seed\":1,\"num_predict\":8}}",
                i, i);
            send_frame(&p, FRAME_REQUEST, answers[i].request, question);
        }
        await_all(&p, answers, N_TOGETHER);
        for (size_t i = 0; i < N_TOGETHER; i++) {
            if (answers[i].error)
                fail_msg("%s", json_text(json_get(answers[i].error, "message")).data);
            assert_non_null(answers[i].choices[0].done);
            answer_release(&answers[i]);
        }
    }
    assert_int_equal(close_worker(&p), 0);
}

TEST(a_prompt_has_many_choices_with_seeds_one_after_another)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer all, third;
    open_worker(&p, ember, "");
    ask(&p, &all, 1,
        "{\"kind\":\"chat\",\"n\":3," STORY
        ",\"options\":{\"seed\":5,\"temperature\":1,\"num_predict\":16}}");
    ask(&p, &third, 2,
        "{\"kind\":\"chat\"," STORY
        ",\"options\":{\"seed\":7,\"temperature\":1,\"num_predict\":16}}");
    for (size_t i = 0; i < 3; i++) {
        assert_non_null(all.choices[i].done);
        assert_true(all.choices[i].content.length > 0);
    }
    assert_string_equal(content_of(&all, 2), content_of(&third, 0));
    assert_string_not_equal(content_of(&all, 0), content_of(&all, 1));
    answer_release(&all);
    answer_release(&third);
    assert_int_equal(close_worker(&p), 0);
}

TEST(a_text_is_gone_on_with)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a, more;
    open_worker(&p, ember, "");
    ask(&p, &a, 1,
        "{\"kind\":\"generate\",\"prompt\":\"Once upon a "
        "time\",\"raw\":true,\"returns_context\":true," GREEDY "}");
    assert_done(&a, "length");
    const struct json *context = json_get(a.choices[0].done, "context");
    assert_int_equal(json_size(context), started_number(&a, "prompt_tokens") + 24);
    struct text next;
    text_init(&next, 1 << 20);
    text_append_string(&next,
                       "{\"kind\":\"generate\",\"prompt\":\" And then\",\"raw\":true,\"context\":");
    json_write(&next, context);
    text_append_string(&next, "," GREEDY "}");
    ask(&p, &more, 2, next.data);
    assert_done(&more, "length");
    assert_true(started_number(&more, "prompt_tokens") > (int64_t)json_size(context));
    text_release(&next);
    answer_release(&a);
    answer_release(&more);
    assert_int_equal(close_worker(&p), 0);
}

/* ---- what answers look like ---- */

#define WEATHER                                                                                 \
    "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"get_weather\",\"description\":" \
    "\"The weather of a city\",\"parameters\":{\"type\":\"object\",\"properties\":{\"city\":"   \
    "{\"type\":\"string\"}},\"required\":[\"city\"]}}}]"

TEST(tools_are_called_by_their_schema)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    open_worker(&p, ember, "");
    ask(&p, &a, 1,
        "{\"kind\":\"chat\",\"tool_choice\":\"required\"," WEATHER
        "," SAY("What is the weather in Oslo?") ",\"options\":{\"temperature\":0,\"num_predict\":"
                                                "200}}");
    assert_done(&a, "stop");
    const struct json *call = read_json(text_slice(&a.choices[0].calls));
    assert_string_equal(json_text(json_get(call, "name")).data, "get_weather");
    assert_true(json_text(json_get(json_get(call, "arguments"), "city")).length > 0);
    assert_true(json_text(json_get(call, "id")).length > 0);
    json_close(&call);
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}

TEST(a_format_holds)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    open_worker(&p, ember, "");
    ask(&p, &a, 1,
        "{\"kind\":\"chat\",\"n\":2,\"format\":{\"type\":\"object\",\"properties\":{\"color\":{"
        "\"enum\":"
        "[\"red\",\"blue\"]},\"size\":{\"type\":\"integer\"}},\"required\":[\"color\",\"size\"]}"
        "," STORY ",\"options\":{\"temperature\":1,\"seed\":3,\"num_predict\":60}}");
    for (size_t i = 0; i < 2; i++) {
        assert_non_null(a.choices[i].done);
        const struct json *object = read_json(text_slice(&a.choices[i].content));
        assert_int_equal(json_kind(json_get(object, "size")), JSON_KIND_INTEGER);
        assert_int_equal(json_kind(json_get(object, "color")), JSON_KIND_STRING);
        json_close(&object);
    }
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}

#define COLOR(names)                                                                             \
    "{\"kind\":\"chat\",\"n\":3,\"format\":{\"type\":\"object\",\"properties\":{\"color\":{"     \
    "\"enum\":[" names "]},\"words\":{\"type\":\"string\"}},\"required\":[\"color\",\"words\"]}" \
    "," STORY ",\"options\":{\"temperature\":1,\"seed\":11,\"num_predict\":60}}"

/* Ids of calls are another worker's own. */
static const char *name_and_arguments(const struct told *told)
{
    return told->calls.length ? strstr(told->calls.data, "\"name\"") : "";
}

/* What was made for one request is kept for others of the same form, and changes no answer. */
TEST(answers_of_one_form_are_the_same_with_a_kept_grammar)
{
    enum { N_CHOICES = 3, N_TIMES = 3 };
    static const char *const requests[] = { COLOR("\"red\",\"blue\""), COLOR("\"green\""),
                                            "{\"kind\":\"chat\",\"n\":3," WEATHER "," STORY
                                            "," GREEDY "}" };
    NEEDS_EMBER();
    struct answer fresh[COUNT_OF(requests)], later;
    struct peer p;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        open_worker(&p, ember, "");
        ask(&p, &fresh[i], 1, requests[i]);
        assert_int_equal(close_worker(&p), 0);
    }
    open_worker(&p, ember, "");
    for (size_t time = 0; time < N_TIMES; time++)
        for (size_t i = 0; i < COUNT_OF(requests); i++) {
            ask(&p, &later, 1 + time * COUNT_OF(requests) + i, requests[i]);
            for (size_t k = 0; k < N_CHOICES; k++) {
                const struct told *told = &later.choices[k], *first = &fresh[i].choices[k];
                assert_true(told->content.length + told->calls.length > 0);
                assert_true(slice_equal(text_slice(&told->content), text_slice(&first->content)));
                assert_string_equal(name_and_arguments(told), name_and_arguments(first));
            }
            answer_release(&later);
        }
    assert_int_equal(close_worker(&p), 0);
    for (size_t i = 0; i < COUNT_OF(requests); i++)
        answer_release(&fresh[i]);
}

TEST(logprobs_come_in_front_of_their_text)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    open_worker(&p, ember, "");
    ask(&p, &a, 1,
        "{\"kind\":\"chat\",\"logprobs\":2," SAY(
            "hi") ",\"options\":{\"temperature\":0,\"num_predict\":1}}");
    assert_done(&a, "length");
    const struct json *list = read_json(text_slice(&a.choices[0].logprobs)),
                      *one = json_at(list, 0);
    assert_int_equal(json_size(list), 1);
    assert_int_equal(json_size(json_get(one, "top")), 2);
    assert_true(json_number(json_get(one, "logprob"), 1) <= 0);
    assert_int_equal(json_size(json_get(one, "bytes")), json_text(json_get(one, "token")).length);
    assert_int_equal(json_int(json_get(one, "id"), -1),
                     json_int(json_get(json_at(json_get(one, "top"), 0), "id"), -2));
    json_close(&list);
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}

TEST(the_stop_string_that_ended_an_answer_is_told)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    open_worker(&p, ember, "");
    ask(&p, &a, 1,
        "{\"kind\":\"chat\"," SAY(
            "What is the capital of France?") ",\"options\":{\"temperature\":0,\"num_predict\":50,"
                                              "\"stop\":[\"xyzzy\",\"aris\"]}}");
    assert_done(&a, "stop");
    assert_string_equal(json_text(json_get(a.choices[0].done, "stop")).data, "aris");
    assert_null(strstr(content_of(&a, 0), "aris"));
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}

/* ---- requests without an answer ---- */

TEST(tokens_counts_and_prompts_are_told)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a, b, c;
    struct text request;
    open_worker(&p, ember, "");
    ask(&p, &a, 1, "{\"kind\":\"tokenize\",\"text\":\"The sea, the sea!\",\"with_pieces\":true}");
    const struct json *tokens = json_get(a.result, "tokens");
    assert_true(json_size(tokens) > 2);
    assert_int_equal(json_size(tokens), json_size(json_get(a.result, "pieces")));
    text_init(&request, 1 << 16);
    text_append_string(&request, "{\"kind\":\"detokenize\",\"tokens\":");
    json_write(&request, tokens);
    text_append_string(&request, "}");
    ask(&p, &b, 2, request.data);
    assert_string_equal(json_text(json_get(b.result, "text")).data, "The sea, the sea!");
    answer_release(&a);
    answer_release(&b);
    ask(&p, &a, 3, "{\"kind\":\"count\"," SAY("hello") "}");
    ask(&p, &b, 4, "{\"kind\":\"render\"," SAY("hello") "}");
    ask(&p, &c, 5, "{\"kind\":\"chat\"," SAY("hello") "," GREEDY "}");
    int64_t n = json_int(json_get(a.result, "prompt_tokens"), -1);
    assert_int_equal(n, json_size(json_get(b.result, "tokens")));
    assert_int_equal(n, started_number(&c, "prompt_tokens"));
    assert_non_null(strstr(json_text(json_get(b.result, "prompt")).data, "hello"));
    answer_release(&a);
    answer_release(&b);
    answer_release(&c);
    text_release(&request);
    assert_int_equal(close_worker(&p), 0);
}

/* Twelve texts, so that some are read in one step and some in several. */
static void write_inputs(struct text *out, size_t from, size_t end)
{
    text_clear(out);
    text_append_string(out, "{\"kind\":\"embed\",\"input\":[");
    for (size_t i = from; i < end; i++) {
        text_printf(out, "%s\"The text of number %zu", i > from ? "," : "", i);
        for (size_t k = 0; k < i * 20; k++)
            text_printf(out, " and %zu", k * 31 % 97);
        text_append_string(out, "\"");
    }
    text_append_string(out, "]}");
}

TEST(texts_are_embedded_alike_alone_and_together)
{
    enum { N_TEXTS = 12 };
    NEEDS_EMBER();
    struct peer p;
    struct answer all, one;
    struct text request;
    size_t n_tokens = 0;
    text_init(&request, 1 << 20);
    open_worker(&p, ember, "");
    write_inputs(&request, 0, N_TEXTS);
    ask(&p, &all, 1, request.data);
    assert_null(all.error);
    const struct json *vectors = json_get(all.result, "embeddings");
    assert_int_equal(json_size(vectors), N_TEXTS);
    for (size_t i = 0; i < N_TEXTS; i++) {
        write_inputs(&request, i, i + 1);
        ask(&p, &one, 2 + i, request.data);
        const struct json *vector = json_at(json_get(one.result, "embeddings"), 0);
        const struct json *same = json_at(vectors, i);
        assert_int_equal(json_size(vector),
                         json_int(json_get(json_get(p.ready, "info"), "n_embd"), -1));
        for (size_t k = 0; k < json_size(vector); k++)
            assert_true(json_number(json_at(vector, k), 1e9) == json_number(json_at(same, k), 0));
        assert_true(json_number(json_at(vector, 0), 0) != json_number(json_at(vector, 1), 0));
        n_tokens += (size_t)json_int(json_get(one.result, "prompt_tokens"), 0);
        answer_release(&one);
    }
    assert_int_equal(json_int(json_get(all.result, "prompt_tokens"), 0), n_tokens);
    answer_release(&all);
    text_release(&request);
    assert_int_equal(close_worker(&p), 0);
}

TEST(a_text_too_long_to_embed_is_refused_or_cut)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a, b;
    open_worker(&p, ember, "");
    ask(&p, &a, 1, "{\"kind\":\"embed\",\"n_ctx\":3,\"input\":[[5,6,7],[5,6,7,8]]}");
    assert_reason(&a, "context_length");
    answer_release(&a);
    ask(&p, &a, 2, "{\"kind\":\"embed\",\"n_ctx\":3,\"truncate\":true,\"input\":[[5,6,7,8]]}");
    ask(&p, &b, 3, "{\"kind\":\"embed\",\"input\":[[5,6,7]]}");
    assert_int_equal(json_int(json_get(a.result, "prompt_tokens"), 0), 3);
    assert_true(json_number(json_at(json_at(json_get(a.result, "embeddings"), 0), 7), 0) ==
                json_number(json_at(json_at(json_get(b.result, "embeddings"), 0), 7), 1));
    answer_release(&a);
    answer_release(&b);
    ask(&p, &a, 4, "{\"kind\":\"embed\",\"input\":[]}");
    assert_reason(&a, "invalid");
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}

TEST(a_dry_run_checks_all_and_answers_nothing)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    open_worker(&p, ember, "");
    ask(&p, &a, 1,
        "{\"kind\":\"generate\",\"prompt\":\"hi\",\"dry_run\":true,\"n\":3,\"format\":\"json\"}");
    assert_true(json_int(json_get(a.result, "prompt_tokens"), 0) > 0);
    assert_true(json_int(json_get(a.result, "n_ctx"), 0) > 0);
    assert_int_equal(json_int(json_get(a.result, "truncated_tokens"), -1), 0);
    assert_null(a.started);
    answer_release(&a);
    ask(&p, &a, 2, "{\"kind\":\"generate\",\"prompt\":\"hi\",\"dry_run\":true,\"n_ctx\":1}");
    assert_reason(&a, "context_length");
    answer_release(&a);
    ask(&p, &a, 3,
        "{\"kind\":\"generate\",\"prompt\":\"hi\",\"dry_run\":true,\"grammar\":\"root ::= (\"}");
    assert_reason(&a, "invalid");
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}

/* ---- limits ---- */

TEST(a_context_that_was_granted_is_the_longest)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    open_worker(&p, ember, "");
    send_frame(&p, FRAME_GRANT, 0, "{\"kv_bytes\":1000000000,\"n_ctx\":16}");
    ask(&p, &a, 1, "{\"kind\":\"chat\"," STORY "}");
    assert_reason(&a, "context_length");
    assert_int_equal(json_int(json_get(a.error, "n_ctx"), 0), 16);
    assert_true(json_int(json_get(a.error, "prompt_tokens"), 0) > 16);
    answer_release(&a);
    send_frame(&p, FRAME_GRANT, 0, "{\"kv_bytes\":1000000000,\"n_ctx\":512}");
    ask(&p, &a, 2, "{\"kind\":\"chat\"," STORY "," GREEDY "}");
    assert_null(a.error);
    assert_int_equal(started_number(&a, "n_ctx"), 512);
    answer_release(&a);
    ask(&p, &a, 3, "{\"kind\":\"chat\",\"n_ctx\":64," STORY "}");
    assert_int_equal(started_number(&a, "n_ctx"), 64);
    assert_true(done_number(&a, 0, "answer_tokens") < 64);
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}

/* Grants of so many pages. */
static void grant_pages(struct peer *p, int64_t n_pages)
{
    char grant[200];
    int64_t page = json_int(json_get(json_get(p->ready, "plan"), "kv_page_bytes"), 0);
    snprintf(grant, sizeof grant, "{\"kv_bytes\":%" PRId64 ",\"n_ctx\":0}", n_pages * page);
    send_frame(p, FRAME_GRANT, 0, grant);
}

TEST(what_can_never_fit_is_refused_with_the_numbers)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    struct text question;
    text_init(&question, 1 << 16);
    open_worker(&p, ember, "");
    grant_pages(&p, 3);
    write_question(&question, 6); /* over 500 tokens */
    ask(&p, &a, 1, question.data);
    assert_reason(&a, "memory");
    answer_release(&a);
    ask(&p, &a, 2, HELLO);
    assert_done(&a, "stop");
    answer_release(&a);
    text_release(&question);
    assert_int_equal(close_worker(&p), 0);
}

enum { N_CROWD = 12 };

TEST(pages_that_run_out_go_round)
{
    NEEDS_EMBER();
    struct peer p;
    static struct answer alone[N_CROWD], crowd[N_CROWD];
    struct text question;
    text_init(&question, 1 << 16);
    open_worker(&p, ember, "");
    for (size_t round = 0; round < 2; round++) {
        struct answer *answers = round ? crowd : alone;
        if (round)
            grant_pages(&p, 9); /* all of them want some forty */
        for (size_t i = 0; i < N_CROWD; i++) {
            text_clear(&question);
            text_printf(&question,
                        "{\"kind\":\"generate\",\"raw\":true,\"prompt\":\"%zu times upon a time\","
                        "\"options\":{\"temperature\":0,\"num_predict\":120}}",
                        i);
            answer_init(&answers[i], round * 100 + i + 1);
            send_frame(&p, FRAME_REQUEST, answers[i].request, question.data);
        }
        await_all(&p, answers, N_CROWD);
    }
    for (size_t i = 0; i < N_CROWD; i++) {
        assert_null(crowd[i].error);
        assert_true(alone[i].choices[0].content.length > 0);
        assert_string_equal(content_of(&alone[i], 0), content_of(&crowd[i], 0));
        answer_release(&alone[i]);
        answer_release(&crowd[i]);
    }
    text_release(&question);
    assert_int_equal(close_worker(&p), 0);
}

/* ---- company ---- */

TEST(a_prompt_that_was_read_is_not_read_again)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a, b;
    struct text question;
    text_init(&question, 1 << 20);
    open_worker(&p, ember, "");
    write_question(&question, 5);
    ask(&p, &a, 1, question.data);
    ask(&p, &b, 2, question.data);
    assert_int_equal(started_number(&a, "cached_tokens"), 0);
    assert_true(started_number(&b, "cached_tokens") + 64 >= started_number(&b, "prompt_tokens"));
    assert_string_equal(content_of(&a, 0), content_of(&b, 0));
    while (!p.state || json_int(json_get(p.state, "kv_cached_bytes"), 0) == 0)
        receive(&p, &b, 1);
    answer_release(&a);
    answer_release(&b);
    text_release(&question);
    assert_int_equal(close_worker(&p), 0);
}

/* A prompt of about n words. */
static void write_long(struct text *out, size_t n, const char *client)
{
    text_clear(out);
    text_printf(out, "{\"kind\":\"generate\",\"raw\":true,\"client\":\"%s\",\"prompt\":\"", client);
    for (size_t i = 0; i < n; i++)
        text_printf(out, "%zu ", i * 7919 % 1000);
    text_append_string(out, "\"," GREEDY "}");
}

/* A model that takes a while to read what its context holds. */
static struct tiny_model *new_slow_model(void)
{
    struct tiny_model *model;
    struct error err = { 0 };
    struct tiny_options options = tiny_defaults();
    options.n_vocab = 300;
    options.n_ctx = 16384;
    options.n_layers = 8;
    options.has_tokenizer = true;
    assert_ok(tiny_model_new(&model, &options, &err), err);
    return model;
}

static int64_t state_number(const struct peer *p, const char *name)
{
    return json_int(json_get(p->state, name), -1);
}

TEST(a_cancelled_prompt_gives_its_pages_back)
{
    struct peer p;
    struct answer a;
    struct text question;
    struct tiny_model *model = new_slow_model();
    text_init(&question, 1 << 20);
    open_worker(&p, tiny_model_path(model), "");
    answer_init(&a, 9);
    write_long(&question, 2500, "a"); /* a letter is a token */
    send_frame(&p, FRAME_REQUEST, 9, question.data);
    while (!a.started && !a.is_over)
        receive(&p, &a, 1);
    send_frame(&p, FRAME_CANCEL, 9, "");
    uint64_t cancelled_ns = clock_ns();
    await_all(&p, &a, 1);
    assert_done(&a, "cancelled");
    assert_true(a.ended_ns - cancelled_ns < 2000000000);
    assert_int_equal(done_number(&a, 0, "answer_tokens"), 0);
    while (!p.state || state_number(&p, "n_running") != 0)
        receive(&p, &a, 1);
    assert_int_equal(state_number(&p, "kv_used_bytes"), 0);
    assert_true(state_number(&p, "kv_allocated_bytes") > 0);
    answer_release(&a);
    text_release(&question);
    assert_int_equal(close_worker(&p), 0);
    tiny_model_free(&model);
}

TEST(a_short_question_does_not_wait_for_long_ones_of_others)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a[4];
    struct text question;
    text_init(&question, 1 << 20);
    open_worker(&p, ember, "");
    for (size_t i = 0; i < 3; i++) {
        answer_init(&a[i], i + 1);
        write_long(&question, 400, "a");
        send_frame(&p, FRAME_REQUEST, i + 1, question.data);
    }
    while (!a[0].started && !a[1].started && !a[2].started && !a[0].is_over)
        receive(&p, a, 3);
    answer_init(&a[3], 4);
    send_frame(&p, FRAME_REQUEST, 4,
               "{\"kind\":\"generate\",\"raw\":true,\"client\":\"b\",\"prompt\":\"hi\"," GREEDY
               "}");
    await_all(&p, a, 4);
    size_t n_later = 0;
    for (size_t i = 0; i < 3; i++)
        n_later += a[i].ended_ns > a[3].ended_ns;
    assert_true(n_later >= 2);
    for (size_t i = 0; i < 4; i++)
        answer_release(&a[i]);
    text_release(&question);
    assert_int_equal(close_worker(&p), 0);
}

TEST(n_parallel_limits_who_runs)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a[3];
    open_worker(&p, ember, "\"n_parallel\":1");
    for (size_t i = 0; i < 3; i++) {
        answer_init(&a[i], i + 1);
        send_frame(&p, FRAME_REQUEST, i + 1, "{\"kind\":\"chat\"," STORY "," GREEDY "}");
    }
    await_all(&p, a, 3);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 3; k++)
            assert_true(i == k || a[i].ended_ns <= a[k].started_ns ||
                        a[k].ended_ns <= a[i].started_ns);
    for (size_t i = 0; i < 3; i++)
        answer_release(&a[i]);
    assert_int_equal(close_worker(&p), 0);
}

/* ---- ends ---- */

TEST(a_model_that_is_none_is_refused)
{
    struct peer p;
    open_worker(&p, "/nowhere/at/all.gguf", "");
    assert_null(p.ready);
    assert_non_null(strstr(json_text(json_get(p.refused, "message")).data, "/nowhere/at/all.gguf"));
    assert_int_equal(close_worker(&p), 1);
}

TEST(a_stream_that_makes_no_sense_ends_the_worker)
{
    static const char heads[][FRAME_HEAD_BYTES + 1] = {
        "\xff\xff\xff\xff\x03\0\0\0\1\0\0\0\0\0\0\0", /* 4 GB */
        "\0\0\0\0\x63\0\0\0\1\0\0\0\0\0\0\0",         /* no such kind */
        "\0\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0",         /* a grant without JSON */
    };
    struct frame frame;
    NEEDS_EMBER();
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        struct peer p;
        open_worker(&p, ember, "");
        send_bytes(&p, heads[i], FRAME_HEAD_BYTES);
        assert_false(next_frame(&p, &frame));
        assert_int_equal(close_worker(&p), 1);
        start_worker(&p);
        send_bytes(&p, heads[i], FRAME_HEAD_BYTES);
        assert_false(next_frame(&p, &frame));
        assert_int_equal(close_worker(&p), 1);
    }
}

TEST(answers_that_nobody_reads_hold_nobody_up)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    open_worker(&p, ember, "");
    for (size_t i = 0; i < 40; i++) /* more than fits into a socket */
        send_frame(&p, FRAME_REQUEST, 1000 + i,
                   "{\"kind\":\"chat\",\"logprobs\":20," STORY
                   ",\"options\":{\"temperature\":0,\"num_predict\":30}}");
    answer_init(&a, 1);
    send_frame(&p, FRAME_REQUEST, 1, HELLO);
    usleep(300000);
    await_all(&p, &a, 1);
    assert_done(&a, "stop");
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}

TEST(a_cancelled_answer_ends_soon)
{
    NEEDS_EMBER();
    struct peer p;
    struct answer a;
    open_worker(&p, ember, "");
    answer_init(&a, 3);
    send_frame(&p, FRAME_REQUEST, 3,
               "{\"kind\":\"generate\",\"prompt\":\"Once\",\"raw\":true,"
               "\"options\":{\"temperature\":1,\"seed\":1,\"repeat_penalty\":1.5}}");
    while (!a.choices[0].content.length)
        receive(&p, &a, 1);
    send_frame(&p, FRAME_CANCEL, 3, "");
    await_all(&p, &a, 1);
    assert_done(&a, "cancelled");
    answer_release(&a);
    assert_int_equal(close_worker(&p), 0);
}

/* Twelve million letters: seconds of work for the tokenizer. */
static void write_huge(struct text *out)
{
    text_append_string(out, "{\"kind\":\"tokenize\",\"text\":\"");
    for (size_t i = 0; i < 2000000; i++)
        text_printf(out, "%05zu ", i * 7919 % 100000);
    text_append_string(out, "\"}");
}

/* Both threads that prepare are busy; who is cancelled does not keep them. */
TEST(what_is_cancelled_while_it_is_prepared_ends_soon)
{
    NEEDS_EMBER();
    enum { N_HUGE = 2 };
    struct peer p;
    struct answer whole, a[N_HUGE + 1];
    struct text huge;
    text_init(&huge, 1 << 24);
    write_huge(&huge);
    open_worker(&p, ember, "");
    uint64_t start = clock_ns();
    ask(&p, &whole, 1, huge.data);
    uint64_t whole_ns = clock_ns() - start;
    assert_non_null(whole.result);
    for (size_t i = 0; i < N_HUGE; i++) {
        answer_init(&a[i], 2 + i);
        send_frame(&p, FRAME_REQUEST, 2 + i, huge.data);
    }
    usleep((useconds_t)(whole_ns / 4 / 1000));
    start = clock_ns();
    for (size_t i = 0; i < N_HUGE; i++)
        send_frame(&p, FRAME_CANCEL, 2 + i, "");
    answer_init(&a[N_HUGE], 9);
    send_frame(&p, FRAME_REQUEST, 9, "{\"kind\":\"tokenize\",\"text\":\"hi\"}");
    await_all(&p, a, N_HUGE + 1);
    assert_true(clock_ns() - start < whole_ns / 2);
    assert_non_null(a[N_HUGE].result);
    for (size_t i = 0; i < N_HUGE; i++) {
        assert_null(a[i].error);
        assert_null(a[i].result);
        answer_release(&a[i]);
    }
    answer_release(&a[N_HUGE]);
    answer_release(&whole);
    text_release(&huge);
    assert_int_equal(close_worker(&p), 0);
}

TEST(a_worker_ends_with_its_server)
{
    NEEDS_EMBER();
    struct peer p;
    open_worker(&p, ember, "");
    send_frame(&p, FRAME_REQUEST, 1, "{\"kind\":\"generate\",\"prompt\":\"Once\",\"raw\":true}");
    send_frame(&p, FRAME_REQUEST, 2, "{\"kind\":\"generate\",\"prompt\":\"Once\",\"raw\":true}");
    assert_int_equal(close_worker(&p), 0);
}

TEST(what_makes_no_sense_is_refused)
{
    NEEDS_EMBER();
    static const char *const requests[] = {
        "",
        "{",
        "[]",
        "{\"kind\":\"dance\"}",
        "{\"kind\":\"chat\"}",
        "{\"kind\":\"chat\",\"messages\":[]}",
        "{\"kind\":\"chat\",\"messages\":[{\"role\":\"clown\",\"content\":\"\"}]}",
        "{\"kind\":\"chat\",\"n\":0," SAY("hi") "}",
        "{\"kind\":\"chat\",\"format\":\"xml\"," SAY("hi") "}",
        "{\"kind\":\"chat\",\"format\":{\"type\":\"number\",\"multipleOf\":0}," SAY("hi") "}",
        "{\"kind\":\"chat\",\"grammar\":\"root ::= (\"," SAY("hi") "}",
        "{\"kind\":\"chat\",\"options\":{\"temperature\":\"hot\"}," SAY("hi") "}",
        "{\"kind\":\"chat\",\"logprobs\":21," SAY("hi") "}",
        "{\"kind\":\"chat\",\"logit_bias\":{\"99999999\":1}," SAY("hi") "}",
        "{\"kind\":\"generate\",\"prompt\":\"\",\"raw\":true,\"template\":\"x\"}",
        "{\"kind\":\"generate\",\"prompt\":\"a\",\"context\":[-1]}",
        "{\"kind\":\"detokenize\",\"tokens\":[1,\"x\"]}",
    };
    struct peer p;
    open_worker(&p, ember, "");
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct answer a;
        ask(&p, &a, i + 1, requests[i]);
        assert_reason(&a, "invalid");
        assert_null(a.started);
        answer_release(&a);
    }
    assert_int_equal(close_worker(&p), 0);
}
