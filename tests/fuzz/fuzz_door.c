/* fuzz_door.c: headers of any bytes at a door of loopback, with a key and a list of origins.
 *
 * Nobody comes in without the key, and no page but of a listed origin is told that it may read. */
#include "server/http/door.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char key[] = "the-key-of-this-door";
static const char *const names[] = { "Host", "Origin", "Authorization", "x-api-key",
                                     "Access-Control-Request-Headers" };
enum { N_HEADERS = COUNT_OF(names) };

static struct slice header_of(const struct http_request *request, const char *name)
{
    const struct slice *values = request->connection;
    for (size_t i = 0; i < N_HEADERS; i++)
        if (strcmp(name, names[i]) == 0)
            return values[i];
    return (struct slice){ NULL, 0 };
}

/* A line each; an absent one where there are no more. */
static void cut(const uint8_t *data, size_t size, struct slice values[N_HEADERS])
{
    for (size_t i = 0; i < N_HEADERS; i++) {
        values[i] = (struct slice){ NULL, 0 };
        if (size == 0)
            continue;
        const uint8_t *end = memchr(data, '\n', size);
        size_t length = end ? (size_t)(end - data) : size;
        if (length != 1 || data[0] != '-')
            values[i] = (struct slice){ (const char *)data, length };
        data += end ? length + 1 : length;
        size -= end ? length + 1 : length;
    }
}

static bool contains_key(struct slice value)
{
    return value.data && memmem(value.data, value.length, key, strlen(key)) != NULL;
}

static void check(const struct door *door, const struct http_request *request, bool is_open)
{
    const struct slice *values = request->connection;
    struct response *response = response_new();
    const char *why;
    unsigned status = door_check(door, request, is_open, response, &why);
    if (status == 0 && !is_open && !contains_key(values[2]) && !contains_key(values[3]))
        abort();
    response_drop(&response);
    response = response_new();
    door_preflight(door, request, response);
    if (response_status(response) != 204 && response_status(response) != 403)
        abort();
    response_drop(&response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct door *door;
    struct error err;
    const struct door_options options = { "127.0.0.1",
                                          "https://*.example.org, chrome-extension://*", key };
    if (!door && !door_open(&door, &options, &err))
        abort();
    struct slice values[N_HEADERS];
    cut(data, size, values);
    const struct http_request request = { .method = slice_of("GET"),
                                          .path = slice_of("/"),
                                          .header = header_of,
                                          .query = header_of,
                                          .connection = values };
    check(door, &request, false);
    check(door, &request, true);
    return 0;
}
