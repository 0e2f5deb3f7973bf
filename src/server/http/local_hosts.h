/* local_hosts.h: by which names this machine may be spoken to.
 *
 * Owns what this machine is called and the kinds of addresses. Any thread once opened. */
#ifndef LOCAL_HOSTS_H
#define LOCAL_HOSTS_H

#include "base/base.h"
#include "base/error.h"

struct local_hosts;

bool local_hosts_open(struct local_hosts **out, struct error *err) MUST_CHECK;
void local_hosts_close(struct local_hosts **hosts); /* accepts NULL, leaves NULL */

/* Whether a header Host ("localhost:11434", "[::1]", "") is this machine's own or one of a private
 * network: a name that no stranger's name server can answer for, so that a page under another name
 * cannot read what is here (DNS rebinding). */
bool host_is_local(const struct local_hosts *hosts, struct slice host);

/* Whether an address or name is this machine only: 127.x.y.z, ::1, localhost. */
bool address_is_loopback(const char *address);

#endif
