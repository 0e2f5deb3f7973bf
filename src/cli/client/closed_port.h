/* closed_port.h: whether nobody listens at an address of this machine.
 *
 * Owns a look that takes a tenth of a millisecond, where loading the library of clients to find the
 * same takes six. One thread. */
#ifndef CLOSED_PORT_H
#define CLOSED_PORT_H

#include "base/base.h"

/* True when a connection is refused; false also for what is not known so soon: addresses of other
 * machines, names, TLS. `url`: as of server_client_open. */
bool port_is_closed(const char *url);

#endif
