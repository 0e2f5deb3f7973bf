#include "cli/client/curl_library.h"

#include "base/late_library.h"

struct curl_library curl;

#define CURL_ROW(name) { "curl_" #name, &curl.name },

bool curl_library_load(struct error *err)
{
    static const struct late_function functions[] = { CURL_FUNCTIONS(CURL_ROW) };
    if (curl.easy_init)
        return true;
    struct curl_library none = { 0 };
    if (late_library_load("libcurl.so.4", functions, COUNT_OF(functions), err) &&
        curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        return true;
    curl = none;
    return fail_while(err, "talking to a server");
}
