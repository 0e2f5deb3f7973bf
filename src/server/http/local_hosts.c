#include "server/http/local_hosts.h"

#include "base/memory.h"
#include "base/slice_text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <ifaddrs.h>
#include <unistd.h>

enum { NAME_BYTES = 256, ADDRESS_BYTES = INET6_ADDRSTRLEN + 16 };

struct local_hosts {
    char hostname[NAME_BYTES];
    char (*addresses)[INET6_ADDRSTRLEN]; /* [n_addresses] of this machine's interfaces */
    size_t n_addresses;
};

/* ---- addresses ---- */

/* In network order; IPv4 as the last four of IPv6's mapped form. */
struct address {
    unsigned char bytes[16];
};

static bool address_read(const char *text, struct address *out)
{
    char name[ADDRESS_BYTES];
    size_t length = strcspn(text, "%"); /* "fe80::1%eth0" */
    if (length >= sizeof name)
        return false;
    memcpy(name, text, length);
    name[length] = '\0';
    memset(out, 0, sizeof *out);
    out->bytes[10] = out->bytes[11] = 0xff;
    return inet_pton(AF_INET, name, out->bytes + 12) == 1 ||
           inet_pton(AF_INET6, name, out->bytes) == 1;
}

static bool is_ipv4(const struct address *a)
{
    static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
    return memcmp(a->bytes, mapped, sizeof mapped) == 0;
}

static bool is_loopback(const struct address *a)
{
    static const unsigned char one[16] = { [15] = 1 };
    return is_ipv4(a) ? a->bytes[12] == 127 : memcmp(a->bytes, one, 16) == 0;
}

static bool is_unspecified(const struct address *a)
{
    static const unsigned char none[16];
    return memcmp(a->bytes + 12, none, 4) == 0 && (is_ipv4(a) || memcmp(a->bytes, none, 16) == 0);
}

static bool is_private(const struct address *a)
{
    unsigned first = a->bytes[12], second = a->bytes[13];
    if (!is_ipv4(a))
        return (a->bytes[0] & 0xfe) == 0xfc; /* fc00::/7 */
    return first == 10 || (first == 172 && (second & 0xf0) == 16) ||
           (first == 192 && second == 168);
}

bool address_is_loopback(const char *address)
{
    struct address a;
    if (strcmp(address, "localhost") == 0)
        return true;
    return address_read(address, &a) && is_loopback(&a);
}

/* ---- Host ---- */

static bool has_domain(const char *name, const char *domain)
{
    return strlen(name) > strlen(domain) && ends_with(slice_of(name), domain);
}

static bool is_own_address(const struct local_hosts *hosts, const struct address *wanted)
{
    struct address own;
    for (size_t i = 0; i < hosts->n_addresses; i++)
        if (address_read(hosts->addresses[i], &own) && memcmp(&own, wanted, sizeof own) == 0)
            return true;
    return false;
}

/* The host without port and brackets, in small letters. */
static bool host_name(struct slice host, char *out)
{
    const char *colon = memchr(host.data, ':', host.length);
    bool is_bracketed = host.length > 0 && host.data[0] == '[';
    if (is_bracketed) {
        const char *end = memchr(host.data, ']', host.length);
        const char *behind = end ? end + 1 : NULL;
        if (!end || (behind < host.data + host.length && *behind != ':'))
            return false;
        host = (struct slice){ host.data + 1, (size_t)(end - host.data) - 1 };
    } else if (colon && !memchr(colon + 1, ':', host.length - (size_t)(colon + 1 - host.data))) {
        host.length = (size_t)(colon - host.data);
    }
    if (host.length >= NAME_BYTES || memchr(host.data, '\0', host.length))
        return false;
    for (size_t i = 0; i < host.length; i++)
        out[i] = (char)tolower((unsigned char)host.data[i]);
    out[host.length] = '\0';
    return true;
}

bool host_is_local(const struct local_hosts *hosts, struct slice host)
{
    char name[NAME_BYTES];
    struct address a;
    if (host.length == 0)
        return true;
    if (!host_name(host, name))
        return false;
    if (address_read(name, &a))
        return is_loopback(&a) || is_private(&a) || is_unspecified(&a) || is_own_address(hosts, &a);
    return name[0] == '\0' || strcmp(name, "localhost") == 0 ||
           strcmp(name, hosts->hostname) == 0 || has_domain(name, ".localhost") ||
           has_domain(name, ".local") || has_domain(name, ".internal");
}

/* ---- opening ---- */

static bool note_address(struct local_hosts *hosts, const struct sockaddr *address)
{
    char text[INET6_ADDRSTRLEN] = "";
    if (address && address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text,
                  sizeof text);
    else if (address && address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text,
                  sizeof text);
    if (text[0] == '\0')
        return true;
    char(*grown)[INET6_ADDRSTRLEN] =
        memory_resize(hosts->addresses, (hosts->n_addresses + 1) * sizeof *grown);
    if (!grown)
        return false;
    hosts->addresses = grown;
    memcpy(grown[hosts->n_addresses++], text, sizeof text);
    return true;
}

static bool note_addresses(struct local_hosts *hosts, struct error *err)
{
    struct ifaddrs *all = NULL;
    bool ok = true;
    if (getifaddrs(&all) != 0) /* without them some names of this machine are refused */
        return true;
    for (struct ifaddrs *i = all; ok && i; i = i->ifa_next)
        ok = note_address(hosts, i->ifa_addr);
    freeifaddrs(all);
    return ok || fail_memory(err, INET6_ADDRSTRLEN, "this machine's addresses");
}

bool local_hosts_open(struct local_hosts **out, struct error *err)
{
    struct local_hosts *hosts = memory_zeroed(1, sizeof *hosts);
    *out = NULL;
    if (!hosts)
        return fail_memory(err, sizeof *hosts, "the names of this machine");
    if (gethostname(hosts->hostname, sizeof hosts->hostname - 1) != 0)
        hosts->hostname[0] = '\0';
    for (char *c = hosts->hostname; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    if (note_addresses(hosts, err))
        *out = hosts;
    else
        local_hosts_close(&hosts);
    return *out != NULL;
}

void local_hosts_close(struct local_hosts **hosts)
{
    if (*hosts)
        memory_free((*hosts)->addresses);
    memory_free(*hosts);
    *hosts = NULL;
}
