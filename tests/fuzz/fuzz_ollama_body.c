/* fuzz_ollama_body.c: any bytes as the body of a request; the first chooses the route. What is
 * taken becomes JSON for the worker, what is refused has a sentence. */
#include "base/base.h"
#include "base/utf8.h"
#include "server/http/body.h"
#include "server/ollama/ollama_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_taken(const struct ollama_request *request)
{
    const struct json *worker;
    struct error err = { 0 };
    struct slice json = text_slice(&request->worker);
    bool is_json = json_open(&worker, json.data, json.length, "worker", &err);
    assert(is_json && json_kind(worker) == JSON_KIND_OBJECT);
    assert(json_text(json_get(worker, "kind")).length > 0);
    assert(request->model.length > 0);
    assert(request->n_choices >= 1 && request->n_choices <= 128);
    for (size_t i = 0; i < request->ignored.length; i++)
        assert(request->ignored.data[i] >= ' ' && request->ignored.data[i] <= '~');
    if (is_json)
        json_close(&worker);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct json *body;
    struct ollama_request request;
    struct error err = { 0 };
    unsigned status = 0;
    if (size == 0)
        return 0;
    if (!body_open(&body, (struct slice){ (const char *)data + 1, size - 1 }, &err)) {
        assert(err.code == ERROR_USAGE && err.message[0]);
        return 0;
    }
    if (ollama_request_open(&request, data[0] % 4, body, slice_of("fuzz"), &status, &err))
        check_taken(&request);
    else
        assert(err.code != ERROR_NONE && err.message[0] && (status == 400 || status == 500));
    ollama_request_release(&request);
    json_close(&body);
    return 0;
}
