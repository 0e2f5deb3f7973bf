#include "cli/client/server_link.h"

#include "server/config/api_key_file.h"
#include "server/http/local_hosts.h"
#include "server/config/server_config.h"

#include <stdio.h>
#include <unistd.h>

enum { ANSWER_BYTES = 256 << 20, KEY_BYTES = 4096 };

/* The key file is this machine's: it is shown to no other one, and never made by a client. */
static bool find_key(const struct client_config *config, struct text *key, struct error *err)
{
    bool is_new;
    if (config->api_key[0])
        return text_append_string(key, config->api_key) ||
               fail(err, ERROR_USAGE, "the API key is longer than %d bytes", KEY_BYTES);
    if (!config->api_key_file[0] || !address_is_loopback(host_text_to_connect(&config->host)) ||
        access(config->api_key_file, R_OK) != 0)
        return true;
    return api_key_file_read(config->api_key_file, key, &is_new, err);
}

static bool open_client(struct server_client **out, const struct client_config *config,
                        const char *key, struct error *err)
{
    struct host_text host = config->host;
    char whole[HOST_PORT_BYTES], url[HOST_PORT_BYTES + sizeof host.path + 16];
    snprintf(host.host, sizeof host.host, "%s", host_text_to_connect(&config->host));
    host_text_write(&host, whole);
    snprintf(url, sizeof url, "%s://%s%s", host.is_https ? "https" : "http", whole, host.path);
    if (url[strlen(url) - 1] == '/')
        url[strlen(url) - 1] = '\0';
    return server_client_open(out, url, key, err);
}

bool server_link_open(struct server_client **out, struct error *err)
{
    struct server_settings *settings = NULL;
    struct client_config config;
    struct text key;
    text_init(&key, KEY_BYTES);
    bool ok = server_settings_open(&settings, NULL, err) &&
              server_settings_client(settings, &config, err) && find_key(&config, &key, err) &&
              open_client(out, &config, key.length ? key.data : "", err);
    text_release(&key);
    server_settings_close(&settings);
    return ok;
}

bool server_ask(struct server_client *client, const char *path, struct slice body,
                const struct json **answer, struct error *err)
{
    struct text bytes;
    text_init(&bytes, ANSWER_BYTES);
    bool ok =
        server_client_whole(client, path, body, &bytes, err) &&
        json_open(answer, bytes.data ? bytes.data : "", bytes.length, "the server's answer", err);
    text_release(&bytes);
    return ok;
}
