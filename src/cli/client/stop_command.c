#include "cli/client/server_link.h"
#include "cli/commands.h"
#include "cli/output.h"

static const char about[] =
    "Take a model out of the server's memory, once the answers that run are over. The server is\n"
    "the one at HEARTH_HOST or OLLAMA_HOST, else 127.0.0.1:11434.\n";

/* An answer to nothing, after which the model is kept for no time. */
static bool stop(struct server_client *client, const char *model, struct error *err)
{
    const struct json *answer = NULL;
    struct text body;
    text_init(&body, 1 << 20);
    bool ok = text_append_string(&body, "{\"model\":") &&
              json_write_string(&body, slice_of(model)) &&
              text_append_string(&body, ",\"keep_alive\":0,\"stream\":false}");
    ok = ok ? server_ask(client, "/api/generate", text_slice(&body), &answer, err)
            : fail(err, ERROR_USAGE, "a model's name has at most %zu bytes", body.limit);
    if (!ok && server_client_status(client) == 404)
        fail(err, ERROR_NOT_FOUND, "couldn't find model \"%s\" to stop",
             printable(slice_of(model)));
    json_close(&answer);
    text_release(&body);
    return ok;
}

int stop_command(int argc, char **argv)
{
    const struct usage usage = { "stop MODEL", about, NULL, 0, 1, 1 };
    struct server_client *client = NULL;
    struct error err = { 0 };
    int status;
    if (!command_begin(&usage, &argc, argv, &status))
        return status;
    bool ok = server_link_open(&client, &err) && stop(client, argv[1], &err);
    server_client_close(&client);
    return ok ? 0 : report(err.message);
}
