#include "server/config/host_text.h"

#include <arpa/inet.h>
#include <stdio.h>

enum { OUR_PORT = 11434, HTTP_PORT = 80, HTTPS_PORT = 443 };

/* Without spaces and quotes around it. */
static struct slice trim(struct slice text)
{
    static const char around[] = " \t\r\n\"'";
    while (text.length > 0 && memchr(around, text.data[0], sizeof around - 1))
        text.data++, text.length--;
    while (text.length > 0 && memchr(around, text.data[text.length - 1], sizeof around - 1))
        text.length--;
    return text;
}

/* `text` up to the first `separator`, which is skipped; what follows is left in *rest. */
static struct slice cut(struct slice text, const char *separator, struct slice *rest)
{
    const char *found =
        text.length ? memmem(text.data, text.length, separator, strlen(separator)) : NULL;
    if (!found) {
        *rest = (struct slice){ text.data + text.length, 0 };
        return text;
    }
    size_t n = (size_t)(found - text.data), skip = n + strlen(separator);
    *rest = (struct slice){ text.data + skip, text.length - skip };
    return (struct slice){ text.data, n };
}

static bool contains(struct slice text, char c)
{
    return text.length > 0 && memchr(text.data, c, text.length);
}

/* "host:port" apart; false when there is no port in it. */
static bool split_port(struct slice text, struct slice *host, struct slice *port)
{
    size_t colon = text.length;
    while (colon > 0 && text.data[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return false;
    *host = (struct slice){ text.data, colon - 1 };
    *port = (struct slice){ text.data + colon, text.length - colon };
    bool is_bracketed =
        host->length >= 2 && host->data[0] == '[' && host->data[host->length - 1] == ']';
    if (is_bracketed)
        *host = (struct slice){ host->data + 1, host->length - 2 };
    return !contains(*host, '[') && !contains(*host, ']') &&
           (is_bracketed || !contains(*host, ':'));
}

static bool is_port(struct slice digits, uint16_t *port)
{
    unsigned value = 0;
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9' || value > UINT16_MAX)
            return false;
        value = value * 10 + (unsigned)(digits.data[i] - '0');
    }
    *port = (uint16_t)value;
    return digits.length > 0 && value <= UINT16_MAX;
}

/* A name, or an address of either version: nothing that could mean more than that. */
static bool is_host(const char *host)
{
    struct in6_addr address;
    if (strchr(host, ':'))
        return inet_pton(AF_INET6, host, &address) == 1;
    for (const char *p = host; *p; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
              strchr("-._", *p)))
            return false;
    return true;
}

static bool copy_host(struct slice text, const char *whole, char out[256], struct error *err)
{
    if (text.length >= 2 && text.data[0] == '[' && text.data[text.length - 1] == ']')
        text = (struct slice){ text.data + 1, text.length - 2 };
    if (text.length > 253)
        return fail(err, ERROR_USAGE, "'%s': a host has at most 253 characters, this one %zu",
                    whole, text.length);
    snprintf(out, 256, "%.*s", (int)text.length, text.length ? text.data : "");
    if (strlen(out) != text.length || !is_host(out))
        return fail(err, ERROR_USAGE, "'%s': '%s' is neither a host name nor an address", whole,
                    printable(text));
    return true;
}

static bool copy_path(struct slice text, const char *whole, char out[256], struct error *err)
{
    bool ok = text.length < 254;
    for (size_t i = 0; ok && i < text.length; i++)
        ok = text.data[i] > ' ' && text.data[i] < 0x7f;
    if (!ok)
        return fail(err, ERROR_USAGE,
                    "'%s': its path is longer than 253 characters or has odd ones", whole);
    snprintf(out, 256, "%s%.*s", text.length ? "/" : "", (int)text.length,
             text.length ? text.data : "");
    return true;
}

/* The scheme, which is cut off, and the port that it means. */
static bool read_scheme(struct slice *text, uint16_t *port, bool *is_https, struct error *err)
{
    struct slice rest, scheme = cut(*text, "://", &rest);
    *port = OUR_PORT;
    *is_https = false;
    if (scheme.length == text->length) {
        *is_https = slice_equal(scheme, slice_of("ollama.com"));
        *port = *is_https ? HTTPS_PORT : OUR_PORT;
        return true;
    }
    *is_https = slice_equal(scheme, slice_of("https"));
    if (!*is_https && !slice_equal(scheme, slice_of("http")))
        return fail(err, ERROR_USAGE, "'%s': the scheme is http or https", printable(*text));
    *port = *is_https ? HTTPS_PORT : HTTP_PORT;
    *text = rest;
    return true;
}

bool host_text_read(struct slice text, bool forgives_port, struct host_text *out, struct error *err)
{
    *out = (struct host_text){ 0 };
    text = trim(text);
    const char *whole = printable(text);
    uint16_t usual_port;
    if (!read_scheme(&text, &usual_port, &out->is_https, err))
        return false;
    struct slice path, port = { NULL, 0 }, host = cut(text, "/", &path), all = host;
    bool has_port = split_port(all, &host, &port);
    if (!has_port)
        host = all.length ? all : slice_of("127.0.0.1");
    out->port = usual_port;
    if (has_port && !is_port(port, &out->port)) {
        if (!forgives_port)
            return fail(err, ERROR_USAGE, "'%s': a port is a number from 0 to 65535", whole);
        out->port = usual_port;
    }
    return copy_host(host, whole, out->host, err) && copy_path(path, whole, out->path, err);
}

const char *host_text_to_connect(const struct host_text *host)
{
    if (strcmp(host->host, "::") == 0)
        return "::1";
    return host->host[0] == '\0' || strcmp(host->host, "0.0.0.0") == 0 ? "127.0.0.1" : host->host;
}

void host_text_write(const struct host_text *host, char out[HOST_PORT_BYTES])
{
    snprintf(out, HOST_PORT_BYTES, strchr(host->host, ':') ? "[%s]:%u" : "%s:%u", host->host,
             host->port);
}
