#include "server/routes.h"

#include "base/json.h"
#include "base/slice_text.h"
#include "base/text.h"
#include "server/anthropic/anthropic_error.h"
#include "server/openai/openai_problem.h"

/* A path of the table, or the part before its braces and something behind it. */
static bool path_matches(const char *pattern, struct slice path)
{
    size_t fixed = strcspn(pattern, "{");
    bool is_whole = pattern[fixed] == '\0';
    if (is_whole ? path.length != fixed : path.length <= fixed)
        return false;
    return memcmp(pattern, path.data, fixed) == 0;
}

static bool method_matches(const char *wanted, struct slice method)
{
    bool is_get = strcmp(wanted, "GET") == 0;
    return slice_equal(method, slice_of(wanted)) ||
           (is_get && slice_equal(method, slice_of("HEAD")));
}

static const struct route *find_in(const struct route *table, struct slice method,
                                   struct slice path, bool *is_known_path)
{
    for (const struct route *r = table; r->method; r++) {
        if (!path_matches(r->path, path))
            continue;
        *is_known_path = true;
        if (method_matches(r->method, method))
            return r;
    }
    return NULL;
}

const struct route *route_find(const struct service *service, struct slice method,
                               struct slice path, bool *is_known_path)
{
    *is_known_path = false;
    for (size_t i = 0; i < service->n_tables; i++) {
        const struct route *route = find_in(service->tables[i], method, path, is_known_path);
        if (route)
            return route;
    }
    return NULL;
}

enum dialect_kind dialect_of_path(struct slice path)
{
    if (begins_with(path, "/v1/messages"))
        return DIALECT_ANTHROPIC;
    if (begins_with(path, "/v1/"))
        return DIALECT_OPENAI;
    return begins_with(path, "/api/") ? DIALECT_OLLAMA : DIALECT_PLAIN;
}

/* ---- errors ---- */

static struct slice request_id(struct response *response)
{
    const char *name, *value;
    for (size_t i = 0; response_header_at(response, i, &name, &value); i++)
        if (strcmp(name, "X-Request-Id") == 0)
            return slice_of(value);
    return slice_of("");
}

static bool write_error(struct text *out, enum dialect_kind dialect, struct response *response,
                        unsigned status, struct slice message)
{
    switch (dialect) {
    case DIALECT_PLAIN:
        return text_append_slice(out, message);
    case DIALECT_OLLAMA:
        return text_append_string(out, "{\"error\":") && json_write_string(out, message) &&
               text_append_byte(out, '}');
    case DIALECT_OPENAI:
        return text_append_string(out, "{\"error\":{\"message\":") &&
               json_write_string(out, message) &&
               text_printf(out, ",\"type\":\"%s\",\"param\":null,\"code\":null}}",
                           openai_error_type(status));
    case DIALECT_ANTHROPIC:
        return text_printf(out, "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":",
                           anthropic_error_type(status)) &&
               json_write_string(out, message) && text_append_string(out, "},\"request_id\":") &&
               json_write_string(out, request_id(response)) && text_append_byte(out, '}');
    }
    return false;
}

void respond_error(enum dialect_kind dialect, struct response *response, unsigned status,
                   const char *message)
{
    struct text body;
    text_init(&body, 64 << 10);
    const char *content_type =
        dialect == DIALECT_PLAIN ? "text/plain" : "application/json; charset=utf-8";
    if (!write_error(&body, dialect, response, status, slice_of(message)))
        text_clear(&body);
    response_whole(response, status, content_type, text_slice(&body));
    text_release(&body);
}
