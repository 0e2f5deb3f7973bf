#include "test.h"

#include "base/memory.h"
#include "server/config/config_file.h"
#include "server/residency/memory_limit.h"
#include "server/config/server_config.h"

#include <sys/stat.h>
#include <unistd.h>

/* ---- a home of its own, no variables of ours ---- */

static char home[64];
extern char **environ;

static const char *inside(const char *name)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/%s", home, name);
    return path;
}

static void begin(void)
{
    clearenv();
    strcpy(home, "/tmp/hearth-config-XXXXXX");
    assert_non_null(mkdtemp(home));
    setenv("HOME", home, 1);
}

static void end(void)
{
    char command[120];
    snprintf(command, sizeof command, "/bin/rm -r '%s'", home);
    assert_int_equal(system(command), 0);
}

static void put_file(const char *name, const char *content)
{
    FILE *file = fopen(inside(name), "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static void put_default_file(const char *content)
{
    mkdir(inside(".config"), 0700);
    mkdir(inside(".config/hearth"), 0700);
    put_file(".config/hearth/config", content);
}

static struct server_settings *open_settings(void)
{
    struct server_settings *settings = NULL;
    struct error err = { 0 };
    assert_ok(server_settings_open(&settings, NULL, &err), err);
    return settings;
}

static struct server_config config_of(struct server_settings *settings)
{
    struct server_config config;
    struct error err = { 0 };
    assert_ok(server_settings_config(settings, &config, &err), err);
    return config;
}

static const char *row_of(const struct server_settings *settings, const char *wanted,
                          const char **origin)
{
    const char *name, *value, *meaning;
    for (size_t i = 0; server_settings_row(settings, i, &name, &value, origin, &meaning); i++)
        if (strcmp(name, wanted) == 0)
            return value;
    fail_msg("no setting '%s'", wanted);
    return NULL;
}

/* What is said of the environment as it is. */
static const char *refusal(void)
{
    static struct error err;
    struct server_settings *settings = NULL;
    struct server_config config;
    err = (struct error){ 0 };
    bool ok = server_settings_open(&settings, NULL, &err) &&
              server_settings_config(settings, &config, &err);
    server_settings_close(&settings);
    assert_false(ok);
    assert_int_equal(err.code, ERROR_USAGE);
    return err.message;
}

/* ---- tests ---- */

TEST(server_config_has_defaults_that_hold)
{
    begin();
    struct server_settings *settings = open_settings();
    struct server_config config = config_of(settings);
    assert_string_equal(config.host, "127.0.0.1:11434");
    assert_string_equal(config.address, "127.0.0.1");
    assert_int_equal(config.port, 11434);
    assert_string_equal(config.models, inside(".hearth/models"));
    assert_string_equal(config.api_key_file, inside(".hearth/api_key"));
    assert_string_equal(config.api_key, "");
    assert_false(config.no_auth);
    assert_int_equal(config.keep_alive_ns, 300000000000);
    assert_int_equal(config.n_ctx, 0);
    assert_int_equal(config.most_waiting, 512);
    assert_true(config.memory_bytes == (uint64_t)((double)memory_limit_bytes() * 0.9));
    assert_null(config.kv_type);
    assert_int_equal(config.body_limit_bytes, 64000000);
    assert_int_equal(config.stall_limit_ns, 120000000000);
    assert_string_equal(config.log_level, "info");
    assert_string_equal(config.log_format, "text");
    assert_string_equal(config.log_file, "");
    const char *origin;
    assert_string_equal(row_of(settings, "host", &origin), "127.0.0.1:11434");
    assert_string_equal(origin, "default");
    server_settings_close(&settings);
    assert_null(settings);
    end();
}

TEST(server_config_lets_later_sources_win)
{
    begin();
    const char *origin;
    struct error err = { 0 };
    put_default_file("# mine\n\nmax-queue = 10\nkeep_alive = 1m # short\norigins = \"a,#b\"\n"
                     "context_length=100\n");
    setenv("OLLAMA_CONTEXT_LENGTH", "200", 1);
    setenv("OLLAMA_MAX_QUEUE", "20", 1);
    setenv("HEARTH_MAX_QUEUE", "30", 1);
    struct server_settings *settings = open_settings();
    assert_string_equal(row_of(settings, "context_length", &origin), "200");
    assert_string_equal(origin, "OLLAMA_CONTEXT_LENGTH");
    assert_string_equal(row_of(settings, "max_queue", &origin), "30");
    assert_string_equal(origin, "HEARTH_MAX_QUEUE");
    assert_string_equal(row_of(settings, "keep_alive", &origin), "1m");
    char expected[200];
    snprintf(expected, sizeof expected, "%s:4", inside(".config/hearth/config"));
    assert_string_equal(origin, expected);
    assert_ok(server_settings_flag(settings, "max-queue", "40", &err), err);
    assert_ok(server_settings_flag(settings, "no-auth", NULL, &err), err);
    assert_string_equal(row_of(settings, "max_queue", &origin), "40");
    assert_string_equal(origin, "--max-queue");
    struct server_config config = config_of(settings);
    assert_int_equal(config.most_waiting, 40);
    assert_int_equal(config.n_ctx, 200);
    assert_int_equal(config.keep_alive_ns, 60000000000);
    assert_string_equal(config.origins, "a,#b");
    assert_true(config.no_auth);
    assert_false(server_settings_flag(settings, "max-que", "40", &err));
    assert_string_equal(err.message, "unknown flag: --max-que");
    assert_false(server_settings_flag(settings, "max-queue", NULL, &err));
    assert_string_equal(err.message, "flag needs a value: --max-queue");
    server_settings_close(&settings);
    end();
}

TEST(server_config_takes_what_was_set_for_ollama)
{
    begin();
    setenv("OLLAMA_HOST", " \"0.0.0.0:66000\" ", 1);
    setenv("OLLAMA_KEEP_ALIVE", "-1", 1);
    setenv("OLLAMA_CONTEXT_LENGTH", "8192", 1);
    setenv("OLLAMA_NUM_PARALLEL", "4", 1);
    setenv("OLLAMA_MAX_LOADED_MODELS", "3", 1);
    setenv("OLLAMA_MAX_QUEUE", "64", 1);
    setenv("OLLAMA_ORIGINS", "https://a.example,app://*", 1);
    setenv("OLLAMA_KV_CACHE_TYPE", "Q8_0", 1);
    setenv("OLLAMA_LOAD_TIMEOUT", "-1s", 1);
    setenv("OLLAMA_DEBUG", "1", 1);
    setenv("OLLAMA_MODELS", home, 1);
    struct server_settings *settings = open_settings();
    struct server_config config = config_of(settings);
    assert_string_equal(config.host, "0.0.0.0:11434");
    assert_true(config.keep_alive_ns < 0);
    assert_int_equal(config.n_ctx, 8192);
    assert_int_equal(config.n_parallel, 4);
    assert_int_equal(config.most_models, 3);
    assert_int_equal(config.most_waiting, 64);
    assert_string_equal(config.origins, "https://a.example,app://*");
    assert_string_equal(config.kv_type, "q8_0");
    assert_int_equal(config.load_limit_ns, 0);
    assert_string_equal(config.log_level, "debug");
    assert_string_equal(config.models, home);
    server_settings_close(&settings);
    end();
}

TEST(server_config_passes_over_a_store_of_ollama_and_debug_that_is_off)
{
    begin();
    mkdir(inside("manifests"), 0700);
    setenv("OLLAMA_MODELS", home, 1);
    setenv("OLLAMA_DEBUG", "false", 1);
    setenv("OLLAMA_HOST", "", 1);
    struct server_settings *settings = open_settings();
    struct server_config config = config_of(settings);
    assert_string_equal(config.models, inside(".hearth/models"));
    assert_string_equal(config.log_level, "info");
    const char *origin;
    row_of(settings, "host", &origin);
    assert_string_equal(origin, "default");
    server_settings_close(&settings);
    setenv("OLLAMA_DEBUG", "2", 1);
    settings = open_settings();
    assert_string_equal(config_of(settings).log_level, "debug");
    server_settings_close(&settings);
    end();
}

TEST(server_config_names_origin_name_value_and_what_is_allowed)
{
    static const struct {
        const char *variable, *value, *message;
    } rows[] = {
        { "HEARTH_MAX_QUEUE", "0",
          "HEARTH_MAX_QUEUE: max_queue is '0', but must be a whole number from 1 to 1000000" },
        { "HEARTH_MAX_QUEUE", "many",
          "HEARTH_MAX_QUEUE: max_queue is 'many', but must be a whole number from 1 to 1000000" },
        { "HEARTH_THREADS", "-3",
          "HEARTH_THREADS: threads is '-3', but must be a whole number from 0 to 4096" },
        { "HEARTH_THREADS", "99999999999999999999999",
          "HEARTH_THREADS: threads is '99999999999999999999999', but must be a whole number from 0 "
          "to 4096" },
        { "OLLAMA_KV_CACHE_TYPE", "q4_0",
          "OLLAMA_KV_CACHE_TYPE: kv_cache_type is 'q4_0', but must be one of auto f16 bf16 f32 "
          "q8_0" },
        { "HEARTH_KEEP_ALIVE", "soon",
          "HEARTH_KEEP_ALIVE: keep_alive is 'soon', but must be a time such as 90s, 5m or 1h30m, a "
          "number of seconds, or -1 for ever (time: invalid duration \"soon\")" },
        { "HEARTH_MEMORY", "200%",
          "HEARTH_MEMORY: memory is '200%', but must be a size such as 8GB or 16GiB, or a share of "
          "all memory such as 90% ('200%' is more than all memory)" },
        { "HEARTH_MEMORY", "0",
          "HEARTH_MEMORY: memory is '0', but must be a size such as 8GB or 16GiB, or a share of "
          "all "
          "memory such as 90% (no model fits into nothing)" },
        { "HEARTH_MAX_BODY", "10GB",
          "HEARTH_MAX_BODY: max_body is '10GB', but must be a size such as 500KB, 8MB or 16MiB "
          "from "
          "1024 to 200000000 bytes" },
        { "HEARTH_NO_AUTH", "maybe",
          "HEARTH_NO_AUTH: no_auth is 'maybe', but must be true or false" },
        { "HEARTH_HOST", "x:66000",
          "HEARTH_HOST: host is 'x:66000', but must be an address such as 127.0.0.1, :8080 or "
          "[::1]:11434 ('x:66000': a port is a number from 0 to 65535)" },
        { "HEARTH_HOST", "https://x",
          "HEARTH_HOST: host is 'https://x', but must be an address such as 127.0.0.1, :8080 or "
          "[::1]:11434 (hearth speaks no TLS: put a proxy in front of it)" },
        { "HEARTH_LOG_LEVEL", "loud",
          "HEARTH_LOG_LEVEL: log_level is 'loud', but must be one of error warning info debug" },
    };
    begin();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        setenv(rows[i].variable, rows[i].value, 1);
        assert_string_equal(refusal(), rows[i].message);
        unsetenv(rows[i].variable);
    }
    end();
}

TEST(server_config_names_the_line_of_a_file)
{
    static const struct {
        const char *content, *message;
    } rows[] = {
        { "\nhots = x\n", ":2: there is no setting 'hots' ('hearth config' lists all)" },
        { "host = a\nhost = b\n", ":2: 'host' is set a second time, first at " },
        { "just words\n", ":1: 'words': a line is 'name = value' or '# a comment'" },
        { "[section]\n", ":1: '[section]': a line is 'name = value' or '# a comment'" },
        { "host = \"a\n", ":1: the quote \" has no end" },
        { "host = 'a' b\n", ":1: 'b' stands behind the closing quote" },
        { "host = \"\\n\"\n", ":1: behind a backslash stands \" or \\" },
        { "max_queue = x\n", ":1: max_queue is 'x', but must be a whole number" },
    };
    begin();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        put_default_file(rows[i].content);
        const char *message = refusal(), *file = inside(".config/hearth/config");
        assert_true(strncmp(message, file, strlen(file)) == 0);
        if (!strstr(message, rows[i].message))
            fail_msg("%s", message);
    }
    put_default_file("host = \xff\n");
    assert_non_null(strstr(refusal(), "is no text in UTF-8"));
    end();
}

TEST(server_config_finds_its_file_by_the_environment)
{
    begin();
    struct error err = { 0 };
    struct server_settings *settings = NULL;
    put_file("own", "threads = 3\r\n");
    setenv("HEARTH_CONFIG", inside("own"), 1);
    settings = open_settings();
    assert_int_equal(config_of(settings).n_threads, 3);
    server_settings_close(&settings);
    setenv("HEARTH_CONFIG", inside("none"), 1);
    assert_false(server_settings_open(&settings, NULL, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    unsetenv("HEARTH_CONFIG");
    assert_false(server_settings_open(&settings, inside("none"), &err));
    mkdir(inside("xdg"), 0700);
    setenv("XDG_CONFIG_HOME", inside("xdg"), 1);
    mkdir(inside("xdg/hearth"), 0700);
    put_file("xdg/hearth/config", "threads = 5");
    settings = open_settings();
    assert_int_equal(config_of(settings).n_threads, 5);
    server_settings_close(&settings);
    assert_false(server_settings_open(&settings, home, &err));
    assert_non_null(strstr(err.message, "it is no file"));
    assert_int_equal(mkfifo(inside("fifo"), 0600), 0);
    assert_false(server_settings_open(&settings, inside("fifo"), &err));
    end();
}

TEST(server_config_lives_without_a_home)
{
    begin();
    unsetenv("HOME");
    struct server_settings *settings = open_settings();
    struct server_config config = config_of(settings);
    assert_string_equal(config.models, "");
    assert_string_equal(config.api_key_file, "");
    server_settings_close(&settings);
    setenv("HEARTH_MODELS", "~/m", 1);
    assert_string_equal(refusal(),
                        "HEARTH_MODELS: models is '~/m', but must be a path (HOME is not set)");
    end();
}

TEST(server_config_shows_no_key)
{
    begin();
    setenv("HEARTH_API_KEY", "secret", 1);
    struct server_settings *settings = open_settings();
    const char *origin;
    assert_string_equal(row_of(settings, "api_key", &origin), "(not shown)");
    assert_string_equal(origin, "HEARTH_API_KEY");
    assert_string_equal(config_of(settings).api_key, "secret");
    server_settings_close(&settings);
    end();
}

TEST(server_config_tells_what_its_table_says)
{
    struct setting_facts facts;
    bool is_switch;
    size_t n = 0;
    for (; server_setting_facts(n, &facts); n++) {
        assert_true(strncmp(facts.hearth, "HEARTH_", 7) == 0);
        assert_true(facts.meaning[0] && facts.allowed[0]);
        assert_true(server_settings_has_flag(facts.name, &is_switch));
        assert_int_equal(is_switch, facts.is_switch);
    }
    assert_true(n > 20);
    assert_false(server_settings_has_flag("x", &is_switch));
}

TEST(server_config_survives_failing_allocations)
{
    begin();
    put_default_file("threads = 3\nhost = 127.0.0.1:5\n");
    bool was_opened = false;
    for (int64_t n = 0; n < 60; n++) {
        struct server_settings *settings = NULL;
        struct server_config config;
        struct error err = { 0 };
        memory_fail_after(n);
        bool ok = server_settings_open(&settings, NULL, &err) &&
                  server_settings_config(settings, &config, &err);
        memory_fail_after(-1);
        assert_true(ok || err.code != ERROR_NONE);
        assert_true(!ok || config.n_threads == 3);
        was_opened |= ok;
        server_settings_close(&settings);
    }
    assert_true(was_opened);
    end();
}

TEST(server_config_tells_clients_of_servers_behind_tls)
{
    begin();
    setenv("OLLAMA_HOST", "https://models.example/of/mine", 1);
    setenv("HEARTH_API_KEY", "k", 1);
    struct server_settings *settings = open_settings();
    struct client_config client;
    struct error err = { 0 };
    assert_ok(server_settings_client(settings, &client, &err), err);
    assert_true(client.host.is_https && client.host.port == 443);
    assert_string_equal(client.host.host, "models.example");
    assert_string_equal(client.host.path, "/of/mine");
    assert_string_equal(client.api_key, "k");
    assert_string_equal(client.api_key_file, inside(".hearth/api_key"));
    server_settings_close(&settings);
    setenv("HEARTH_HOST", ":70000", 1);
    settings = open_settings();
    assert_false(server_settings_client(settings, &client, &err));
    assert_string_equal(err.message, "HEARTH_HOST: ':70000': a port is a number from 0 to 65535");
    server_settings_close(&settings);
    end();
}
