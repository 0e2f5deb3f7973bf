#include "server/http/microhttpd_library.h"

#include "base/late_library.h"

struct microhttpd_library mhd;

#define MHD_ROW(name) { "MHD_" #name, &mhd.name },

bool microhttpd_library_load(struct error *err)
{
    static const struct late_function functions[] = { MHD_FUNCTIONS(MHD_ROW) };
    return mhd.start_daemon ||
           late_library_load("libmicrohttpd.so.12", functions, COUNT_OF(functions), err);
}
