#include "cli/named_model.h"

#include "cli/shipped_models.h"
#include "server/models/model_list.h"
#include "server/config/server_config.h"

#include <unistd.h>

/* False: there is none, or several answer to the name. */
static bool find(const char *name, const char *folder, struct text *path)
{
    struct model_list *list = NULL;
    struct error ignored = { 0 };
    struct text own_name;
    text_init(&own_name, path->limit);
    const struct model_list_options options = { .folder = folder };
    bool ok = model_list_open(&list, &options, &ignored) &&
              model_list_find(list, slice_of(name), &own_name, path, &ignored);
    model_list_close(&list);
    text_release(&own_name);
    return ok;
}

bool named_model_find(const char *given, const char **path, struct text *memory, struct error *err)
{
    struct server_settings *settings = NULL;
    struct client_config config;
    *path = given;
    if (is_shipped_model(given) || access(given, F_OK) == 0)
        return true;
    bool ok = server_settings_open(&settings, NULL, err) &&
              server_settings_client(settings, &config, err);
    if (ok && config.models[0] && find(given, config.models, memory))
        *path = memory->data;
    server_settings_close(&settings);
    return ok;
}
