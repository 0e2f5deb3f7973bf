#include "test.h"

#include "server/config/host_text.h"

/* "https host port path" of a text, or the error. */
static const char *reading(const char *text, bool forgives)
{
    static char out[1200];
    struct host_text host;
    struct error err = { 0 };
    if (!host_text_read(slice_of(text), forgives, &host, &err)) {
        assert_int_equal(err.code, ERROR_USAGE);
        snprintf(out, sizeof out, "%s", err.message);
    } else {
        snprintf(out, sizeof out, "%s://%s %u%s", host.is_https ? "https" : "http", host.host,
                 host.port, host.path);
    }
    return out;
}

TEST(host_text_fills_in_what_is_left_out)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        { "", "http://127.0.0.1 11434" },
        { "1.2.3.4", "http://1.2.3.4 11434" },
        { ":1234", "http:// 1234" },
        { "1.2.3.4:1234", "http://1.2.3.4 1234" },
        { "example.com:1234", "http://example.com 1234" },
        { "example.com", "http://example.com 11434" },
        { ":0", "http:// 0" },
        { ":65535", "http:// 65535" },
        { ":66000", "http:// 11434" },
        { ":-1", "http:// 11434" },
        { ":99999999999999999999", "http:// 11434" },
        { "[::1]", "http://::1 11434" },
        { "::1", "http://::1 11434" },
        { "[::]", "http://:: 11434" },
        { "::", "http://:: 11434" },
        { "[::1]:1337", "http://::1 1337" },
        { "[0001:002:003:0004::1]:1337", "http://0001:002:003:0004::1 1337" },
        { "http://1.2.3.4", "http://1.2.3.4 80" },
        { "http://1.2.3.4:4321", "http://1.2.3.4 4321" },
        { "https://1.2.3.4", "https://1.2.3.4 443" },
        { "https://x", "https://x 443" },
        { "https://1.2.3.4:66000", "https://1.2.3.4 443" },
        { "https://example.com/ollama", "https://example.com 443/ollama" },
        { "example.com/ollama", "http://example.com 11434/ollama" },
        { "example.com:1234/a/b", "http://example.com 1234/a/b" },
        { "ollama.com", "https://ollama.com 443" },
        { "http://ollama.com", "http://ollama.com 80" },
        { " 1.2.3.4 ", "http://1.2.3.4 11434" },
        { "\"1.2.3.4\"", "http://1.2.3.4 11434" },
        { " ' example.com:80 ' ", "http://example.com 80" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(reading(rows[i].text, true), rows[i].expected) != 0)
            fail_msg("%s gives %s, expected %s", rows[i].text, reading(rows[i].text, true),
                     rows[i].expected);
}

TEST(host_text_refuses_wrong_ports_where_they_are_not_forgiven)
{
    assert_string_equal(reading(":66000", false), "':66000': a port is a number from 0 to 65535");
    assert_string_equal(reading(":-1", false), "':-1': a port is a number from 0 to 65535");
    assert_string_equal(reading("x:", false), "'x:': a port is a number from 0 to 65535");
    assert_string_equal(reading("x:80", false), "http://x 80");
}

TEST(host_text_refuses_what_is_no_host)
{
    assert_string_equal(reading("ftp://x", true), "'ftp://x': the scheme is http or https");
    assert_string_equal(reading("a b", true), "'a b': 'a b' is neither a host name nor an address");
    assert_string_equal(reading("user@host:80", true),
                        "'user@host:80': 'user@host' is neither a host name nor an address");
    assert_string_equal(reading("1:2:3", true),
                        "'1:2:3': '1:2:3' is neither a host name nor an address");
    assert_string_equal(reading("x/a b", true),
                        "'x/a b': its path is longer than 253 characters or has odd ones");
    char longest[400];
    memset(longest, 'x', 399);
    longest[399] = '\0';
    assert_non_null(strstr(reading(longest, true), "a host has at most 253 characters"));
}

TEST(host_text_connects_to_this_machine_where_all_addresses_are_bound)
{
    static const char *const rows[][2] = {
        { "0.0.0.0", "127.0.0.1" },
        { "[::]:80", "::1" },
        { ":80", "127.0.0.1" },
        { "10.1.2.3", "10.1.2.3" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct host_text host;
        struct error err = { 0 };
        assert_ok(host_text_read(slice_of(rows[i][0]), false, &host, &err), err);
        assert_string_equal(host_text_to_connect(&host), rows[i][1]);
    }
    char whole[HOST_PORT_BYTES];
    struct host_text six = { .host = "::1", .port = 80 }, four = { .host = "x", .port = 5 };
    host_text_write(&six, whole);
    assert_string_equal(whole, "[::1]:80");
    host_text_write(&four, whole);
    assert_string_equal(whole, "x:5");
}
