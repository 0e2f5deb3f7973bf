#include "server/http/http_server.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "server/http/door.h"
#include "server/http/http_watch.h"
#include "server/http/listener.h"
#include "server/http/microhttpd_library.h"
#include "server/metrics.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* What one connection may take for headers and unsent bytes; all of it stays in use while the
 * connection is idle, so it is kept small. */
enum { CONNECTION_BYTES = 16 << 10, STREAM_BLOCK_BYTES = 4 << 10 };

/* A refused body is read on to its end, so that the client comes to read the answer; but no further
 * than this many times the limit. All bodies that arrive at once take no more than that either. */
enum { MOST_BODIES = 16, SHOWN_PATH_BYTES = 128 };

struct http_server {
    struct http_server_options options;
    struct door *door;
    struct service *service;
    struct http_watch *watch;
    struct MHD_Daemon *daemon;
    uint16_t port;
    uint64_t next_id;
    size_t body_bytes; /* that have arrived, of all requests */
    atomic_size_t n_suspended, n_active;
    atomic_bool is_closing;
    pthread_mutex_t lock;
    struct exchange *exchanges; /* guarded by lock */
};

struct peer {
    struct http_watched watched; /* first: both have one address */
    char client[INET6_ADDRSTRLEN];
};

/* A request and its answer. All of it belongs to the event thread. */
struct exchange {
    struct http_server *server;
    struct MHD_Connection *connection;
    struct peer *peer;
    struct http_request request;
    const struct route *route; /* NULL: none */
    struct response *response;
    struct text body;
    uint64_t n_arrived, began_ns;
    bool is_handled, is_active, is_watched, is_suspended;
    char id[24], method[16], path[SHOWN_PATH_BYTES];
    struct exchange *previous, *next; /* guarded by the server's lock */
};

/* ---- what handlers see ---- */

static struct slice look_up(const struct http_request *request, enum MHD_ValueKind kind,
                            const char *name)
{
    const struct exchange *e = request->connection;
    struct slice value = { NULL, 0 };
    if (mhd.lookup_connection_value_n(e->connection, kind, name, strlen(name), &value.data,
                                      &value.length) == MHD_NO)
        return (struct slice){ NULL, 0 };
    return value.data ? value : slice_of("");
}

static struct slice header_of(const struct http_request *request, const char *name)
{
    return look_up(request, MHD_HEADER_KIND, name);
}

static struct slice query_of(const struct http_request *request, const char *name)
{
    return look_up(request, MHD_GET_ARGUMENT_KIND, name);
}

/* ---- exchanges ---- */

static void wake(void *context)
{
    struct exchange *e = context;
    mhd.resume_connection(e->connection);
}

static struct peer *peer_of(struct MHD_Connection *connection)
{
    return mhd.get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void link_exchange(struct exchange *e)
{
    struct http_server *server = e->server;
    pthread_mutex_lock(&server->lock);
    e->next = server->exchanges;
    if (e->next)
        e->next->previous = e;
    server->exchanges = e;
    pthread_mutex_unlock(&server->lock);
}

static void unlink_exchange(struct exchange *e)
{
    struct http_server *server = e->server;
    pthread_mutex_lock(&server->lock);
    *(e->previous ? &e->previous->next : &server->exchanges) = e->next;
    if (e->next)
        e->next->previous = e->previous;
    pthread_mutex_unlock(&server->lock);
}

static struct exchange *exchange_new(struct http_server *server, struct MHD_Connection *connection,
                                     const char *method, const char *path)
{
    struct peer *peer = peer_of(connection);
    struct exchange *e = peer ? memory_zeroed(1, sizeof *e) : NULL;
    if (!e || !(e->response = response_new())) {
        memory_free(e);
        return NULL;
    }
    e->server = server;
    e->connection = connection;
    e->peer = peer;
    e->began_ns = clock_ns();
    e->request = (struct http_request){ .method = slice_of(method),
                                        .path = slice_of(path),
                                        .id = server->next_id++,
                                        .client = slice_of(peer->client),
                                        .header = header_of,
                                        .query = query_of,
                                        .connection = e };
    text_init(&e->body, server->options.body_limit_bytes);
    snprintf(e->id, sizeof e->id, "req_%016" PRIx64, e->request.id);
    snprintf(e->method, sizeof e->method, "%s", method);
    snprintf(e->path, sizeof e->path, "%s", path);
    response_header(e->response, "X-Request-Id", e->id);
    response_on_wake(e->response, wake, e);
    link_exchange(e);
    return e;
}

static void forget_body(struct exchange *e)
{
    e->server->body_bytes -= e->body.length;
    text_release(&e->body);
}

static void note_end(struct exchange *e, bool is_cut)
{
    uint64_t took_ns = clock_ns() - e->began_ns;
    unsigned status = response_status(e->response);
    status = status ? status : 499;
    if (e->server->service->metrics)
        metrics_http(e->server->service->metrics, e->route ? e->route->path : "none", status,
                     took_ns);
    /* whoever watches over the server asks all the time */
    LOG(e->route && e->route->is_open ? LOG_DEBUG : LOG_INFO,
        is_cut ? "request, client gone" : "request", LOG_S("id", e->id),
        LOG_S("client", e->peer->client), LOG_S("method", e->method), LOG_S("path", e->path),
        LOG_N("status", status), LOG_N("bytes", response_length(e->response)),
        LOG_F("ms", (double)took_ns / 1e6));
}

static void exchange_end(struct exchange *e)
{
    bool is_cut = !response_is_over(e->response);
    response_on_wake(e->response, NULL, NULL);
    http_watch_client_end(e->server->watch, &e->peer->watched);
    if (is_cut)
        response_client_gone(e->response);
    note_end(e, is_cut);
    if (e->is_active)
        atomic_fetch_sub(&e->server->n_active, 1);
    if (e->is_suspended)
        atomic_fetch_sub(&e->server->n_suspended, 1);
    forget_body(e);
    unlink_exchange(e);
    response_drop(&e->response);
    memory_free(e);
}

/* ---- refusals ---- */

static void refuse(struct exchange *e, unsigned status, const char *message)
{
    enum dialect_kind dialect = e->route ? e->route->dialect : dialect_of_path(e->request.path);
    respond_error(dialect, e->response, status, message);
}

static void count_refused(struct exchange *e, const char *why)
{
    if (e->server->service->metrics)
        metrics_refused(e->server->service->metrics, why);
}

static void refuse_long_body(struct exchange *e, uint64_t length)
{
    char message[160];
    snprintf(message, sizeof message,
             "the request's body is too long: %" PRIu64 " bytes%s, the limit is %zu bytes", length,
             length == e->n_arrived ? " or more" : "", e->server->options.body_limit_bytes);
    refuse(e, 413, message);
    count_refused(e, "limit");
    forget_body(e);
}

/* "/api/tags/": clients are sent to the path without the slash, and keep their method. */
static bool redirect(struct exchange *e)
{
    struct slice path = e->request.path;
    bool is_known;
    if (path.length < 2 || path.data[path.length - 1] != '/')
        return false;
    path.length--;
    const struct route *route = route_find(e->server->service, e->request.method, path, &is_known);
    if (!route)
        return false;
    response_header(e->response, "Location", route->path);
    response_whole(e->response, strcmp(route->method, "GET") == 0 ? 301 : 307, "text/plain",
                   slice_of(""));
    return true;
}

static void refuse_path(struct exchange *e, bool is_known_path)
{
    if (is_known_path)
        respond_error(DIALECT_PLAIN, e->response, 405, "405 method not allowed");
    else if (!redirect(e))
        respond_error(DIALECT_PLAIN, e->response, 404, "404 page not found");
}

/* What can be said before the body is there; the response is over when it is not let in. */
static void let_in(struct exchange *e)
{
    struct http_server *server = e->server;
    const char *why;
    bool is_known_path;
    if (slice_equal(e->request.method, slice_of("OPTIONS"))) {
        door_preflight(server->door, &e->request, e->response);
        return;
    }
    e->route = route_find(server->service, e->request.method, e->request.path, &is_known_path);
    bool is_open = e->route && e->route->is_open;
    unsigned status = door_check(server->door, &e->request, is_open, e->response, &why);
    if (status) {
        refuse(e, status, why);
        count_refused(e, "door");
    } else if (!e->route) {
        refuse_path(e, is_known_path);
    } else if (atomic_load(&server->service->is_stopping) && !is_open) {
        response_retry_after(e->response, 5);
        refuse(e, 503, "the server is shutting down");
    }
}

static uint64_t announced_length(struct exchange *e)
{
    struct slice value = header_of(&e->request, "Content-Length");
    uint64_t length = 0;
    for (size_t i = 0; i < value.length && value.data[i] >= '0' && value.data[i] <= '9'; i++)
        length = length > UINT64_MAX / 20 ? UINT64_MAX / 2
                                          : length * 10 + (uint64_t)(value.data[i] - '0');
    return length;
}

/* ---- answers ---- */

static enum MHD_Result suspend(struct exchange *e)
{
    if (!e->is_watched)
        e->is_watched = http_watch_client(e->server->watch, &e->peer->watched, e->response);
    e->is_suspended = true;
    atomic_fetch_add(&e->server->n_suspended, 1);
    mhd.suspend_connection(e->connection);
    return MHD_YES;
}

static void note_resumed(struct exchange *e)
{
    if (e->is_suspended)
        atomic_fetch_sub(&e->server->n_suspended, 1);
    e->is_suspended = false;
}

static ssize_t read_stream(void *context, uint64_t position, char *out, size_t most)
{
    struct exchange *e = context;
    bool is_over;
    (void)position;
    note_resumed(e);
    size_t n = response_take(e->response, out, most, &is_over);
    if (n > 0)
        return (ssize_t)n;
    if (is_over)
        return response_is_gone(e->response) ? MHD_CONTENT_READER_END_WITH_ERROR
                                             : MHD_CONTENT_READER_END_OF_STREAM;
    suspend(e);
    return 0;
}

static struct MHD_Response *whole_response(struct exchange *e)
{
    size_t length = response_length(e->response);
    bool is_over;
    if (length == 0)
        return mhd.create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
    char *bytes = memory_zeroed(1, length);
    if (!bytes || response_take(e->response, bytes, length, &is_over) != length) {
        memory_free(bytes);
        return NULL;
    }
    return mhd.create_response_from_buffer_with_free_callback(length, bytes, memory_free);
}

static void add_headers(struct exchange *e, struct MHD_Response *out)
{
    const char *name, *value, *content_type = response_content_type(e->response);
    if (content_type)
        mhd.add_response_header(out, "Content-Type", content_type);
    mhd.add_response_header(out, "Server", "hearth");
    for (size_t i = 0; response_header_at(e->response, i, &name, &value); i++)
        mhd.add_response_header(out, name, value);
}

static enum MHD_Result queue(struct exchange *e, unsigned status)
{
    struct MHD_Response *out =
        response_is_over(e->response)
            ? whole_response(e)
            : mhd.create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES, read_stream,
                                                e, NULL);
    if (!out)
        return MHD_NO;
    add_headers(e, out);
    enum MHD_Result result = mhd.queue_response(e->connection, status, out);
    mhd.destroy_response(out);
    return result;
}

/* Called again when the connection is resumed. */
static enum MHD_Result answer(struct exchange *e)
{
    note_resumed(e);
    unsigned status = response_status(e->response);
    if (atomic_load(&e->server->is_closing) ||
        (response_is_gone(e->response) && !response_is_over(e->response)))
        return MHD_NO;
    return status ? queue(e, status) : suspend(e);
}

static void handle(struct exchange *e)
{
    e->is_handled = true;
    http_watch_arrival(e->server->watch, &e->peer->watched, HTTP_WAITS_FOR_NOTHING);
    if (response_has_begun(e->response))
        return;
    e->is_active = true;
    atomic_fetch_add(&e->server->n_active, 1);
    e->request.body = text_slice(&e->body);
    e->route->handler(e->server->service, &e->request, e->response);
    e->request.body = (struct slice){ NULL, 0 };
    forget_body(e);
}

/* ---- the body ---- */

static enum MHD_Result take_body(struct exchange *e, struct slice bytes)
{
    struct http_server *server = e->server;
    size_t limit = server->options.body_limit_bytes;
    e->n_arrived += bytes.length;
    if (response_has_begun(e->response))
        return e->n_arrived / MOST_BODIES > limit ? MHD_NO : MHD_YES;
    if (e->n_arrived > limit) {
        refuse_long_body(e, e->n_arrived);
        return MHD_YES;
    }
    bool has_room = server->body_bytes + bytes.length <= limit * MOST_BODIES;
    if (has_room && text_append_slice(&e->body, bytes)) {
        server->body_bytes += bytes.length;
        return MHD_YES;
    }
    refuse(e, 503, "too many long requests arrive at once; try again later");
    count_refused(e, "limit");
    forget_body(e);
    return MHD_YES;
}

/* Headers are there. */
static enum MHD_Result arrive(struct exchange *e)
{
    uint64_t length = announced_length(e), limit = e->server->options.body_limit_bytes;
    http_watch_arrival(e->server->watch, &e->peer->watched, HTTP_WAITS_FOR_BODY);
    let_in(e);
    if (length > limit && !response_has_begun(e->response))
        refuse_long_body(e, length);
    bool is_asked = header_of(&e->request, "Expect").data != NULL;
    if (response_has_begun(e->response) && (is_asked || length / MOST_BODIES > limit))
        return answer(e); /* closes the connection */
    return MHD_YES;
}

static enum MHD_Result serve(void *context, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload,
                             size_t *upload_length, void **state)
{
    struct exchange *e = *state;
    (void)version;
    if (!e) {
        e = *state = exchange_new(context, connection, method, url);
        return e ? arrive(e) : MHD_NO;
    }
    if (*upload_length > 0) {
        struct slice bytes = { upload, *upload_length };
        *upload_length = 0;
        return take_body(e, bytes);
    }
    if (!e->is_handled)
        handle(e);
    return answer(e);
}

static void complete(void *context, struct MHD_Connection *connection, void **state,
                     enum MHD_RequestTerminationCode code)
{
    struct http_server *server = context;
    struct peer *peer = peer_of(connection);
    (void)code;
    if (*state)
        exchange_end(*state);
    *state = NULL;
    if (peer)
        http_watch_arrival(server->watch, &peer->watched, HTTP_WAITS_FOR_HEADERS);
}

/* ---- connections ---- */

static void name_client(struct peer *peer, const struct sockaddr *address)
{
    const void *bytes = NULL;
    int family = address->sa_family;
    if (family == AF_INET)
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    else if (family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)bytes)) {
        family = AF_INET;
        bytes = (const unsigned char *)bytes + 12;
    }
    if (bytes)
        inet_ntop(family, bytes, peer->client, sizeof peer->client);
}

static void *peer_new(struct http_server *server, struct MHD_Connection *connection)
{
    struct peer *peer = memory_zeroed(1, sizeof *peer);
    if (!peer)
        return NULL;
    name_client(
        peer, mhd.get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
    peer->watched.fd =
        mhd.get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    http_watch_arrival(server->watch, &peer->watched, HTTP_WAITS_FOR_HEADERS);
    return peer;
}

static void connection_changes(void *context, struct MHD_Connection *connection,
                               void **socket_context, enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = context;
    struct peer *peer = *socket_context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = peer_new(server, connection);
    } else if (peer) {
        http_watch_arrival(server->watch, &peer->watched, HTTP_WAITS_FOR_NOTHING);
        memory_free(peer);
        *socket_context = NULL;
    }
}

/* ---- opening and closing ---- */

static unsigned seconds_of(uint64_t ns)
{
    uint64_t seconds = (ns + 999999999) / 1000000000;
    return seconds < UINT32_MAX / 2 ? (unsigned)seconds : UINT32_MAX / 2;
}

static bool start(struct http_server *server, struct error *err)
{
    const struct http_server_options *o = &server->options;
    struct listener listener;
    if (!listener_open(&listener, o->address, o->port, err))
        return false;
    unsigned limit = listener_limit(o->most_connections);
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                     (listener.is_ipv6 ? MHD_USE_IPv6 : 0);
    server->port = listener.port;
    server->daemon = mhd.start_daemon(
        flags, listener.port, NULL, NULL, serve, server, MHD_OPTION_LISTEN_SOCKET, listener.fd,
        MHD_OPTION_CONNECTION_LIMIT, limit, MHD_OPTION_CONNECTION_TIMEOUT,
        seconds_of(o->idle_connection_ns), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_BYTES, MHD_OPTION_NOTIFY_COMPLETED, complete, server,
        MHD_OPTION_NOTIFY_CONNECTION, connection_changes, server, MHD_OPTION_END);
    if (server->daemon)
        return true;
    close(listener.fd);
    return fail(err, ERROR_IO, "cannot start to serve %s, port %u", o->address, listener.port);
}

/* Numbers of requests differ between runs of the server. */
static uint64_t first_id(void)
{
    uint32_t run = 0;
    if (getrandom(&run, sizeof run, 0) != (ssize_t)sizeof run)
        run = (uint32_t)clock_ns();
    return (uint64_t)run << 32 | 1;
}

bool http_server_open(struct http_server **out, const struct http_server_options *options,
                      struct door *door, struct service *service, struct error *err)
{
    struct http_server *server = memory_zeroed(1, sizeof *server);
    *out = NULL;
    if (!server)
        return fail_memory(err, sizeof *server, "the HTTP server");
    server->options = *options;
    server->door = door;
    server->service = service;
    server->next_id = first_id();
    pthread_mutex_init(&server->lock, NULL);
    bool ok = microhttpd_library_load(err) &&
              http_watch_open(&server->watch, options->idle_connection_ns, options->slow_request_ns,
                              err) &&
              start(server, err);
    if (ok)
        *out = server;
    else
        http_server_close(&server);
    return ok;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

size_t http_server_n_active(const struct http_server *server)
{
    return atomic_load(&server->n_active);
}

/* How many there were. */
static size_t end_exchanges(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    size_t n = 0;
    for (struct exchange *e = server->exchanges; e; e = e->next)
        n++;
    struct response **responses = memory_zeroed(n + 1, sizeof *responses);
    n = 0;
    for (struct exchange *e = server->exchanges; responses && e; e = e->next)
        responses[n++] = response_hold(e->response);
    pthread_mutex_unlock(&server->lock);
    for (size_t i = 0; responses && i < n; i++) {
        response_client_gone(responses[i]);
        response_drop(&responses[i]);
    }
    memory_free(responses);
    return n;
}

void http_server_close(struct http_server **server)
{
    struct http_server *s = *server;
    const struct timespec moment = { 0, 1000000 };
    *server = NULL;
    if (!s)
        return;
    atomic_store(&s->is_closing, true);
    /* The library cannot stop while connections are suspended. Streams that are not just now may be
     * again at once, unless they are told. */
    do {
        if (end_exchanges(s) > 0)
            nanosleep(&moment, NULL);
    } while (atomic_load(&s->n_suspended) > 0);
    if (s->daemon)
        mhd.stop_daemon(s->daemon);
    http_watch_close(&s->watch);
    pthread_mutex_destroy(&s->lock);
    memory_free(s);
}
