/* fuzz_anthropic_body.c: bodies of /v1/messages; what is taken is JSON again. */
#include "base/json.h"
#include "server/anthropic/messages_request.h"
#include "server/http/body.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = { 0 };
    struct messages_request request;
    const struct json *body, *again;
    if (!body_open(&body, (struct slice){ (const char *)data, size }, &err))
        return 0;
    bool ok = messages_request_read(&request, body, size % 2, slice_of("fuzz"), &err);
    if (ok && !json_open(&again, request.request.data, request.request.length, "the request", &err))
        abort();
    if (ok)
        json_close(&again);
    messages_request_release(&request);
    json_close(&body);
    return 0;
}
