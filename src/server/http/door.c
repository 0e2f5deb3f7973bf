#include "server/http/door.h"

#include "base/memory.h"
#include "server/http/local_hosts.h"

#include <ctype.h>

enum { MOST_ORIGINS = 256 };

struct door {
    bool is_loopback;
    struct local_hosts *hosts;
    char *origins; /* the option's text, cut at its commas */
    const char *patterns[MOST_ORIGINS];
    size_t n_patterns;
    char *api_key; /* NULL: none is needed */
};

/* ---- Origin ---- */

static const char *const known_origins[] = {
    "http://localhost", "https://localhost", "http://localhost:*", "https://localhost:*",
    "http://127.0.0.1", "https://127.0.0.1", "http://127.0.0.1:*", "https://127.0.0.1:*",
    "http://0.0.0.0",   "https://0.0.0.0",   "http://0.0.0.0:*",   "https://0.0.0.0:*",
    "http://[::1]",     "https://[::1]",     "http://[::1]:*",     "https://[::1]:*",
    "app://*",          "file://*",          "tauri://*",          "vscode-webview://*",
    "vscode-file://*",
};

/* "*" stands for any characters of a name or port, none of which ends one. */
static bool pattern_matches(const char *pattern, const char *text)
{
    const char *star = NULL, *again = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            again = text;
        } else if (*pattern == tolower((unsigned char)*text)) {
            pattern++;
            text++;
        } else if (star && !strchr("/@?#\\", *again)) {
            pattern = star + 1;
            text = ++again;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool origin_is_listed(const struct door *door, const char *origin)
{
    for (size_t i = 0; i < door->n_patterns; i++)
        if (strcmp(door->patterns[i], "*") == 0 || pattern_matches(door->patterns[i], origin))
            return true;
    return false;
}

/* A page that was loaded from here. */
static bool is_same_origin(const char *origin, struct slice host)
{
    const char *name = strstr(origin, "://");
    return name && host.length > 0 && slice_equal(slice_of(name + 3), host);
}

enum { ORIGIN_BYTES = 512 };

/* False when it must not come in; *has_origin when CORS headers are wanted. */
static bool check_origin(const struct door *door, const struct http_request *request,
                         char origin[ORIGIN_BYTES], bool *has_origin)
{
    struct slice value = request->header(request, "Origin"),
                 host = request->header(request, "Host");
    *has_origin = value.data != NULL;
    if (!value.data)
        return true;
    if (value.length >= ORIGIN_BYTES || memchr(value.data, '\0', value.length))
        return false;
    memcpy(origin, value.data, value.length);
    origin[value.length] = '\0';
    return origin_is_listed(door, origin) ||
           (is_same_origin(origin, host) && host_is_local(door->hosts, host));
}

static void allow_origin(struct response *response, const char *origin)
{
    response_header(response, "Access-Control-Allow-Origin", origin);
    response_header(response, "Access-Control-Expose-Headers", "X-Request-Id, Retry-After");
    response_header(response, "Vary", "Origin");
}

/* ---- keys ---- */

/* Takes as long for a wrong key as for the right one. */
static bool key_is(const char *key, struct slice given)
{
    size_t length = strlen(key);
    unsigned difference = length != given.length;
    for (size_t i = 0; i < given.length; i++)
        difference |= (unsigned char)given.data[i] ^ (unsigned char)key[i < length ? i : 0];
    return difference == 0 && length > 0;
}

static bool has_key(const struct door *door, const struct http_request *request)
{
    static const char scheme[] = "bearer ";
    struct slice given = request->header(request, "Authorization");
    size_t length = strlen(scheme);
    if (given.length > length && strncasecmp(given.data, scheme, length) == 0 &&
        key_is(door->api_key, (struct slice){ given.data + length, given.length - length }))
        return true;
    given = request->header(request, "x-api-key");
    return given.data && key_is(door->api_key, given);
}

/* ---- the checks together ---- */

static const char *refuse_page(const struct door *door, const struct http_request *request,
                               struct response *response)
{
    char origin[ORIGIN_BYTES];
    bool has_origin = false;
    if (door->is_loopback && !host_is_local(door->hosts, request->header(request, "Host")))
        return "this name is none of this machine's (header Host)";
    if (!check_origin(door, request, origin, &has_origin))
        return "pages of this origin may not come in; setting 'origins' lists those that may";
    if (has_origin)
        allow_origin(response, origin);
    return NULL;
}

unsigned door_check(const struct door *door, const struct http_request *request, bool is_open,
                    struct response *response, const char **why)
{
    *why = refuse_page(door, request, response);
    if (*why)
        return 403;
    if (is_open || !door->api_key || has_key(door, request))
        return 0;
    response_header(response, "WWW-Authenticate", "Bearer");
    *why = "an API key is needed: 'Authorization: Bearer KEY' or 'x-api-key: KEY'";
    return 401;
}

static bool is_allowed_header(struct slice name)
{
    static const char *const allowed[] = {
        "authorization",     "content-type",
        "user-agent",        "accept",
        "x-api-key",         "openai-beta",
        "anthropic-version", "anthropic-beta",
        "x-requested-with",  "anthropic-dangerous-direct-browser-access",
    };
    static const char prefix[] = "x-stainless-";
    for (size_t i = 0; i < COUNT_OF(allowed); i++)
        if (name.length == strlen(allowed[i]) &&
            strncasecmp(name.data, allowed[i], name.length) == 0)
            return true;
    if (name.length <= strlen(prefix) || strncasecmp(name.data, prefix, strlen(prefix)) != 0)
        return false;
    for (size_t i = 0; i < name.length; i++)
        if (!isalnum((unsigned char)name.data[i]) && name.data[i] != '-')
            return false;
    return true;
}

/* Those of the wanted headers that may be sent. */
static bool write_allowed(struct text *out, struct slice wanted)
{
    bool ok = true;
    while (ok && wanted.length > 0) {
        const char *comma = memchr(wanted.data, ',', wanted.length);
        size_t length = comma ? (size_t)(comma - wanted.data) : wanted.length;
        struct slice name = { wanted.data, length };
        wanted.data += comma ? length + 1 : length;
        wanted.length -= comma ? length + 1 : length;
        for (; name.length > 0 && name.data[0] == ' '; name.length--)
            name.data++;
        while (name.length > 0 && name.data[name.length - 1] == ' ')
            name.length--;
        if (is_allowed_header(name))
            ok =
                (out->length == 0 || text_append_string(out, ", ")) && text_append_slice(out, name);
    }
    return ok;
}

void door_preflight(const struct door *door, const struct http_request *request,
                    struct response *response)
{
    struct text allowed;
    const char *why = refuse_page(door, request, response);
    if (why) {
        response_whole(response, 403, "text/plain", slice_of(why));
        return;
    }
    text_init(&allowed, 4096);
    if (write_allowed(&allowed, request->header(request, "Access-Control-Request-Headers")) &&
        allowed.length > 0)
        response_header(response, "Access-Control-Allow-Headers", allowed.data);
    text_release(&allowed);
    if (request->header(request, "Access-Control-Request-Private-Network").data)
        response_header(response, "Access-Control-Allow-Private-Network", "true");
    response_header(response, "Access-Control-Allow-Methods",
                    "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    response_header(response, "Access-Control-Max-Age", "43200");
    response_whole(response, 204, NULL, slice_of(""));
}

/* ---- opening ---- */

static bool add_origin(struct door *door, const char *pattern, struct error *err)
{
    if (door->n_patterns == MOST_ORIGINS)
        return fail(err, ERROR_USAGE, "more than %d origins", MOST_ORIGINS);
    door->patterns[door->n_patterns++] = pattern;
    return true;
}

static bool add_origins(struct door *door, const char *list, struct error *err)
{
    char *rest, *item;
    bool ok = true;
    door->origins = memory_string(list);
    if (!door->origins)
        return fail_memory(err, strlen(list), "the list of origins");
    for (char *c = door->origins; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    for (item = strtok_r(door->origins, ", \t", &rest); ok && item;
         item = strtok_r(NULL, ", \t", &rest))
        ok = add_origin(door, item, err);
    for (size_t i = 0; ok && i < COUNT_OF(known_origins); i++)
        ok = add_origin(door, known_origins[i], err);
    return ok;
}

bool door_open(struct door **out, const struct door_options *options, struct error *err)
{
    struct door *door = memory_zeroed(1, sizeof *door);
    *out = NULL;
    if (!door)
        return fail_memory(err, sizeof *door, "the door");
    door->is_loopback = address_is_loopback(options->address);
    bool ok = add_origins(door, options->origins ? options->origins : "", err) &&
              local_hosts_open(&door->hosts, err);
    if (ok && options->api_key && options->api_key[0] != '\0') {
        door->api_key = memory_string(options->api_key);
        ok = door->api_key || fail_memory(err, strlen(options->api_key), "the API key");
    }
    if (ok)
        *out = door;
    else
        door_close(&door);
    return ok;
}

void door_close(struct door **door)
{
    struct door *d = *door;
    *door = NULL;
    if (!d)
        return;
    local_hosts_close(&d->hosts);
    memory_free(d->origins);
    memory_free(d->api_key);
    memory_free(d);
}
