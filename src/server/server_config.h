/* server_config.h: every setting of the server, and where its value came from.
 *
 * Owns the one table of settings: name in the file, environment variables (HEARTH_*, and OLLAMA_*
 * where that name exists), flag, default, range, meaning. Later sources win: default, file,
 * OLLAMA_*, HEARTH_*, flag. */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"

struct server_config {
    const char *host;         /* "127.0.0.1:11434", parsed as OLLAMA_HOST is */
    const char *models;       /* folder; "" none */
    const char *origins;      /* further origins that pages may come from, separated by commas */
    const char *api_key_file; /* read, or made with a new key where another address than loopback is
                                 bound */
    const char *api_key;      /* "": that of the file */
    bool no_auth;             /* bind any address without key */
    int64_t keep_alive_ns;
    uint32_t n_ctx, n_parallel, n_threads;
    size_t most_models, most_waiting;
    uint64_t memory_bytes;
    const char *kv_type;
    uint64_t load_limit_ns, stall_limit_ns, shutdown_ns;
    size_t body_limit_bytes, most_connections;
    uint64_t idle_connection_ns, slow_request_ns;
    const char *log_level, *log_format, *log_file;
    bool log_prompts;
};

enum config_origin { CONFIG_DEFAULT_VALUE, CONFIG_FILE, CONFIG_ENVIRONMENT, CONFIG_FLAG };

struct server_settings; /* the values as texts, with their origins; owns what server_config points
                           to */

/* From the default file ($HEARTH_CONFIG, else ~/.config/hearth/config.toml-like "name = value"
 * lines; it need not be there), the environment. A wrong value is ERROR_USAGE with its origin, name
 * and what is allowed. */
bool server_settings_open(struct server_settings **out, const char *file,
                          struct error *err) MUST_CHECK;
void server_settings_close(struct server_settings **settings);

/* A flag "--keep-alive 5m": the table's name with dashes. ERROR_USAGE for unknown names. */
bool server_settings_flag(struct server_settings *settings, const char *name, const char *value,
                          struct error *err) MUST_CHECK;

/* Check all and fill. Pointers live as long as `settings`. */
bool server_settings_config(struct server_settings *settings, struct server_config *out,
                            struct error *err) MUST_CHECK;

/* A row: name, value, and its origin ("default", "/home/x/.config/hearth/config", "OLLAMA_HOST",
 * "--host"); false: no more. */
bool server_settings_row(const struct server_settings *settings, size_t index, const char **name,
                         const char **value, const char **origin, const char **meaning);

/* "5m", "300" (seconds), "1h30m", "-1" (for ever) as Go reads durations. */
bool duration_read(struct slice text, bool bare_seconds, int64_t *ns, struct error *err) MUST_CHECK;

#endif
