#include "cli/client/server_client.h"

#include "base/json.h"
#include "base/memory.h"
#include "cli/client/closed_port.h"
#include "cli/client/curl_library.h"

#include <stdatomic.h>

enum {
    LINE_BYTES = 64 << 20,   /* the tokens of the longest context in one line */
    PROBLEM_BYTES = 1 << 16, /* of an answer that is none */
    CONNECT_SECONDS = 10,
    PATIENCE_MS = 100, /* until a stop is seen */
};

static const char no_server_message[] =
    "could not connect to hearth server, run 'hearth serve' to start it";

struct server_client {
    char *url, *api_key;
    CURL *easy; /* NULL before the first request, as the next two */
    CURLM *multi;
    struct curl_slist *headers;
    char curl_message[CURL_ERROR_SIZE];
    atomic_bool is_stopped;
    unsigned status;
    uint32_t limit_ms; /* 0: none */
    /* of the request that runs */
    struct text line; /* what arrived behind the last line break, or an error's body */
    answer_line *take;
    void *context; /* of `take` */
    struct error *err;
    bool has_failed; /* err is set */
};

/* ---- opening ---- */

static bool is_this_machine(const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "[::1]", 5) == 0 ||
           strncmp(host, "localhost", 9) == 0;
}

static bool add_header(struct server_client *client, const char *line)
{
    struct curl_slist *longer = curl.slist_append(client->headers, line);
    if (longer)
        client->headers = longer;
    return longer != NULL;
}

static bool add_headers(struct server_client *client)
{
    struct text key;
    text_init(&key, 4096);
    /* "Expect:" without value: no question before large bodies */
    bool ok =
        add_header(client, "Content-Type: application/json") && add_header(client, "Expect:") &&
        (!*client->api_key || (text_printf(&key, "Authorization: Bearer %s", client->api_key) &&
                               add_header(client, key.data)));
    text_release(&key);
    return ok;
}

static size_t receive(char *bytes, size_t size, size_t n, void *context);

static bool set_options(struct server_client *client)
{
    CURL *easy = client->easy;
    curl.easy_setopt(easy, CURLOPT_ERRORBUFFER, client->curl_message);
    curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl.easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl.easy_setopt(easy, CURLOPT_USERAGENT, "hearth");
    curl.easy_setopt(easy, CURLOPT_HTTPHEADER, client->headers);
    curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
    curl.easy_setopt(easy, CURLOPT_WRITEDATA, client);
    if (is_this_machine(client->url))
        curl.easy_setopt(easy, CURLOPT_PROXY, "");
    return curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
}

bool server_client_prepare(struct error *err)
{
    return curl_library_load(err);
}

bool server_client_open(struct server_client **out, const char *url, const char *api_key,
                        struct error *err)
{
    struct server_client *client = memory_zeroed(1, sizeof *client);
    if (!client)
        return fail_memory(err, sizeof *client, "an HTTP client");
    text_init(&client->line, LINE_BYTES);
    client->url = memory_string(url);
    client->api_key = memory_string(api_key);
    if (!client->url || !client->api_key) {
        server_client_close(&client);
        return fail_memory(err, strlen(url), "an HTTP client");
    }
    *out = client;
    return true;
}

static void tear_down(struct server_client *client)
{
    if (client->multi)
        curl.multi_cleanup(client->multi);
    if (client->easy)
        curl.easy_cleanup(client->easy);
    if (client->headers)
        curl.slist_free_all(client->headers);
    client->multi = NULL;
    client->easy = NULL;
    client->headers = NULL;
}

/* Before the first request: what needs not be done for a server that is not there. */
static bool set_up(struct server_client *client, struct error *err)
{
    if (port_is_closed(client->url))
        return fail(err, ERROR_IO, "%s", no_server_message);
    if (!curl_library_load(err))
        return false;
    if ((client->multi = curl.multi_init()) && (client->easy = curl.easy_init()) &&
        add_headers(client) && set_options(client))
        return true;
    tear_down(client);
    return fail(err, ERROR_MEMORY, "out of memory: cannot set up an HTTP client");
}

void server_client_close(struct server_client **client)
{
    struct server_client *own = *client;
    if (!own)
        return;
    tear_down(own);
    memory_free(own->url);
    memory_free(own->api_key);
    text_release(&own->line);
    memory_free(own);
    *client = NULL;
}

void server_client_limit(struct server_client *client, uint32_t limit_ms)
{
    client->limit_ms = limit_ms;
}

void server_client_stop(struct server_client *client)
{
    atomic_store(&client->is_stopped, true);
}

unsigned server_client_status(const struct server_client *client)
{
    return client->status;
}

bool server_client_is_local(const struct server_client *client)
{
    return is_this_machine(client->url);
}

/* ---- what arrives ---- */

static bool is_good(unsigned status)
{
    return status >= 200 && status < 300;
}

/* Whole lines are handed on; the rest waits. */
static bool take_lines(struct server_client *client, struct slice bytes)
{
    while (bytes.length > 0) {
        const char *end = memchr(bytes.data, '\n', bytes.length);
        size_t n = end ? (size_t)(end - bytes.data) : bytes.length;
        if (!text_append(&client->line, bytes.data, n))
            return fail(client->err, ERROR_BUDGET,
                        "the server's answer has a line of more than %d MB", LINE_BYTES >> 20);
        if (!end)
            return true;
        if (client->line.length > 0 &&
            !client->take(client->context, text_slice(&client->line), client->err))
            return false;
        text_clear(&client->line);
        bytes = (struct slice){ end + 1, bytes.length - n - 1 };
    }
    return true;
}

/* Called by curl; anything but n ends the request. */
static size_t receive(char *bytes, size_t size, size_t n, void *context)
{
    struct server_client *client = context;
    long status = 0;
    n *= size;
    curl.easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status);
    client->status = (unsigned)status;
    if (!is_good(client->status)) {
        size_t room = PROBLEM_BYTES - size_min(PROBLEM_BYTES, client->line.length);
        (void)text_append(&client->line, bytes, size_min(n, room));
        return n;
    }
    client->has_failed = !take_lines(client, (struct slice){ bytes, n });
    return client->has_failed ? 0 : n;
}

/* ---- what went wrong ---- */

static enum error_code code_of_status(unsigned status)
{
    return status == 404                   ? ERROR_NOT_FOUND
           : status == 503                 ? ERROR_BUDGET
           : status >= 400 && status < 500 ? ERROR_USAGE
                                           : ERROR_IO;
}

/* hearth's servers say it in a word of their own (docs/ollama.md). */
static enum error_code code_of(const struct json *answer, unsigned status)
{
    struct slice word = json_text(json_get(answer, "code"));
    return slice_equal(word, slice_of("context_length")) ? ERROR_CONTEXT : code_of_status(status);
}

/* {"error":"..."} or {"error":{"message":"..."}}; { "", 0 }: it is no error. */
static struct slice message_of(const struct json *answer)
{
    const struct json *error = json_get(answer, "error");
    struct slice message = json_text(error);
    return message.length > 0 ? message : json_text(json_get(error, "message"));
}

/* The words for a prompt that does not fit speak of members of requests, which people do not write.
 */
static bool fail_in_words(struct error *err, const struct json *answer, enum error_code code,
                          struct slice message)
{
    int64_t n_tokens = json_int(json_get(answer, "prompt_tokens"), 0);
    int64_t n_ctx = json_int(json_get(answer, "n_ctx"), 0);
    if (code == ERROR_CONTEXT && n_tokens > 0 && n_ctx > 0)
        return fail(err, code,
                    "the prompt has %" PRId64 " tokens, the context has room for %" PRId64,
                    n_tokens, n_ctx);
    return fail(err, code, "%.*s", (int)size_min(message.length, 900), message.data);
}

bool server_answer_check(const struct json *answer, struct error *err)
{
    struct slice message = message_of(answer);
    return message.length == 0 || fail_in_words(err, answer, code_of(answer, 500), message);
}

/* In the server's words, else by the status alone. */
static bool fail_by_status(struct server_client *client, struct error *err)
{
    const struct json *body = NULL;
    struct slice all = text_slice(&client->line);
    if (!json_open(&body, all.data, all.length, "the server's error", NULL))
        body = NULL;
    struct slice message = message_of(body);
    if (message.length > 0)
        fail_in_words(err, body, code_of(body, client->status), message);
    else
        fail(err, code_of_status(client->status), "the server answered with HTTP status %u",
             client->status);
    json_close(&body);
    return false;
}

static bool fail_on_the_way(struct server_client *client, CURLcode code, struct error *err)
{
    if (code == CURLE_COULDNT_CONNECT)
        return fail(err, ERROR_IO, "%s", no_server_message);
    if (client->status != 0 || code == CURLE_GOT_NOTHING)
        return fail(err, ERROR_IO, "the server went away in the middle of its answer (%s)",
                    curl.easy_strerror(code));
    return fail(err, ERROR_IO, "cannot ask %s: %s", client->url,
                client->curl_message[0] ? client->curl_message : curl.easy_strerror(code));
}

/* ---- a request ---- */

/* False: it was stopped. */
static bool run_until_end(struct server_client *client, CURLcode *code)
{
    int n_running = 1, n_left;
    while (n_running && !atomic_load(&client->is_stopped))
        if (curl.multi_perform(client->multi, &n_running) != CURLM_OK ||
            (n_running && curl.multi_poll(client->multi, NULL, 0, PATIENCE_MS, NULL) != CURLM_OK))
            break;
    *code = CURLE_OK;
    for (CURLMsg *message; (message = curl.multi_info_read(client->multi, &n_left));)
        if (message->msg == CURLMSG_DONE)
            *code = message->data.result;
    return !n_running;
}

static bool perform(struct server_client *client, struct error *err)
{
    CURLcode code;
    client->status = 0;
    client->has_failed = false;
    client->curl_message[0] = '\0';
    text_clear(&client->line);
    if (curl.multi_add_handle(client->multi, client->easy) != CURLM_OK)
        return fail(err, ERROR_MEMORY, "out of memory: cannot ask the server");
    bool is_over = run_until_end(client, &code);
    curl.multi_remove_handle(client->multi, client->easy);
    if (client->has_failed)
        return false;
    if (!is_over || atomic_exchange(&client->is_stopped, false))
        return fail(err, ERROR_CANCELLED, "interrupted");
    long status = 0;
    curl.easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status);
    client->status = (unsigned)status;
    if (code != CURLE_OK)
        return fail_on_the_way(client, code, err);
    if (!is_good(client->status))
        return fail_by_status(client, err);
    /* a last line without its line break */
    return client->line.length == 0 ||
           client->take(client->context, text_slice(&client->line), err);
}

bool server_client_lines(struct server_client *client, const char *path, struct slice body,
                         answer_line *line, void *context, struct error *err)
{
    struct text url;
    text_init(&url, 4096);
    client->take = line;
    client->context = context;
    client->err = err;
    if (!client->easy && !set_up(client, err))
        return false;
    if (!text_printf(&url, "%s%s", client->url, path)) {
        text_release(&url);
        return fail(err, ERROR_USAGE, "the server's address is too long");
    }
    curl.easy_setopt(client->easy, CURLOPT_URL, url.data);
    curl.easy_setopt(client->easy, CURLOPT_TIMEOUT_MS, (long)client->limit_ms);
    text_release(&url);
    if (body.data) {
        curl.easy_setopt(client->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.length);
        curl.easy_setopt(client->easy, CURLOPT_POSTFIELDS, body.data);
    } else {
        curl.easy_setopt(client->easy, CURLOPT_HTTPGET, 1L);
    }
    bool ok = perform(client, err);
    atomic_store(&client->is_stopped, false);
    return ok;
}

static bool append_line(void *context, struct slice line, struct error *err)
{
    struct text *out = context;
    if (text_append_slice(out, line) && text_append_byte(out, '\n'))
        return true;
    return fail(err, ERROR_BUDGET, "the server's answer is longer than %zu bytes", out->limit);
}

bool server_client_whole(struct server_client *client, const char *path, struct slice body,
                         struct text *out, struct error *err)
{
    return server_client_lines(client, path, body, append_line, out, err);
}
