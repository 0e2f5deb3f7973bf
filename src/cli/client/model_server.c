#include "cli/client/model_server.h"

#include "base/json_members.h"
#include "cli/client/server_link.h"
#include "cli/named_model.h"
#include "cli/shipped_models.h"
#include "hearth.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { NAME_BYTES = 1 << 16, REQUEST_BYTES = 1 << 20, GREETING_MS = 5000 };

/* ---- what is asked ---- */

static bool ask_of_model(struct model_server *server, const char *path, const struct json **answer,
                         struct error *err)
{
    struct text body;
    text_init(&body, REQUEST_BYTES);
    bool ok = text_append_byte(&body, '{') &&
              write_text_member(&body, "model", text_slice(&server->model)) &&
              text_append_byte(&body, '}');
    ok = (ok || fail_memory(err, body.length, "a request")) &&
         server_ask(server->client, path, text_slice(&body), answer, err);
    text_release(&body);
    return ok;
}

/* A prompt that is empty loads the model. */
static bool load(struct model_server *server, struct error *err)
{
    const struct json *answer = NULL;
    bool ok = ask_of_model(server, "/api/generate", &answer, err);
    json_close(&answer);
    return ok && ask_of_model(server, "/api/show", &server->facts, err);
}

/* ---- the user's server ---- */

/* Others speak Ollama's API, too, and other versions know other members of it; what listens there
 * may also say nothing at all. */
static bool check_version(struct server_client *client, struct error *err)
{
    const struct json *answer = NULL;
    server_client_limit(client, GREETING_MS);
    bool is_said = server_ask(client, "/api/version", (struct slice){ NULL, 0 }, &answer, err);
    server_client_limit(client, 0);
    if (!is_said)
        return false;
    struct slice version = json_text(json_get(answer, "hearth"));
    bool ok = slice_equal(version, slice_of(hearth_version())) ||
              fail(err, ERROR_UNSUPPORTED, "the server is hearth '%s', this is hearth '%s'",
                   printable(version), hearth_version());
    json_close(&answer);
    return ok;
}

enum outcome { ANSWERS, FAILS, IS_ELSEWHERE };

/* Not a server of this user after all, or one without this model. */
static bool is_elsewhere(const struct server_client *client)
{
    unsigned status = server_client_status(client);
    return status == 401 || status == 403 || status == 404;
}

/* A server on another machine was named on purpose: then nothing takes its place. */
static enum outcome ask_users(struct model_server *server, struct error *err)
{
    if (!server_link_open(&server->client, err))
        return FAILS;
    bool is_local = server_client_is_local(server->client);
    if (!check_version(server->client, err))
        return is_local ? IS_ELSEWHERE : FAILS;
    if (load(server, err))
        return ANSWERS;
    return is_local && is_elsewhere(server->client) ? IS_ELSEWHERE : FAILS;
}

/* ---- a private one ---- */

static bool start_private(struct model_server *server, const struct model_server_options *options,
                          const char *path, struct error *err)
{
    const struct private_server_options start = { path, options->n_threads, options->kv_type };
    return private_server_open(&server->own, &start, err) &&
           private_server_link(server->own, &server->client, err) && load(server, err);
}

static bool set_name(struct model_server *server, const char *name, struct error *err)
{
    text_clear(&server->model);
    return text_append_string(&server->model, name) ||
           fail(err, ERROR_USAGE, "the name of the model is over %d bytes", NAME_BYTES);
}

static bool fail_to_find(const char *given, struct error *err)
{
    const char *name = printable(slice_of(given));
    if (errno == ENOENT)
        return fail(err, ERROR_NOT_FOUND,
                    "there is no file or folder '%s', and no model of that name", name);
    return fail(err, ERROR_IO, "cannot open '%s': %s", name, strerror(errno));
}

/* A server knows a file by its whole path. */
static bool open_file(struct model_server *server, const struct model_server_options *options,
                      const char *given, struct error *err)
{
    char *path = realpath(given, NULL);
    bool ok = (path || fail_to_find(given, err)) && set_name(server, path, err) &&
              start_private(server, options, path, err);
    free(path);
    return ok;
}

static bool open_private(struct model_server *server, const struct model_server_options *options,
                         struct error *err)
{
    const char *path;
    struct text memory;
    text_init(&memory, NAME_BYTES);
    bool ok = named_model_find(options->model, &path, &memory, err) &&
              (is_shipped_model(path) ? start_private(server, options, NULL, err)
                                      : open_file(server, options, path, err));
    text_release(&memory);
    return ok;
}

/* ---- both ---- */

static bool is_file(const char *model)
{
    return !is_shipped_model(model) && access(model, F_OK) == 0;
}

bool model_server_open(struct model_server *out, const struct model_server_options *options,
                       struct error *err)
{
    *out = (struct model_server){ 0 };
    text_init(&out->model, NAME_BYTES);
    if (!set_name(out, options->model, err))
        return false;
    bool may_share = !is_file(options->model) && !options->n_threads && !options->kv_type;
    enum outcome users = may_share ? ask_users(out, err) : IS_ELSEWHERE;
    if (users != IS_ELSEWHERE)
        return users == ANSWERS;
    *err = (struct error){ 0 };
    server_client_close(&out->client);
    return open_private(out, options, err);
}

void model_server_close(struct model_server *server)
{
    server_client_close(&server->client);
    private_server_close(&server->own);
    json_close(&server->facts);
    text_release(&server->model);
}
