#include "test.h"

#include "server/config/api_key_file.h"
#include "server/http/door.h"
#include "server/http/local_hosts.h"

#include <sys/stat.h>
#include <unistd.h>

/* ---- requests, made up ---- */

struct headers {
    const char *host, *origin, *authorization, *x_api_key, *wanted;
};

static struct slice header_of(const struct http_request *request, const char *name)
{
    const struct headers *h = request->connection;
    const char *value = NULL;
    if (strcmp(name, "Host") == 0)
        value = h->host;
    else if (strcmp(name, "Origin") == 0)
        value = h->origin;
    else if (strcmp(name, "Authorization") == 0)
        value = h->authorization;
    else if (strcmp(name, "x-api-key") == 0)
        value = h->x_api_key;
    else if (strcmp(name, "Access-Control-Request-Headers") == 0)
        value = h->wanted;
    return value ? slice_of(value) : (struct slice){ NULL, 0 };
}

static struct http_request request_of(struct headers *headers)
{
    return (struct http_request){ .method = slice_of("GET"),
                                  .path = slice_of("/"),
                                  .header = header_of,
                                  .query = header_of,
                                  .connection = headers };
}

static struct door *door_of(const char *address, const char *origins, const char *api_key)
{
    struct door *door = NULL;
    struct error err = { 0 };
    const struct door_options options = { address, origins, api_key };
    assert_ok(door_open(&door, &options, &err), err);
    return door;
}

static unsigned check(const struct door *door, struct headers headers, bool is_open)
{
    const char *why;
    struct response *response = response_new();
    struct http_request request = request_of(&headers);
    unsigned status = door_check(door, &request, is_open, response, &why);
    assert_int_equal(status != 0, why != NULL);
    response_drop(&response);
    return status;
}

static const char *header_at(struct response *response, const char *wanted)
{
    const char *name, *value;
    for (size_t i = 0; response_header_at(response, i, &name, &value); i++)
        if (strcmp(name, wanted) == 0)
            return value;
    return NULL;
}

/* ---- Host ---- */

static const struct {
    const char *host;
    unsigned status;
} hosts[] = {
    { NULL, 0 },
    { "", 0 },
    { "localhost", 0 },
    { "localhost:11434", 0 },
    { "LOCALHOST:11434", 0 },
    { "127.0.0.1:11434", 0 },
    { "127.8.9.10", 0 },
    { "[::1]:11434", 0 },
    { "[::1]", 0 },
    { "::1", 0 },
    { "0.0.0.0:11434", 0 },
    { "[::]", 0 },
    { "10.1.2.3", 0 },
    { "172.16.0.1", 0 },
    { "172.31.255.255:1", 0 },
    { "192.168.1.1", 0 },
    { "[fd00::1]:80", 0 },
    { "[::ffff:127.0.0.1]", 0 },
    { "api.localhost", 0 },
    { "printer.local:11434", 0 },
    { "host.docker.internal", 0 },
    { "172.32.0.1", 403 },
    { "8.8.8.8", 403 },
    { "[2001:db8::1]", 403 },
    { "evil.com", 403 },
    { "evil.com:11434", 403 },
    { "localhost.evil.com", 403 },
    { "127.0.0.1.evil.com", 403 },
    { "evillocalhost", 403 },
    { ".local", 403 },
    { "2130706433", 403 },
    { "0x7f.1", 403 },
    { "[::1", 403 },
    { "[::1].evil.com:1", 403 },
    { "evil.com:80:localhost", 403 },
    { "@localhost", 403 },
};

TEST(door_lets_in_only_names_of_this_machine_on_loopback)
{
    struct door *door = door_of("127.0.0.1", "", "");
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        unsigned status = check(door, (struct headers){ .host = hosts[i].host }, true);
        if (status != hosts[i].status)
            fail_msg("Host '%s': %u, not %u", hosts[i].host, status, hosts[i].status);
    }
    door_close(&door);
    assert_null(door);
}

TEST(door_knows_the_name_of_this_machine)
{
    struct door *door = door_of("localhost", "", "");
    char name[256] = "";
    assert_int_equal(gethostname(name, sizeof name - 1), 0);
    assert_int_equal(check(door, (struct headers){ .host = name }, true), 0);
    door_close(&door);
}

TEST(door_takes_any_name_on_other_addresses)
{
    struct door *door = door_of("0.0.0.0", "", "a key for strangers");
    assert_int_equal(check(door, (struct headers){ .host = "models.example.com" }, true), 0);
    door_close(&door);
}

/* ---- Origin ---- */

static const struct {
    const char *origins, *origin, *host;
    unsigned status;
} origins[] = {
    { "", NULL, NULL, 0 },
    { "", "http://localhost", NULL, 0 },
    { "", "http://localhost:3000", NULL, 0 },
    { "", "https://127.0.0.1:8443", NULL, 0 },
    { "", "http://[::1]:3000", NULL, 0 },
    { "", "app://obsidian.md", NULL, 0 },
    { "", "tauri://localhost", NULL, 0 },
    { "", "vscode-webview://1a2b", NULL, 0 },
    { "", "HTTP://LOCALHOST:80", NULL, 0 },
    { "", "null", NULL, 403 },
    { "", "", NULL, 403 },
    { "", "http://evil.com", NULL, 403 },
    { "", "http://localhost.evil.com", NULL, 403 },
    { "", "http://localhost:1@evil.com", NULL, 403 },
    { "", "http://localhost:1/evil.com", NULL, 403 },
    { "", "http://evil.com#http://localhost", NULL, 403 },
    { "", "chrome-extension://abc", NULL, 403 },
    { "chrome-extension://*", "chrome-extension://abc", NULL, 0 },
    { "https://a.org, https://*.b.org", "https://a.org", NULL, 0 },
    { "https://a.org, https://*.b.org", "https://x.y.b.org", NULL, 0 },
    { "https://a.org, https://*.b.org", "https://b.org", NULL, 403 },
    { "https://a.org, https://*.b.org", "https://x/.b.org", NULL, 403 },
    { "https://A.org", "https://a.org", NULL, 0 },
    { "*", "http://evil.com", NULL, 0 },
    { "", "http://192.168.1.5:11434", "192.168.1.5:11434", 0 },
    { "", "http://192.168.1.5:11434", "192.168.1.5:80", 403 },
    { "", "http://evil.com", "evil.com", 403 },
};

TEST(door_lets_in_only_pages_of_listed_origins)
{
    for (size_t i = 0; i < COUNT_OF(origins); i++) {
        struct door *door = door_of("0.0.0.0", origins[i].origins, "");
        const struct headers headers = { .host = origins[i].host, .origin = origins[i].origin };
        unsigned status = check(door, headers, true);
        if (status != origins[i].status)
            fail_msg("Origin '%s' with '%s': %u, not %u", origins[i].origin, origins[i].origins,
                     status, origins[i].status);
        door_close(&door);
    }
}

TEST(door_tells_browsers_that_an_origin_may_read)
{
    struct door *door = door_of("127.0.0.1", "", "");
    struct headers headers = { .host = "localhost", .origin = "http://localhost:3000" };
    struct http_request request = request_of(&headers);
    struct response *response = response_new();
    const char *why;
    assert_int_equal(door_check(door, &request, true, response, &why), 0);
    assert_string_equal(header_at(response, "Access-Control-Allow-Origin"), headers.origin);
    assert_string_equal(header_at(response, "Vary"), "Origin");
    response_drop(&response);
    door_close(&door);
}

TEST(door_answers_preflights)
{
    struct door *door = door_of("127.0.0.1", "", "the key is not asked for");
    struct headers headers = { .host = "localhost",
                               .origin = "http://localhost:3000",
                               .wanted = "content-type, X-Stainless-OS,x-evil , x-api-key" };
    struct http_request request = request_of(&headers);
    struct response *response = response_new();
    door_preflight(door, &request, response);
    assert_int_equal(response_status(response), 204);
    assert_string_equal(header_at(response, "Access-Control-Allow-Headers"),
                        "content-type, X-Stainless-OS, x-api-key");
    response_drop(&response);

    headers.origin = "http://evil.com";
    response = response_new();
    door_preflight(door, &request, response);
    assert_int_equal(response_status(response), 403);
    assert_null(header_at(response, "Access-Control-Allow-Origin"));
    response_drop(&response);
    door_close(&door);
}

/* ---- keys ---- */

TEST(door_wants_the_key_where_one_is_set)
{
    struct door *door = door_of("0.0.0.0", "", "hearth-0123456789");
    static const struct {
        struct headers headers;
        unsigned status;
    } rows[] = {
        { { 0 }, 401 },
        { { .authorization = "Bearer hearth-0123456789" }, 0 },
        { { .authorization = "bearer hearth-0123456789" }, 0 },
        { { .x_api_key = "hearth-0123456789" }, 0 },
        { { .authorization = "Bearer ollama", .x_api_key = "hearth-0123456789" }, 0 },
        { { .authorization = "Bearer hearth-012345678" }, 401 },
        { { .authorization = "Bearer hearth-01234567890" }, 401 },
        { { .authorization = "Bearer " }, 401 },
        { { .authorization = "hearth-0123456789" }, 401 },
        { { .authorization = "Basic hearth-0123456789" }, 401 },
        { { .x_api_key = "" }, 401 },
        { { .x_api_key = "HEARTH-0123456789" }, 401 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (check(door, rows[i].headers, false) != rows[i].status)
            fail_msg("row %zu", i);
        assert_int_equal(check(door, rows[i].headers, true), 0);
    }
    door_close(&door);
}

static const char *temporary(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "/tmp/hearth-door-%d/%s", (int)getpid(), name);
    return path;
}

TEST(api_key_is_made_once_and_read_again)
{
    const char *path = temporary("deep/key");
    struct error err = { 0 };
    struct text key, again;
    struct stat s;
    bool is_new;
    text_init(&key, 4096);
    text_init(&again, 4096);
    assert_ok(api_key_file_read(path, &key, &is_new, &err), err);
    assert_true(is_new);
    assert_int_equal(key.length, strlen("hearth-") + 64);
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0600);
    assert_ok(api_key_file_read(path, &again, &is_new, &err), err);
    assert_false(is_new);
    assert_string_equal(key.data, again.data);
    unlink(path);
    rmdir(temporary("deep"));
    rmdir(temporary(""));
    text_release(&key);
    text_release(&again);
}

static void check_key_file(const char *content, mode_t mode, const char *wanted)
{
    char path[64];
    struct error err = { 0 };
    struct text key;
    bool is_new;
    snprintf(path, sizeof path, "/tmp/hearth-key-%d", (int)getpid());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
    text_init(&key, 4096);
    bool ok = api_key_file_read(path, &key, &is_new, &err);
    unlink(path);
    text_release(&key);
    if (!wanted)
        assert_ok(ok, err);
    else if (ok || !strstr(err.message, wanted))
        fail_msg("'%s', not '%s'", ok ? "taken" : err.message, wanted);
}

TEST(api_key_is_refused_where_others_may_read_it)
{
    check_key_file("a-key-of-some-length\n", 0600, NULL);
    check_key_file("a-key-of-some-length", 0400, NULL);
    check_key_file("a-key-of-some-length\n", 0644, "its mode is 644, and must be 600");
    check_key_file("a-key-of-some-length\n", 0640, "its mode is 640");
    check_key_file("short\n", 0600, "holds no key");
    check_key_file("", 0600, "holds no key");
    check_key_file("two words of some length\n", 0600, "holds no key");
    check_key_file("first-line-of-a-key\nsecond-line\n", 0600, "holds no key");
}

TEST(addresses_of_this_machine_alone)
{
    assert_true(address_is_loopback("127.0.0.1"));
    assert_true(address_is_loopback("127.1.2.3"));
    assert_true(address_is_loopback("::1"));
    assert_true(address_is_loopback("localhost"));
    assert_false(address_is_loopback("0.0.0.0"));
    assert_false(address_is_loopback("::"));
    assert_false(address_is_loopback("192.168.1.1"));
    assert_false(address_is_loopback("example.com"));
    assert_false(address_is_loopback(""));
}
