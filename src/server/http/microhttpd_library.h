/* microhttpd_library.h: libmicrohttpd, loaded by whoever serves (base/late_library.h).
 *
 * Owns the list of its functions that are used. For http_server.c alone. */
#ifndef MICROHTTPD_LIBRARY_H
#define MICROHTTPD_LIBRARY_H

#include "base/base.h"
#include "base/error.h"

#include <microhttpd.h>

#define MHD_FUNCTIONS(F)                              \
    F(start_daemon)                                   \
    F(stop_daemon)                                    \
    F(get_connection_info)                            \
    F(lookup_connection_value_n)                      \
    F(suspend_connection)                             \
    F(resume_connection)                              \
    F(create_response_from_buffer)                    \
    F(create_response_from_buffer_with_free_callback) \
    F(create_response_from_callback)                  \
    F(add_response_header)                            \
    F(queue_response)                                 \
    F(destroy_response)

#define MHD_POINTER(name) __typeof__(MHD_##name) *name;
struct microhttpd_library {
    MHD_FUNCTIONS(MHD_POINTER)
};
extern struct microhttpd_library mhd;

/* Nothing of `mhd` may be called before. One thread; the second time costs nothing. */
bool microhttpd_library_load(struct error *err) MUST_CHECK;

#endif
