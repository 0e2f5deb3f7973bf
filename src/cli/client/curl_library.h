/* curl_library.h: libcurl, loaded by whoever talks to a server (base/late_library.h).
 *
 * Owns the list of its functions that are used, and its one initialization. For server_client.c
 * alone. One thread. */
#ifndef CURL_LIBRARY_H
#define CURL_LIBRARY_H

#include "base/base.h"
#include "base/error.h"

#include <curl/curl.h>

#define CURL_FUNCTIONS(F)  \
    F(global_init)         \
    F(easy_init)           \
    F(easy_cleanup)        \
    F(easy_setopt)         \
    F(easy_getinfo)        \
    F(easy_strerror)       \
    F(multi_init)          \
    F(multi_cleanup)       \
    F(multi_add_handle)    \
    F(multi_remove_handle) \
    F(multi_perform)       \
    F(multi_poll)          \
    F(multi_info_read)     \
    F(slist_append)        \
    F(slist_free_all)

#define CURL_POINTER(name) __typeof__(curl_##name) *name;
struct curl_library {
    CURL_FUNCTIONS(CURL_POINTER)
};
extern struct curl_library curl;

/* Nothing of `curl` may be called before. The second time costs nothing. */
bool curl_library_load(struct error *err) MUST_CHECK;

#endif
