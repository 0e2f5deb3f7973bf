#include "test.h"

#include "server/residency/residency.h"
#include "server/service/token_routes.h"

/* ---- residency, made up: answers at once ---- */

static char asked[4096], asked_model[64];
static const char *result;
static struct task_failure failure;

uint64_t residency_start(struct residency *residency, const struct wish *wish)
{
    (void)residency;
    const struct json *json = NULL;
    struct error err = { 0 };
    struct task_event event = { .kind = TASK_RESULT };
    snprintf(asked, sizeof asked, "%.*s", (int)wish->request.length, wish->request.data);
    snprintf(asked_model, sizeof asked_model, "%.*s", (int)wish->model.length, wish->model.data);
    if (result) {
        assert_ok(json_open(&json, result, strlen(result), "result", &err), err);
        event.json = json;
    } else {
        event.kind = TASK_FAILED;
        event.failure = &failure;
    }
    wish->listener(wish->context, &event);
    wish->listener(wish->context, &(struct task_event){ .kind = TASK_END });
    json_close(&json);
    return 1;
}

void residency_cancel(struct residency *residency, uint64_t task)
{
    (void)residency, (void)task;
}

/* ---- requests ---- */

static struct slice absent(const struct http_request *request, const char *name)
{
    (void)request, (void)name;
    return (struct slice){ NULL, 0 };
}

static void check(route_handler *handler, const char *body, unsigned status, const char *wanted)
{
    char answer[1024];
    bool is_over;
    struct service service = { .residency = NULL };
    const struct http_request request = { .method = slice_of("POST"),
                                          .path = slice_of("/"),
                                          .body = slice_of(body),
                                          .header = absent,
                                          .query = absent };
    struct response *response = response_new();
    handler(&service, &request, response);
    size_t n = response_take(response, answer, sizeof answer - 1, &is_over);
    answer[n] = '\0';
    assert_true(is_over);
    assert_string_equal(answer, wanted);
    assert_int_equal(response_status(response), status);
    response_drop(&response);
}

TEST(text_becomes_tokens)
{
    result = "{\"tokens\":[5,7]}";
    check(tokenize_route, "{\"model\":\"m\",\"content\":\"a \\\"b\\\"\"}", 200,
          "{\"tokens\":[5,7]}\n");
    assert_string_equal(asked_model, "m");
    assert_string_equal(asked, "{\"kind\":\"tokenize\",\"text\":\"a \\\"b\\\"\","
                               "\"add_special\":false,\"with_pieces\":false}");
    check(tokenize_route, "{\"model\":\"m\",\"text\":\"\",\"add_special\":true}", 200,
          "{\"tokens\":[5,7]}\n");
    assert_non_null(strstr(asked, "\"add_special\":true"));
}

TEST(tokens_come_with_their_pieces)
{
    result = "{\"tokens\":[5,7],\"pieces\":[\"a\",\" b\"]}";
    check(tokenize_route, "{\"model\":\"m\",\"content\":\"a b\",\"with_pieces\":true}", 200,
          "{\"tokens\":[{\"id\":5,\"piece\":\"a\"},{\"id\":7,\"piece\":\" b\"}]}\n");
}

TEST(tokens_become_text)
{
    result = "{\"text\":\"a b\"}";
    check(detokenize_route, "{\"model\":\"m\",\"tokens\":[5,7]}", 200, "{\"content\":\"a b\"}\n");
    assert_string_equal(asked, "{\"kind\":\"detokenize\",\"tokens\":[5,7]}");
    check(detokenize_route, "{\"model\":\"m\",\"tokens\":[]}", 200, "{\"content\":\"a b\"}\n");
}

TEST(token_routes_refuse_what_makes_no_sense)
{
    result = "{}";
    check(tokenize_route, "", 400, "{\"error\":\"missing request body\"}");
    check(tokenize_route, "{\"content\":\"x\"}", 400, "{\"error\":\"model is required\"}");
    check(tokenize_route, "{\"model\":\"m\"}", 400, "{\"error\":\"content is required\"}");
    check(detokenize_route, "{\"model\":\"m\"}", 400,
          "{\"error\":\"tokens is required, an array of token ids\"}");
    check(detokenize_route, "{\"model\":\"m\",\"tokens\":[1,\"2\"]}", 400,
          "{\"error\":\"tokens[1] is no token id\"}");
}

TEST(token_routes_tell_why_a_task_failed)
{
    result = NULL;
    failure = (struct task_failure){ ERROR_NOT_FOUND, "not_found", "model 'm' not found", NULL, 0 };
    check(tokenize_route, "{\"model\":\"m\",\"content\":\"x\"}", 404,
          "{\"error\":\"model 'm' not found\"}");
}
