#include "server/service/token_routes.h"

#include "base/json_members.h"
#include "base/memory.h"
#include "server/http/body.h"
#include "server/reply.h"

static const char json_type[] = "application/json; charset=utf-8";

/* ---- answers ---- */

/* The event's JSON as the body, in the words of these routes. */
typedef bool write_answer(struct text *out, const struct json *result);

struct token_reply {
    write_answer *write;
};

static bool write_tokens(struct text *out, const struct json *result)
{
    return text_append_string(out, "{\"tokens\":") && json_write(out, json_get(result, "tokens")) &&
           text_append_string(out, "}\n");
}

static bool write_pieces(struct text *out, const struct json *result)
{
    const struct json *tokens = json_get(result, "tokens"), *pieces = json_get(result, "pieces");
    bool ok = text_append_string(out, "{\"tokens\":[");
    for (size_t i = 0; ok && i < json_size(tokens); i++)
        ok = write_comma(out) && text_append_byte(out, '{') &&
             write_integer_member(out, "id", json_int(json_at(tokens, i), 0)) &&
             write_text_member(out, "piece", json_text(json_at(pieces, i))) &&
             text_append_byte(out, '}');
    return ok && text_append_string(out, "]}\n");
}

static bool write_content(struct text *out, const struct json *result)
{
    return text_append_byte(out, '{') &&
           write_text_member(out, "content", json_text(json_get(result, "text"))) &&
           text_append_string(out, "}\n");
}

static void tell_failure(const struct task_failure *failure, struct response *response)
{
    response_retry_after(response, failure->retry_after_s);
    respond_error(DIALECT_OLLAMA, response, task_failure_status(failure), failure->message);
}

static void tell(void *state, const struct task_event *event, struct response *response)
{
    const struct token_reply *reply = state;
    struct text body;
    if (event->kind == TASK_FAILED && !response_has_begun(response))
        tell_failure(event->failure, response);
    if (event->kind != TASK_RESULT)
        return;
    text_init(&body, SIZE_MAX / 2);
    if (reply->write(&body, event->json))
        response_whole(response, 200, json_type, text_slice(&body));
    else
        respond_error(DIALECT_OLLAMA, response, 500, "no memory left for the answer");
    text_release(&body);
}

/* ---- requests ---- */

static void start(struct service *service, const struct http_request *request,
                  struct response *response, struct slice model, struct slice wanted,
                  write_answer *write)
{
    static const struct reply_kind kind = { tell, memory_free };
    struct wish wish = {
        .kind = WISH_REQUEST, .model = model, .request = wanted, .client = request->client
    };
    struct token_reply *reply = memory_zeroed(1, sizeof *reply);
    if (!reply) {
        respond_error(DIALECT_OLLAMA, response, 500, "no memory left for a request");
        return;
    }
    reply->write = write;
    reply_start(service, response, &wish, &kind, reply);
}

static bool read_model(const struct json *body, struct slice *model, struct error *err)
{
    *model = (struct slice){ NULL, 0 };
    return body_text(body, "model", model, err) &&
           (model->length > 0 || fail(err, ERROR_USAGE, "model is required"));
}

/* "content", as llama.cpp's server has it, or a name that others use. */
static bool read_content(const struct json *body, struct slice *content, struct error *err)
{
    *content = (struct slice){ NULL, 0 };
    if (!body_text(body, "text", content, err) || !body_text(body, "prompt", content, err) ||
        !body_text(body, "content", content, err))
        return false;
    return content->data || fail(err, ERROR_USAGE, "content is required");
}

static bool write_wish(struct text *out, struct slice content, bool add_special, bool with_pieces)
{
    return text_append_byte(out, '{') && write_string_member(out, "kind", "tokenize") &&
           write_text_member(out, "text", content) &&
           write_flag_member(out, "add_special", add_special) &&
           write_flag_member(out, "with_pieces", with_pieces) && text_append_byte(out, '}');
}

void tokenize_route(struct service *service, const struct http_request *request,
                    struct response *response)
{
    struct error err = { 0 };
    const struct json *body = NULL;
    struct slice model, content;
    struct text wish;
    bool add_special = false, with_pieces = false;
    text_init(&wish, SIZE_MAX / 2);
    bool ok = body_open(&body, request->body, &err) && read_model(body, &model, &err) &&
              read_content(body, &content, &err) &&
              body_flag(body, "add_special", &add_special, &err) &&
              body_flag(body, "with_pieces", &with_pieces, &err) &&
              (write_wish(&wish, content, add_special, with_pieces) ||
               fail_memory(&err, content.length, "a request"));
    if (ok)
        start(service, request, response, model, text_slice(&wish),
              with_pieces ? write_pieces : write_tokens);
    else
        respond_error(DIALECT_OLLAMA, response, err.code == ERROR_MEMORY ? 500 : 400, err.message);
    text_release(&wish);
    json_close(&body);
}

static bool read_tokens(const struct json *body, const struct json **tokens, struct error *err)
{
    *tokens = body_field(body, "tokens");
    if (json_kind(*tokens) != JSON_KIND_ARRAY)
        return fail(err, ERROR_USAGE, "tokens is required, an array of token ids");
    for (size_t i = 0; i < json_size(*tokens); i++)
        if (json_kind(json_at(*tokens, i)) != JSON_KIND_INTEGER)
            return fail(err, ERROR_USAGE, "tokens[%zu] is no token id", i);
    return true;
}

void detokenize_route(struct service *service, const struct http_request *request,
                      struct response *response)
{
    struct error err = { 0 };
    const struct json *body = NULL, *tokens;
    struct slice model;
    struct text wish;
    text_init(&wish, SIZE_MAX / 2);
    bool ok = body_open(&body, request->body, &err) && read_model(body, &model, &err) &&
              read_tokens(body, &tokens, &err) &&
              ((text_append_string(&wish, "{\"kind\":\"detokenize\",\"tokens\":") &&
                json_write(&wish, tokens) && text_append_byte(&wish, '}')) ||
               fail_memory(&err, request->body.length, "a request"));
    if (ok)
        start(service, request, response, model, text_slice(&wish), write_content);
    else
        respond_error(DIALECT_OLLAMA, response, err.code == ERROR_MEMORY ? 500 : 400, err.message);
    text_release(&wish);
    json_close(&body);
}
