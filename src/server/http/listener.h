/* listener.h: the socket that connections arrive at.
 *
 * Owns how an address becomes a socket, and how many connections this process can have. Whoever
 * opens it closes it. */
#ifndef LISTENER_H
#define LISTENER_H

#include "base/base.h"
#include "base/error.h"

struct listener {
    int fd;
    uint16_t port; /* as chosen by the system when 0 was wanted */
    bool is_ipv6;
};
/* `address`: numeric or a name; "": all of this machine. */
bool listener_open(struct listener *out, const char *address, uint16_t port,
                   struct error *err) MUST_CHECK;

/* As many connections as wanted, or as this process may have open; raises its limit. */
unsigned listener_limit(size_t most_connections);

#endif
