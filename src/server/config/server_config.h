/* server_config.h: every setting of the server, and where its value came from.
 *
 * Owns the one table of settings: name in the file, environment variables (HEARTH_*, and OLLAMA_*
 * where that name exists), default, range, meaning. Later sources win: default, file, OLLAMA_*,
 * HEARTH_*, flag. Leaves the file's syntax to config_file.h. One thread. */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "server/config/duration.h"
#include "server/config/host_text.h"

struct server_config {
    const char *host;         /* "127.0.0.1:11434" */
    const char *address;      /* of it: "127.0.0.1"; "" all */
    uint16_t port;            /* of it; 0: any */
    const char *models;       /* folder; "" none */
    const char *origins;      /* further origins that pages may come from, separated by commas */
    const char *api_key_file; /* read, or made with a new key where another address than loopback is
                                 bound; "" where this user has no home */
    const char *api_key;      /* "": that of the file */
    bool no_auth;             /* bind any address without key */
    int64_t keep_alive_ns;    /* negative: for ever; 0: unload after the answer */
    uint32_t n_ctx, n_parallel, n_threads; /* 0: as the model, memory, the processor allow */
    size_t most_models, most_waiting;      /* most_models 0: as many as fit */
    uint64_t memory_bytes;                 /* never 0 */
    const char *kv_type;                   /* NULL: auto */
    uint64_t yield_after_ns;               /* 0: never */
    uint64_t load_limit_ns, stall_limit_ns, shutdown_ns; /* 0: none */
    size_t body_limit_bytes, most_connections;
    uint64_t idle_connection_ns, slow_request_ns;
    const char *log_level, *log_format; /* as log_level_read takes it; "text" or "json" */
    const char *log_file;               /* "": standard error */
    bool log_prompts;
};

struct server_settings; /* the values as texts, with their origins; owns what server_config points
                           to */

/* The defaults, a file and the environment. `file` NULL: $HEARTH_CONFIG, else
 * $XDG_CONFIG_HOME/hearth/config or ~/.config/hearth/config, which need not be there. ERROR_USAGE
 * for an unknown or repeated name, with its line; values are looked at by server_settings_config.
 */
bool server_settings_open(struct server_settings **out, const char *file,
                          struct error *err) MUST_CHECK;
void server_settings_close(struct server_settings **settings);

/* A flag "--keep-alive 5m": the table's name with dashes; `value` NULL is "true". ERROR_USAGE for
 * unknown names, and without value for what is no switch. */
bool server_settings_flag(struct server_settings *settings, const char *name, const char *value,
                          struct error *err) MUST_CHECK;

/* Whether there is such a flag; *is_switch: it needs no value. */
bool server_settings_has_flag(const char *name, bool *is_switch);

/* Check all and fill. A wrong value is ERROR_USAGE with its origin, name and what is allowed.
 * Pointers live as long as `settings`. */
bool server_settings_config(struct server_settings *settings, struct server_config *out,
                            struct error *err) MUST_CHECK;

/* What other commands than the server need of them; the host may be a server behind TLS. */
struct client_config {
    struct host_text host;
    const char *api_key, *api_key_file, *models; /* "": none */
};
bool server_settings_client(struct server_settings *settings, struct client_config *out,
                            struct error *err) MUST_CHECK;

/* A row: name, value (a key's is not shown), its origin ("default",
 * "/home/x/.config/hearth/config:3", "OLLAMA_HOST", "--host"), and what it is; false: no more. */
bool server_settings_row(const struct server_settings *settings, size_t index, const char **name,
                         const char **value, const char **origin, const char **meaning);

/* What the table says of a row, for help and documents. */
enum { SETTING_NAME_BYTES = 64 };
struct setting_facts {
    const char *name, *ollama, *usual, *meaning; /* ollama: "" where it has no such variable */
    char hearth[SETTING_NAME_BYTES], allowed[200];
    bool is_switch;
};
bool server_setting_facts(size_t index, struct setting_facts *out);

#endif
