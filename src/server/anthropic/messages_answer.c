#include "server/anthropic/messages_answer.h"

#include "base/json_members.h"
#include "base/memory.h"
#include "base/slice_text.h"
#include "server/anthropic/anthropic_error.h"
#include "server/http/sse.h"

#include <stdio.h>

enum { ANSWER_BYTES = 256 << 20, ID_DIGITS = 24 };

enum block { NO_BLOCK, THINKING_BLOCK, TEXT_BLOCK };

struct messages_answer {
    struct text model;
    char id[ID_DIGITS + 1];
    bool is_streaming, has_call, is_broken; /* broken: no memory for a part of it */
    enum block block;                       /* that is open */
    size_t n_blocks;
    struct text blocks; /* of a whole answer: with commas between them, the last one may be open */
    struct text said;   /* of the open block */
    struct text event;  /* scratch of a stream */
    int64_t prompt_tokens, cached_tokens;
};

struct messages_answer *messages_answer_new(struct slice model, bool is_streaming, const char *id)
{
    struct messages_answer *a = memory_zeroed(1, sizeof *a);
    if (!a)
        return NULL;
    text_init(&a->model, model.length);
    text_init(&a->blocks, ANSWER_BYTES);
    text_init(&a->said, ANSWER_BYTES);
    text_init(&a->event, ANSWER_BYTES);
    a->is_streaming = is_streaming;
    a->is_broken = !text_append_slice(&a->model, model);
    memcpy(a->id, id, size_min(strlen(id), ID_DIGITS));
    return a;
}

static void release(void *state)
{
    struct messages_answer *a = state;
    text_release(&a->model);
    text_release(&a->blocks);
    text_release(&a->said);
    text_release(&a->event);
    memory_free(a);
}

static void note(struct messages_answer *a, bool ok)
{
    a->is_broken = a->is_broken || !ok;
}

/* ---- events of a stream ---- */

static void send(struct messages_answer *a, struct response *response, const char *name)
{
    struct text out;
    text_init(&out, ANSWER_BYTES);
    note(a, sse_write(&out, name, text_slice(&a->event)));
    (void)!response_write(response,
                          text_slice(&out)); /* a client that has gone is told of elsewhere */
    text_release(&out);
    text_clear(&a->event);
}

/* {"type":NAME, and what follows is the caller's. */
static bool open_event(struct messages_answer *a, const char *name)
{
    text_clear(&a->event);
    return text_append_byte(&a->event, '{') && write_string_member(&a->event, "type", name);
}

static bool write_usage(const struct messages_answer *a, struct text *out, int64_t answer_tokens)
{
    return write_name(out, "usage") && text_append_byte(out, '{') &&
           write_integer_member(out, "input_tokens", a->prompt_tokens - a->cached_tokens) &&
           write_integer_member(out, "cache_creation_input_tokens", 0) &&
           write_integer_member(out, "cache_read_input_tokens", a->cached_tokens) &&
           write_integer_member(out, "output_tokens", answer_tokens) && text_append_byte(out, '}');
}

/* The members of a message up to its content. */
static bool write_head(const struct messages_answer *a, struct text *out)
{
    return text_printf(out, "{\"id\":\"msg_%s\",\"type\":\"message\",\"role\":\"assistant\"",
                       a->id) &&
           write_text_member(out, "model", text_slice(&a->model));
}

static void start(struct messages_answer *a, const struct json *counts, struct response *response)
{
    a->prompt_tokens = json_int(json_get(counts, "prompt_tokens"), 0);
    a->cached_tokens = json_int(json_get(counts, "cached_tokens"), 0);
    if (!a->is_streaming)
        return;
    response_header(response, "Cache-Control", "no-cache");
    response_begin(response, 200, "text/event-stream; charset=utf-8");
    note(a, open_event(a, "message_start") && write_name(&a->event, "message") &&
                write_head(a, &a->event) &&
                text_append_string(&a->event,
                                   ",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null") &&
                write_usage(a, &a->event, 0) && text_append_string(&a->event, "}}"));
    send(a, response, "message_start");
    note(a, open_event(a, "ping") && text_append_byte(&a->event, '}'));
    send(a, response, "ping");
}

/* ---- blocks ---- */

/* Clients hand thinking back with a signature, which hearth has no need of; they want one that is
 * not empty. */
static const char signature[] = "hearth";

static bool write_said(struct messages_answer *a, struct text *out)
{
    bool is_thinking = a->block == THINKING_BLOCK;
    return write_comma(out) && text_append_byte(out, '{') &&
           write_string_member(out, "type", is_thinking ? "thinking" : "text") &&
           write_text_member(out, is_thinking ? "thinking" : "text", text_slice(&a->said)) &&
           (!is_thinking || write_string_member(out, "signature", signature)) &&
           text_append_byte(out, '}');
}

static bool open_delta(struct messages_answer *a, const char *type)
{
    return open_event(a, "content_block_delta") &&
           write_integer_member(&a->event, "index", (int64_t)a->n_blocks) &&
           write_name(&a->event, "delta") && text_append_byte(&a->event, '{') &&
           write_string_member(&a->event, "type", type);
}

static void send_block_stop(struct messages_answer *a, struct response *response)
{
    note(a, open_event(a, "content_block_stop") &&
                write_integer_member(&a->event, "index", (int64_t)a->n_blocks) &&
                text_append_byte(&a->event, '}'));
    send(a, response, "content_block_stop");
}

static void end_block(struct messages_answer *a, struct response *response)
{
    if (a->block == NO_BLOCK)
        return;
    if (!a->is_streaming) {
        note(a, write_said(a, &a->blocks));
    } else {
        if (a->block == THINKING_BLOCK) {
            note(a, open_delta(a, "signature_delta") &&
                        write_string_member(&a->event, "signature", signature) &&
                        text_append_string(&a->event, "}}"));
            send(a, response, "content_block_delta");
        }
        send_block_stop(a, response);
    }
    text_clear(&a->said);
    a->block = NO_BLOCK;
    a->n_blocks++;
}

static bool open_block_event(struct messages_answer *a)
{
    return open_event(a, "content_block_start") &&
           write_integer_member(&a->event, "index", (int64_t)a->n_blocks) &&
           write_name(&a->event, "content_block");
}

static void begin_block(struct messages_answer *a, enum block block, struct response *response)
{
    if (a->block == block)
        return;
    end_block(a, response);
    a->block = block;
    if (!a->is_streaming)
        return;
    note(a,
         open_block_event(a) &&
             text_append_string(
                 &a->event, block == TEXT_BLOCK
                                ? "{\"type\":\"text\",\"text\":\"\"}}"
                                : "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}"));
    send(a, response, "content_block_start");
}

static void say(struct messages_answer *a, enum block block, struct slice text,
                struct response *response)
{
    begin_block(a, block, response);
    if (!a->is_streaming) {
        note(a, text_append_slice(&a->said, text));
        return;
    }
    bool is_text = block == TEXT_BLOCK;
    note(a, open_delta(a, is_text ? "text_delta" : "thinking_delta") &&
                write_text_member(&a->event, is_text ? "text" : "thinking", text) &&
                text_append_string(&a->event, "}}"));
    send(a, response, "content_block_delta");
}

static bool write_use(struct text *out, const struct json *call, bool has_input)
{
    return text_append_string(out, "{\"type\":\"tool_use\"") && write_name(out, "id") &&
           text_append_string(out, "\"toolu_") &&
           text_append_slice(out, json_text(json_get(call, "id"))) && text_append_byte(out, '"') &&
           write_text_member(out, "name", json_text(json_get(call, "name"))) &&
           write_name(out, "input") &&
           (has_input ? json_write(out, json_get(call, "arguments"))
                      : text_append_string(out, "{}")) &&
           text_append_byte(out, '}');
}

static void stream_call(struct messages_answer *a, const struct json *call,
                        struct response *response)
{
    struct text input;
    note(a, open_block_event(a) && write_use(&a->event, call, false) &&
                text_append_byte(&a->event, '}'));
    send(a, response, "content_block_start");
    text_init(&input, ANSWER_BYTES);
    note(a, json_write(&input, json_get(call, "arguments")) && open_delta(a, "input_json_delta") &&
                write_text_member(&a->event, "partial_json", text_slice(&input)) &&
                text_append_string(&a->event, "}}"));
    text_release(&input);
    send(a, response, "content_block_delta");
    send_block_stop(a, response);
}

static void use_tool(struct messages_answer *a, const struct json *call, struct response *response)
{
    end_block(a, response);
    a->has_call = true;
    if (a->is_streaming)
        stream_call(a, call, response);
    else
        note(a, write_comma(&a->blocks) && write_use(&a->blocks, call, true));
    a->n_blocks++;
}

/* ---- the end ---- */

static const char *stop_reason(const struct messages_answer *a, const struct json *done)
{
    if (a->has_call)
        return "tool_use";
    if (slice_is(json_text(json_get(done, "reason")), "length"))
        return "max_tokens";
    return json_get(done, "stop") ? "stop_sequence" : "end_turn";
}

static bool write_stop(const struct messages_answer *a, struct text *out, const struct json *done)
{
    const struct json *stop = json_get(done, "stop");
    return write_string_member(out, "stop_reason", stop_reason(a, done)) &&
           write_name(out, "stop_sequence") &&
           (stop ? json_write(out, stop) : text_append_string(out, "null"));
}

static void finish_stream(struct messages_answer *a, const struct json *done,
                          struct response *response)
{
    int64_t n = json_int(json_get(done, "answer_tokens"), 0);
    note(a, open_event(a, "message_delta") && write_name(&a->event, "delta") &&
                text_append_byte(&a->event, '{') && write_stop(a, &a->event, done) &&
                text_append_byte(&a->event, '}') && write_usage(a, &a->event, n) &&
                text_append_byte(&a->event, '}'));
    send(a, response, "message_delta");
    note(a, open_event(a, "message_stop") && text_append_byte(&a->event, '}'));
    send(a, response, "message_stop");
}

static void finish_whole(struct messages_answer *a, const struct json *done,
                         struct response *response)
{
    struct text out;
    text_init(&out, 2 * (size_t)ANSWER_BYTES);
    note(a, write_head(a, &out) && write_name(&out, "content") && text_append_byte(&out, '[') &&
                text_append_slice(&out, text_slice(&a->blocks)) && text_append_byte(&out, ']') &&
                write_stop(a, &out, done) &&
                write_usage(a, &out, json_int(json_get(done, "answer_tokens"), 0)) &&
                text_append_byte(&out, '}'));
    if (a->is_broken)
        anthropic_error(response, 500, "no memory left for the answer");
    else
        response_whole(response, 200, "application/json", text_slice(&out));
    text_release(&out);
}

/* An answer that nothing was said in has an empty text, as clients look at the first block. */
static void finish(struct messages_answer *a, const struct json *done, struct response *response)
{
    if (a->n_blocks == 0 && a->block == NO_BLOCK)
        begin_block(a, TEXT_BLOCK, response);
    end_block(a, response);
    if (a->is_streaming)
        finish_stream(a, done, response);
    else
        finish_whole(a, done, response);
}

static void tell(void *state, const struct task_event *event, struct response *response)
{
    struct messages_answer *a = state;
    if (a->is_broken && a->is_streaming && response_has_begun(response)) {
        response_end(response); /* a stream with a hole is worse than one that breaks off */
        return;
    }
    switch (event->kind) {
    case TASK_STARTED:
        start(a, event->json, response);
        break;
    case TASK_THINKING:
        say(a, THINKING_BLOCK, event->text, response);
        break;
    case TASK_CONTENT:
        say(a, TEXT_BLOCK, event->text, response);
        break;
    case TASK_CALL:
        use_tool(a, event->json, response);
        break;
    case TASK_DONE:
        finish(a, event->json, response);
        break;
    case TASK_FAILED:
        anthropic_failure(response, event->failure);
        break;
    default:
        break;
    }
}

const struct reply_kind messages_reply = { tell, release };

static void tell_count(void *state, const struct task_event *event, struct response *response)
{
    char body[80];
    (void)state;
    if (event->kind == TASK_FAILED)
        anthropic_failure(response, event->failure);
    if (event->kind != TASK_RESULT)
        return;
    snprintf(body, sizeof body, "{\"input_tokens\":%" PRId64 "}",
             json_int(json_get(event->json, "prompt_tokens"), 0));
    response_whole(response, 200, "application/json", slice_of(body));
}

static void release_nothing(void *state)
{
    (void)state;
}

const struct reply_kind count_tokens_reply = { tell_count, release_nothing };
