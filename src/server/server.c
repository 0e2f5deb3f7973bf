#include "server/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "server/config/api_key_file.h"
#include "server/http/door.h"
#include "server/http/http_server.h"
#include "server/http/local_hosts.h"
#include "server/metrics.h"
#include "server/residency/residency.h"

#include <time.h>

enum { MOST_KEY_BYTES = 4096 };

struct server {
    uint64_t shutdown_ns;
    struct service service;
    struct door *door;
    struct http_server *http;
    bool has_log;
};

static const struct route *const tables[] = { ollama_routes, openai_routes, anthropic_routes,
                                              service_routes };

/* ---- the parts, in the order in which they are opened ---- */

static bool open_log(struct server *server, const struct server_config *config, struct error *err)
{
    struct log_options options = { .level = LOG_INFO,
                                   .is_json = strcmp(config->log_format, "json") == 0,
                                   .path = config->log_file };
    if (!log_level_read(config->log_level, &options.level))
        return fail(err, ERROR_USAGE, "'%s' is no level of a log", config->log_level);
    server->has_log = log_open(&options, err);
    return server->has_log;
}

static bool open_residency(struct server *server, const struct server_config *config,
                           const char *program, struct error *err)
{
    const struct residency_options options = {
        .memory_bytes = config->memory_bytes,
        .most_models = config->most_models,
        .most_waiting = config->most_waiting,
        .n_ctx = config->n_ctx,
        .n_parallel = config->n_parallel,
        .n_threads = config->n_threads,
        .kv_type = config->kv_type,
        .keep_alive_ns = config->keep_alive_ns,
        .yield_after_ns = config->yield_after_ns,
        .load_limit_ns = config->load_limit_ns,
        .stall_limit_ns = config->stall_limit_ns,
        .program = program,
    };
    return residency_open(&server->service.residency, &options, server->service.models,
                          server->service.metrics, err);
}

static bool read_key_file(const struct server_config *config, struct text *key, struct error *err)
{
    bool is_new;
    if (config->api_key_file[0] == '\0')
        return fail(err, ERROR_USAGE,
                    "other machines can reach '%s': set api_key or api_key_file, or no_auth if "
                    "everybody there may use this server",
                    config->address);
    if (!api_key_file_read(config->api_key_file, key, &is_new, err))
        return fail_while(err, "the API key");
    if (is_new)
        LOG(LOG_WARNING, "made a key that clients must show", LOG_S("file", config->api_key_file));
    return true;
}

/* On loopback a key is asked for only where one was set; the file's is for other addresses. */
static bool find_key(const struct server_config *config, struct text *key, struct error *err)
{
    if (config->api_key[0] != '\0')
        return text_append_string(key, config->api_key) ||
               fail_memory(err, strlen(config->api_key), "the API key");
    if (config->no_auth || address_is_loopback(config->address))
        return true;
    return read_key_file(config, key, err);
}

static bool open_door(struct server *server, const struct server_config *config, struct error *err)
{
    struct text key;
    text_init(&key, MOST_KEY_BYTES);
    bool ok = find_key(config, &key, err);
    const struct door_options options = { config->address, config->origins,
                                          key.data ? key.data : "" };
    ok = ok && door_open(&server->door, &options, err);
    text_release(&key);
    return ok;
}

static bool open_http(struct server *server, const struct server_config *config, struct error *err)
{
    const struct http_server_options options = {
        .address = config->address,
        .port = config->port,
        .body_limit_bytes = config->body_limit_bytes,
        .most_connections = config->most_connections,
        .idle_connection_ns = config->idle_connection_ns,
        .slow_request_ns = config->slow_request_ns,
    };
    return http_server_open(&server->http, &options, server->door, &server->service, err);
}

static void tell_start(const struct server *server, const struct server_config *config)
{
    LOG(LOG_INFO, "listening", LOG_S("address", config->address[0] ? config->address : "all"),
        LOG_N("port", server_port(server)), LOG_S("models", config->models),
        LOG_N("memory_bytes", residency_budget_bytes(server->service.residency)));
    if (config->no_auth && !address_is_loopback(config->address))
        LOG(LOG_WARNING, "other machines may use this server without a key (no_auth)",
            LOG_S("address", config->address));
}

bool server_open(struct server **out, const struct server_config *config,
                 const struct model_list_options *models, const char *program, struct error *err)
{
    struct server *server = memory_zeroed(1, sizeof *server);
    *out = NULL;
    if (!server)
        return fail_memory(err, sizeof *server, "the server");
    server->shutdown_ns = config->shutdown_ns;
    server->service.config = config;
    server->service.tables = tables;
    server->service.n_tables = COUNT_OF(tables);
    bool ok = open_log(server, config, err) &&
              model_list_open(&server->service.models, models, err) &&
              metrics_open(&server->service.metrics, err) &&
              open_residency(server, config, program, err) && open_door(server, config, err) &&
              open_http(server, config, err);
    if (ok) {
        *out = server;
        tell_start(server, config);
    } else {
        server->shutdown_ns = 0;
        server_close(&server);
    }
    return ok;
}

uint16_t server_port(const struct server *server)
{
    return http_server_port(server->http);
}

/* Until the last request is answered or their time is over. */
static void drain(struct server *server)
{
    const struct timespec moment = { 0, 5000000 };
    uint64_t begin = clock_ns();
    atomic_store(&server->service.is_stopping, true);
    size_t n_active = http_server_n_active(server->http);
    LOG(LOG_INFO, "shutting down", LOG_N("running", n_active));
    while (http_server_n_active(server->http) > 0 && clock_ns() - begin < server->shutdown_ns)
        nanosleep(&moment, NULL);
    n_active = http_server_n_active(server->http);
    if (n_active > 0)
        LOG(LOG_WARNING, "cutting requests off that took too long", LOG_N("requests", n_active));
}

void server_close(struct server **server)
{
    struct server *s = *server;
    *server = NULL;
    if (!s)
        return;
    if (s->http)
        drain(s);
    http_server_close(&s->http);
    residency_close(&s->service.residency, 0);
    door_close(&s->door);
    metrics_close(&s->service.metrics);
    model_list_close(&s->service.models);
    if (s->has_log)
        log_close();
    memory_free(s);
}
