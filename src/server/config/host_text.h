/* host_text.h: where a server listens or is found, as OLLAMA_HOST spells it.
 *
 * Owns the rules for what is left out: scheme, host, port. Leaves names to whoever connects. Any
 * thread. */
#ifndef HOST_TEXT_H
#define HOST_TEXT_H

#include "base/base.h"
#include "base/error.h"

struct host_text {
    bool is_https;
    char host[256]; /* without brackets; "": all addresses */
    uint16_t port;
    char path[256]; /* "" or "/ollama" */
};

/* "" is 127.0.0.1:11434, "x" x:11434, ":80" all addresses, "::1" and "[::1]:80" version 6,
 * "http://x" port 80, "https://x" port 443, "ollama.com" https. Spaces and quotes around it do not
 * count. A port that is none (":66000") is an error, or with `forgives_port` the default, as in
 * OLLAMA_HOST. ERROR_USAGE. */
bool host_text_read(struct slice text, bool forgives_port, struct host_text *out,
                    struct error *err) MUST_CHECK;

/* What a client connects to: all addresses are this machine's. */
const char *host_text_to_connect(const struct host_text *host);

/* "127.0.0.1:11434", "[::1]:80". */
enum { HOST_PORT_BYTES = 270 };
void host_text_write(const struct host_text *host, char out[HOST_PORT_BYTES]);

#endif
