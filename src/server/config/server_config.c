#include "server/config/server_config.h"

#include "base/arena.h"
#include "base/memory.h"
#include "server/config/byte_size.h"
#include "server/config/config_file.h"
#include "server/residency/memory_limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

/* ---- the table ---- */

enum setting_kind {
    SETTING_TEXT,
    SETTING_SECRET,  /* text that is not shown */
    SETTING_PATH,    /* "~/" is the user's home */
    SETTING_HOST,    /* with address and port */
    SETTING_SWITCH,  /* bool */
    SETTING_NUMBER,  /* uint32_t */
    SETTING_COUNT,   /* size_t */
    SETTING_KEEPING, /* int64_t nanoseconds with sign */
    SETTING_LIMIT,   /* uint64_t nanoseconds; 0 and less: none */
    SETTING_BYTES,   /* size_t */
    SETTING_MEMORY,  /* uint64_t bytes, or a share of the machine's */
    SETTING_CHOICE,  /* one of the words of `choices` */
    SETTING_KV_TYPE, /* the same; the first is NULL */
};

struct setting {
    const char *name, *ollama; /* "" where Ollama has none */
    enum setting_kind kind;
    size_t place; /* in struct server_config */
    double least, most;
    const char *choices;
    const char *usual, *meaning;
};

#define PLACE(field) offsetof(struct server_config, field)
static const struct setting table[] = {
    { "host", "OLLAMA_HOST", SETTING_HOST, PLACE(host), 0, 0, NULL, "127.0.0.1:11434",
      "Address and port to listen on" },
    { "models", "OLLAMA_MODELS", SETTING_PATH, PLACE(models), 0, 0, NULL, "~/.hearth/models",
      "Folder of model files" },
    { "origins", "OLLAMA_ORIGINS", SETTING_TEXT, PLACE(origins), 0, 0, NULL, "",
      "Further origins whose pages may ask, with commas between" },
    { "api_key", "", SETTING_SECRET, PLACE(api_key), 0, 0, NULL, "",
      "Key that clients must show; empty: the one of the file" },
    { "api_key_file", "", SETTING_PATH, PLACE(api_key_file), 0, 0, NULL, "~/.hearth/api_key",
      "Where the key lies, made when first needed" },
    { "no_auth", "", SETTING_SWITCH, PLACE(no_auth), 0, 0, NULL, "false",
      "Listen on any address without a key" },
    { "keep_alive", "OLLAMA_KEEP_ALIVE", SETTING_KEEPING, PLACE(keep_alive_ns), 0, 0, NULL, "5m",
      "How long a model stays in memory after its last answer" },
    { "context_length", "OLLAMA_CONTEXT_LENGTH", SETTING_NUMBER, PLACE(n_ctx), 0, 1e8, NULL, "0",
      "Longest context of a request in tokens; 0: the model's, or what memory allows" },
    { "num_parallel", "OLLAMA_NUM_PARALLEL", SETTING_NUMBER, PLACE(n_parallel), 0, 4096, NULL, "0",
      "Answers at once of one model; 0: as memory allows" },
    { "threads", "", SETTING_NUMBER, PLACE(n_threads), 0, 4096, NULL, "0",
      "Processors for one model; 0: all" },
    { "max_loaded_models", "OLLAMA_MAX_LOADED_MODELS", SETTING_COUNT, PLACE(most_models), 0, 256,
      NULL, "0", "Models in memory at once; 0: as many as fit" },
    { "max_queue", "OLLAMA_MAX_QUEUE", SETTING_COUNT, PLACE(most_waiting), 1, 1e6, NULL, "512",
      "Requests that are not answered yet; more are refused" },
    { "memory", "", SETTING_MEMORY, PLACE(memory_bytes), 0, 0, NULL, "90%",
      "Memory of all models together: weights, keys and values, scratch" },
    { "kv_cache_type", "OLLAMA_KV_CACHE_TYPE", SETTING_KV_TYPE, PLACE(kv_type), 0, 0,
      "auto f16 bf16 f32 q8_0", "auto", "How keys and values are stored" },
    { "yield_after", "", SETTING_LIMIT, PLACE(yield_after_ns), 0, 0, NULL, "10s",
      "How long busy models take requests while another waits for their memory; 0: for ever" },
    { "load_timeout", "OLLAMA_LOAD_TIMEOUT", SETTING_LIMIT, PLACE(load_limit_ns), 0, 0, NULL, "5m",
      "Longest time that loading a model takes; 0: no limit" },
    { "stall_timeout", "", SETTING_LIMIT, PLACE(stall_limit_ns), 0, 0, NULL, "2m",
      "Longest time that a worker makes no progress; 0: no limit" },
    { "shutdown_timeout", "", SETTING_LIMIT, PLACE(shutdown_ns), 0, 0, NULL, "30s",
      "How long running answers may go on after SIGTERM; 0: not at all" },
    { "max_body", "", SETTING_BYTES, PLACE(body_limit_bytes), 1024, 200e6, NULL, "64MB",
      "Largest body of a request" },
    { "max_connections", "", SETTING_COUNT, PLACE(most_connections), 1, 1e6, NULL, "4096",
      "Connections at once" },
    { "idle_timeout", "", SETTING_LIMIT, PLACE(idle_connection_ns), 0, 0, NULL, "75s",
      "How long a connection may be silent between requests; 0: no limit" },
    { "request_timeout", "", SETTING_LIMIT, PLACE(slow_request_ns), 0, 0, NULL, "60s",
      "How long a request may take to arrive; 0: no limit" },
    { "log_level", "OLLAMA_DEBUG", SETTING_CHOICE, PLACE(log_level), 0, 0,
      "error warning info debug", "info", "What is logged" },
    { "log_format", "", SETTING_CHOICE, PLACE(log_format), 0, 0, "text json", "text",
      "How it is logged" },
    { "log_file", "", SETTING_PATH, PLACE(log_file), 0, 0, NULL, "",
      "Where it is logged; empty: standard error" },
    { "log_prompts", "OLLAMA_DEBUG_LOG_REQUESTS", SETTING_SWITCH, PLACE(log_prompts), 0, 0, NULL,
      "false", "Log prompts and answers" },
};
enum { N_SETTINGS = COUNT_OF(table) };

/* What stands behind "must be"; numbers have their range besides, choices their words. */
static const char *const kind_allows[] = {
    [SETTING_TEXT] = "a text",
    [SETTING_SECRET] = "a text",
    [SETTING_PATH] = "a path",
    [SETTING_HOST] = "an address such as 127.0.0.1, :8080 or [::1]:11434",
    [SETTING_SWITCH] = "true or false",
    [SETTING_NUMBER] = "a whole number",
    [SETTING_COUNT] = "a whole number",
    [SETTING_KEEPING] = "a time such as 90s, 5m or 1h30m, a number of seconds, or -1 for ever",
    [SETTING_LIMIT] = "a time such as 90s, 5m or 1h30m, or a number of seconds",
    [SETTING_BYTES] = "a size such as 500KB, 8MB or 16MiB",
    [SETTING_MEMORY] = "a size such as 8GB or 16GiB, or a share of all memory such as 90%",
    [SETTING_CHOICE] = "one of",
    [SETTING_KV_TYPE] = "one of",
};

static void write_allowed(const struct setting *setting, char *out, size_t size)
{
    const char *allowed = kind_allows[setting->kind];
    const char *unit = setting->kind == SETTING_BYTES ? " bytes" : "";
    if (setting->most > 0)
        snprintf(out, size, "%s from %.0f to %.0f%s", allowed, setting->least, setting->most, unit);
    else
        snprintf(out, size, "%s%s%s", allowed, setting->choices ? " " : "",
                 setting->choices ? setting->choices : "");
}

struct setting_value {
    const char *text, *origin;
};

struct server_settings {
    struct arena *arena;
    struct setting_value values[N_SETTINGS];
    const char *file; /* while it is read */
};

/* Longest value, and what all of them may take. */
enum { MOST_VALUE_BYTES = 64 << 10, MOST_SETTINGS_BYTES = 4 << 20 };

static const struct setting *find_setting(struct slice name)
{
    for (size_t i = 0; i < N_SETTINGS; i++) {
        const char *own = table[i].name;
        size_t n = strlen(own), j = 0;
        while (j < n && n == name.length &&
               (name.data[j] == own[j] || (name.data[j] == '-' && own[j] == '_')))
            j++;
        if (n == name.length && j == n)
            return &table[i];
    }
    return NULL;
}

static bool set_value(struct server_settings *settings, const struct setting *setting,
                      struct slice text, const char *origin, struct error *err)
{
    if (text.length > MOST_VALUE_BYTES)
        return fail(err, ERROR_USAGE, "%s: %s has %zu bytes, at most %d are allowed", origin,
                    setting->name, text.length, MOST_VALUE_BYTES);
    struct setting_value value = { arena_copy(settings->arena, text),
                                   arena_copy(settings->arena, slice_of(origin)) };
    if (!value.text || !value.origin)
        return fail_memory(err, text.length, "settings");
    settings->values[setting - table] = value;
    return true;
}

/* ---- the file ---- */

static bool take_line(void *context, struct slice name, struct slice value, size_t line,
                      struct error *err)
{
    struct server_settings *settings = context;
    const struct setting *setting = find_setting(name);
    if (!setting)
        return fail(err, ERROR_USAGE,
                    "%s:%zu: there is no setting '%s' ('hearth config' lists all)", settings->file,
                    line, printable(name));
    struct setting_value *before = &settings->values[setting - table];
    if (strcmp(before->origin, "default") != 0)
        return fail(err, ERROR_USAGE, "%s:%zu: '%s' is set a second time, first at %s",
                    settings->file, line, setting->name, before->origin);
    char *origin = arena_printf(settings->arena, "%s:%zu", settings->file, line);
    if (!origin)
        return fail_memory(err, strlen(settings->file), "settings");
    return set_value(settings, setting, value, origin, err);
}

static bool read_file(struct server_settings *settings, const char *file, bool is_wanted,
                      struct error *err)
{
    struct text bytes;
    struct error missing = { 0 };
    text_init(&bytes, CONFIG_FILE_MOST_BYTES);
    settings->file = file;
    bool is_there = config_file_load(file, &bytes, &missing);
    bool ok = is_there ? config_text_read(text_slice(&bytes), file, take_line, settings, err)
                       : missing.code == ERROR_NOT_FOUND && !is_wanted;
    if (!is_there && !ok)
        *err = missing;
    text_release(&bytes);
    if (!ok && err->code == ERROR_FORMAT)
        err->code = ERROR_USAGE;
    return ok;
}

/* A variable that is empty counts as none, everywhere. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static bool read_some_file(struct server_settings *settings, const char *file, struct error *err)
{
    const char *base = variable("XDG_CONFIG_HOME"), *home = variable("HOME");
    bool is_wanted = file || variable("HEARTH_CONFIG");
    if (!file)
        file = variable("HEARTH_CONFIG");
    if (!file && base)
        file = arena_printf(settings->arena, "%s/hearth/config", base);
    else if (!file && home)
        file = arena_printf(settings->arena, "%s/.config/hearth/config", home);
    else if (!file)
        return true;
    return file ? read_file(settings, file, is_wanted, err)
                : fail_memory(err, MOST_VALUE_BYTES, "settings");
}

/* ---- the environment ---- */

/* Spaces and quotes around a value do not count. */
static struct slice trim(const char *value)
{
    static const char around[] = " \t\r\n\"'";
    struct slice text = slice_of(value);
    while (text.length > 0 && memchr(around, text.data[0], sizeof around - 1))
        text.data++, text.length--;
    while (text.length > 0 && memchr(around, text.data[text.length - 1], sizeof around - 1))
        text.length--;
    return text;
}

static bool read_switch(struct slice text, bool *value)
{
    static const char *const words[] = { "0", "1", "f",  "t",   "false", "true",
                                         "n", "y", "no", "yes", "off",   "on" };
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strlen(words[i]) == text.length && strncasecmp(words[i], text.data, text.length) == 0) {
            *value = i % 2;
            return true;
        }
    return false;
}

/* A store of pulled models is no folder of model files. */
static bool is_store(struct slice folder)
{
    char path[4096];
    struct stat status;
    snprintf(path, sizeof path, "%.*s/manifests", (int)folder.length, folder.data);
    return stat(path, &status) == 0;
}

/* What Ollama's variable means for the setting; nothing where it means nothing. */
static struct slice translate(const struct setting *setting, struct slice value)
{
    static const struct slice nothing = { "", 0 };
    if (strcmp(setting->ollama, "OLLAMA_DEBUG") == 0) {
        bool is_on = slice_equal(value, slice_of("2")); /* still more than debug */
        if (is_on || read_switch(value, &is_on))
            return is_on ? slice_of("debug") : nothing;
    }
    if (strcmp(setting->ollama, "OLLAMA_MODELS") == 0 && is_store(value))
        return nothing;
    return value;
}

static void hearth_variable(const struct setting *setting, char name[SETTING_NAME_BYTES])
{
    snprintf(name, SETTING_NAME_BYTES, "HEARTH_%s", setting->name);
    for (char *p = name; *p; p++)
        *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
}

static bool read_variables(struct server_settings *settings, const struct setting *setting,
                           struct error *err)
{
    char own[SETTING_NAME_BYTES];
    hearth_variable(setting, own);
    const char *theirs = setting->ollama[0] ? variable(setting->ollama) : NULL;
    struct slice value = theirs ? translate(setting, trim(theirs)) : (struct slice){ "", 0 };
    if (value.length && !set_value(settings, setting, value, setting->ollama, err))
        return false;
    value = variable(own) ? trim(variable(own)) : (struct slice){ "", 0 };
    return !value.length || set_value(settings, setting, value, own, err);
}

/* ---- opening ---- */

bool server_settings_open(struct server_settings **out, const char *file, struct error *err)
{
    struct server_settings *settings = memory_zeroed(1, sizeof *settings);
    if (!settings || !(settings->arena = arena_new(MOST_SETTINGS_BYTES))) {
        memory_free(settings);
        return fail_memory(err, sizeof *settings, "settings");
    }
    for (size_t i = 0; i < N_SETTINGS; i++)
        settings->values[i] = (struct setting_value){ table[i].usual, "default" };
    bool ok = read_some_file(settings, file, err);
    for (size_t i = 0; ok && i < N_SETTINGS; i++)
        ok = read_variables(settings, &table[i], err);
    if (!ok) {
        server_settings_close(&settings);
        return false;
    }
    *out = settings;
    return true;
}

void server_settings_close(struct server_settings **settings)
{
    if (!*settings)
        return;
    arena_free(&(*settings)->arena);
    memory_free(*settings);
    *settings = NULL;
}

bool server_settings_has_flag(const char *name, bool *is_switch)
{
    const struct setting *setting = find_setting(slice_of(name));
    *is_switch = setting && setting->kind == SETTING_SWITCH;
    return setting != NULL;
}

bool server_settings_flag(struct server_settings *settings, const char *name, const char *value,
                          struct error *err)
{
    const struct setting *setting = find_setting(slice_of(name));
    if (!setting)
        return fail(err, ERROR_USAGE, "unknown flag: --%s", printable(slice_of(name)));
    if (!value && setting->kind != SETTING_SWITCH)
        return fail(err, ERROR_USAGE, "flag needs a value: --%s", name);
    char origin[SETTING_NAME_BYTES];
    snprintf(origin, sizeof origin, "--%s", setting->name);
    for (char *p = origin; *p; p++)
        *p = *p == '_' ? '-' : *p;
    return set_value(settings, setting, slice_of(value ? value : "true"), origin, err);
}

/* ---- values ---- */

static bool put_path(struct server_settings *settings, const struct setting_value *value,
                     const char **target, struct error *err)
{
    *target = value->text;
    if (strncmp(value->text, "~/", 2) != 0)
        return true;
    const char *home = variable("HOME");
    if (!home && strcmp(value->origin, "default") == 0) {
        *target = "";
        return true;
    }
    if (!home)
        return fail(err, ERROR_USAGE, "HOME is not set");
    *target = arena_printf(settings->arena, "%s%s", home, value->text + 1);
    return *target || fail_memory(err, strlen(value->text), "settings");
}

static bool put_host(struct server_settings *settings, const struct setting_value *value,
                     struct server_config *out, struct error *err)
{
    struct host_text host;
    char whole[HOST_PORT_BYTES];
    bool is_theirs = strcmp(value->origin, "OLLAMA_HOST") == 0;
    if (!host_text_read(slice_of(value->text), is_theirs, &host, err))
        return false;
    if (host.is_https)
        return fail(err, ERROR_USAGE, "hearth speaks no TLS: put a proxy in front of it");
    if (host.path[0])
        return fail(err, ERROR_USAGE, "a server has no path ('%s')", host.path);
    host_text_write(&host, whole);
    out->host = arena_copy(settings->arena, slice_of(whole));
    out->address = arena_copy(settings->arena, slice_of(host.host));
    out->port = host.port;
    return (out->host && out->address) || fail_memory(err, sizeof whole, "settings");
}

static bool is_in_range(const struct setting *setting, uint64_t value)
{
    return (double)value >= setting->least && (double)value <= setting->most;
}

static bool put_number(const struct setting *setting, const char *text, uint64_t *number)
{
    char *end;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && is_in_range(setting, *number);
}

static bool put_bytes(const struct setting *setting, const char *text, size_t *bytes,
                      struct error *err)
{
    uint64_t value = 0;
    bool ok = byte_size_read(slice_of(text), &value, err) && is_in_range(setting, value);
    *bytes = (size_t)value;
    return ok;
}

static bool put_memory(const char *text, uint64_t *bytes, struct error *err)
{
    uint64_t whole = memory_limit_bytes();
    if (!byte_share_read(slice_of(text), whole, bytes, err))
        return false;
    /* a share of what nobody knows: residency.c says so */
    return *bytes > 0 || whole == 0 || fail(err, ERROR_USAGE, "no model fits into nothing");
}

static bool put_limit(const char *text, uint64_t *limit, struct error *err)
{
    int64_t ns;
    if (!duration_read(slice_of(text), true, &ns, err))
        return false;
    *limit = ns > 0 ? (uint64_t)ns : 0;
    return true;
}

/* The word of `choices` that is meant, in letters of any case. */
static bool put_choice(struct server_settings *settings, const char *choices, const char *text,
                       const char **target)
{
    for (const char *word = choices; *word; word += strspn(word, " ")) {
        size_t n = strcspn(word, " ");
        if (strlen(text) == n && strncasecmp(word, text, n) == 0) {
            *target = arena_copy(settings->arena, (struct slice){ word, n });
            return *target != NULL;
        }
        word += n;
    }
    return false;
}

/* Sets err only when there is more to say than what is allowed. */
static bool put_value(struct server_settings *settings, const struct setting *setting,
                      struct server_config *out, struct error *err)
{
    const struct setting_value *value = &settings->values[setting - table];
    void *target = (char *)out + setting->place;
    uint64_t number;
    switch (setting->kind) {
    case SETTING_TEXT:
    case SETTING_SECRET:
        *(const char **)target = value->text;
        return true;
    case SETTING_PATH:
        return put_path(settings, value, target, err);
    case SETTING_HOST:
        return put_host(settings, value, out, err);
    case SETTING_SWITCH:
        return read_switch(slice_of(value->text), target);
    case SETTING_NUMBER:
        if (!put_number(setting, value->text, &number))
            return false;
        *(uint32_t *)target = (uint32_t)number;
        return true;
    case SETTING_COUNT:
        if (!put_number(setting, value->text, &number))
            return false;
        *(size_t *)target = (size_t)number;
        return true;
    case SETTING_KEEPING:
        return duration_read(slice_of(value->text), true, target, err);
    case SETTING_LIMIT:
        return put_limit(value->text, target, err);
    case SETTING_BYTES:
        return put_bytes(setting, value->text, target, err);
    case SETTING_MEMORY:
        return put_memory(value->text, target, err);
    case SETTING_CHOICE:
        return put_choice(settings, setting->choices, value->text, target);
    case SETTING_KV_TYPE:
        if (!put_choice(settings, setting->choices, value->text, target))
            return false;
        if (strcmp(*(const char **)target, "auto") == 0)
            *(const char **)target = NULL;
        return true;
    }
    return false;
}

static bool tell_wrong(const struct setting *setting, const struct setting_value *value,
                       const struct error *why, struct error *err)
{
    const char *shown = setting->kind == SETTING_SECRET ? "..." : printable(slice_of(value->text));
    if (why->code == ERROR_MEMORY) {
        *err = *why;
        return false;
    }
    char allowed[200];
    write_allowed(setting, allowed, sizeof allowed);
    return fail(err, ERROR_USAGE, "%s: %s is '%s', but must be %s%s%s%s", value->origin,
                setting->name, shown, allowed, why->message[0] ? " (" : "", why->message,
                why->message[0] ? ")" : "");
}

bool server_settings_config(struct server_settings *settings, struct server_config *out,
                            struct error *err)
{
    *out = (struct server_config){ 0 };
    for (size_t i = 0; i < N_SETTINGS; i++) {
        struct error why = { 0 };
        if (!put_value(settings, &table[i], out, &why))
            return tell_wrong(&table[i], &settings->values[i], &why, err);
    }
    return true;
}

static const struct setting_value *value_of(const struct server_settings *settings,
                                            const char *name)
{
    return &settings->values[find_setting(slice_of(name)) - table];
}

bool server_settings_client(struct server_settings *settings, struct client_config *out,
                            struct error *err)
{
    const struct setting_value *host = value_of(settings, "host");
    bool is_theirs = strcmp(host->origin, "OLLAMA_HOST") == 0;
    *out = (struct client_config){ .api_key = value_of(settings, "api_key")->text };
    if (!host_text_read(slice_of(host->text), is_theirs, &out->host, err))
        return fail_while(err, "%s", host->origin);
    return put_path(settings, value_of(settings, "api_key_file"), &out->api_key_file, err) &&
           put_path(settings, value_of(settings, "models"), &out->models, err);
}

bool server_settings_row(const struct server_settings *settings, size_t index, const char **name,
                         const char **value, const char **origin, const char **meaning)
{
    if (index >= N_SETTINGS)
        return false;
    const struct setting_value *own = &settings->values[index];
    bool is_secret = table[index].kind == SETTING_SECRET && own->text[0];
    *name = table[index].name;
    *value = is_secret ? "(not shown)" : own->text;
    *origin = own->origin;
    *meaning = table[index].meaning;
    return true;
}

bool server_setting_facts(size_t index, struct setting_facts *out)
{
    if (index >= N_SETTINGS)
        return false;
    const struct setting *setting = &table[index];
    *out = (struct setting_facts){ .name = setting->name,
                                   .ollama = setting->ollama,
                                   .usual = setting->usual,
                                   .meaning = setting->meaning,
                                   .is_switch = setting->kind == SETTING_SWITCH };
    hearth_variable(setting, out->hearth);
    write_allowed(setting, out->allowed, sizeof out->allowed);
    return true;
}
