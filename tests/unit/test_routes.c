#include "test.h"

#include "server/routes.h"

static void nothing(struct service *service, const struct http_request *request,
                    struct response *response)
{
    (void)service, (void)request, (void)response;
}

static const struct route first[] = {
    { "GET", "/api/tags", DIALECT_OLLAMA, false, nothing },
    { "POST", "/api/chat", DIALECT_OLLAMA, false, nothing },
    { NULL, NULL, DIALECT_PLAIN, false, NULL },
};
static const struct route second[] = {
    { "GET", "/v1/models", DIALECT_OPENAI, false, nothing },
    { "GET", "/v1/models/{name}", DIALECT_OPENAI, false, nothing },
    { "DELETE", "/v1/models/{name}", DIALECT_OPENAI, false, nothing },
    { NULL, NULL, DIALECT_PLAIN, false, NULL },
};
static const struct route *const tables[] = { first, second };

static const struct {
    const char *method, *path;
    const struct route *route;
    bool is_known;
} rows[] = {
    { "GET", "/api/tags", &first[0], true },
    { "HEAD", "/api/tags", &first[0], true },
    { "POST", "/api/tags", NULL, true },
    { "HEAD", "/api/chat", NULL, true },
    { "get", "/api/tags", NULL, true },
    { "GET", "/api/tags/", NULL, false },
    { "GET", "/api/tag", NULL, false },
    { "GET", "/v1/models", &second[0], true },
    { "GET", "/v1/models/", NULL, false },
    { "GET", "/v1/models/a", &second[1], true },
    { "DELETE", "/v1/models/hf.co/a/b:q4", &second[2], true },
    { "", "", NULL, false },
};

TEST(routes_are_found_by_method_and_path)
{
    const struct service service = { .tables = tables, .n_tables = 2 };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool is_known;
        const struct route *route =
            route_find(&service, slice_of(rows[i].method), slice_of(rows[i].path), &is_known);
        if (route != rows[i].route || is_known != rows[i].is_known)
            fail_msg("%s %s", rows[i].method, rows[i].path);
    }
}

static void check_error(enum dialect_kind dialect, unsigned status, const char *wanted)
{
    char body[512];
    bool is_over;
    struct response *response = response_new();
    response_header(response, "X-Request-Id", "req_1");
    respond_error(dialect, response, status, "no \"such\" thing");
    assert_int_equal(response_status(response), status);
    size_t n = response_take(response, body, sizeof body - 1, &is_over);
    body[n] = '\0';
    assert_true(is_over);
    assert_string_equal(body, wanted);
    response_drop(&response);
}

TEST(errors_have_the_form_of_their_dialect)
{
    check_error(DIALECT_PLAIN, 404, "no \"such\" thing");
    check_error(DIALECT_OLLAMA, 404, "{\"error\":\"no \\\"such\\\" thing\"}");
    check_error(DIALECT_OPENAI, 400,
                "{\"error\":{\"message\":\"no \\\"such\\\" thing\","
                "\"type\":\"invalid_request_error\",\"param\":null,\"code\":null}}");
    check_error(DIALECT_ANTHROPIC, 503,
                "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
                "\"message\":\"no \\\"such\\\" thing\"},\"request_id\":\"req_1\"}");
}

TEST(paths_without_a_route_belong_to_a_dialect)
{
    assert_int_equal(dialect_of_path(slice_of("/v1/messages/x")), DIALECT_ANTHROPIC);
    assert_int_equal(dialect_of_path(slice_of("/v1/chat/completions")), DIALECT_OPENAI);
    assert_int_equal(dialect_of_path(slice_of("/api/chat")), DIALECT_OLLAMA);
    assert_int_equal(dialect_of_path(slice_of("/")), DIALECT_PLAIN);
}
