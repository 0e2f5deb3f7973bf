#include "base/log.h"
#include "base/memory.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/private_end.h"
#include "cli/setting_flags.h"
#include "cli/shipped_models.h"
#include "server/server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const char about[] =
    "Answer clients of Ollama, OpenAI and Anthropic over HTTP, on 127.0.0.1:11434 unless told\n"
    "otherwise. Knows the models of its folder (--models), those named here and those that are a\n"
    "part of hearth. SIGTERM ends it after running answers, a second one at once; SIGHUP opens "
    "the\n"
    "log file anew.\n"
    "\nSettings, also in a file and the environment (hearth config shows each with its origin):\n";

enum { MOST_SHIPPED = 16, PATH_BYTES = 4096 };

struct serve_flags {
    const char *config, *port_file;
    int32_t private_fd; /* -1: none */
    struct setting_flags settings;
};

/* ---- telling the port ---- */

static bool write_port_file(const char *path, uint16_t port, struct error *err)
{
    char whole[PATH_BYTES];
    if (snprintf(whole, sizeof whole, "%s.new", path) >= (int)sizeof whole)
        return fail(err, ERROR_USAGE, "the path of the port file is too long");
    FILE *file = fopen(whole, "w");
    bool ok = file && fprintf(file, "%u\n", port) > 0;
    if (file && fclose(file) != 0)
        ok = false;
    if (ok && rename(whole, path) == 0)
        return true;
    return fail(err, ERROR_IO, "cannot write '%s': %s", path, strerror(errno));
}

static bool tell_port(const struct serve_flags *flags, const struct private_end *end, uint16_t port,
                      struct error *err)
{
    return (flags->port_file[0] == '\0' || write_port_file(flags->port_file, port, err)) &&
           (end->fd < 0 || private_end_tell_port(end, port, err));
}

/* ---- until it is time to end ---- */

static int open_signals(sigset_t *ends)
{
    sigset_t all;
    sigemptyset(ends);
    sigaddset(ends, SIGTERM);
    sigaddset(ends, SIGINT);
    all = *ends;
    sigaddset(&all, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    /* before there are threads, which all have this mask then */
    sigprocmask(SIG_BLOCK, &all, NULL);
    return signalfd(-1, &all, SFD_CLOEXEC);
}

/* False: end. */
static bool take_signal(int fd)
{
    struct signalfd_siginfo signal;
    struct error err = { 0 };
    if (read(fd, &signal, sizeof signal) != (ssize_t)sizeof signal)
        return errno == EINTR;
    if (signal.ssi_signo != SIGHUP)
        return false;
    if (log_reopen(&err))
        LOG(LOG_INFO, "opened the log anew");
    else
        LOG(LOG_ERROR, "the log stays where it was", LOG_S("reason", err.message));
    return true;
}

static void wait_for_end(int signals, const struct private_end *end)
{
    struct pollfd files[] = { { .fd = signals, .events = POLLIN },
                              { .fd = end->fd, .events = POLLIN } };
    for (;;) {
        if (poll(files, 2, -1) < 0 && errno != EINTR)
            return;
        if (files[1].revents && private_end_is_closed(end, files[1].revents))
            return;
        if (files[0].revents && !take_signal(signals))
            return;
    }
}

/* From now on a signal ends the process at once. */
static void stop_waiting(int signals, const sigset_t *ends)
{
    close(signals);
    sigprocmask(SIG_UNBLOCK, ends, NULL);
}

static bool serve(const struct server_config *config, const struct model_list_options *models,
                  const struct serve_flags *flags, const struct private_end *end, struct error *err)
{
    struct server *server = NULL;
    char program[PATH_BYTES];
    sigset_t ends;
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0)
        return fail(err, ERROR_IO, "cannot find this program: /proc/self/exe is missing");
    program[length] = '\0';
    int signals = open_signals(&ends);
    if (signals < 0)
        return fail(err, ERROR_IO, "cannot wait for signals");
    bool ok = server_open(&server, config, models, program, err) &&
              tell_port(flags, end, server_port(server), err);
    if (ok)
        wait_for_end(signals, end);
    stop_waiting(signals, &ends);
    server_close(&server);
    return ok;
}

/* ---- models ---- */

/* Files and folders of the command line; names of shipped models are known anyway. */
static const char *const *paths_of(int argc, char **argv, size_t *n)
{
    *n = 0;
    for (int i = 1; i < argc; i++)
        if (!is_shipped_model(argv[i]))
            argv[(*n)++] = argv[i];
    return (const char *const *)argv;
}

static bool serve_models(const struct server_config *config, const struct serve_flags *flags,
                         const struct private_end *end, int argc, char **argv, struct error *err)
{
    const char *shipped[MOST_SHIPPED];
    struct model_list_options models = { .folder = config->models[0] ? config->models : NULL,
                                         .shipped = shipped };
    for (const char *name;
         models.n_shipped < MOST_SHIPPED && (name = shipped_model_at(models.n_shipped)) != NULL;)
        shipped[models.n_shipped++] = name;
    models.paths = paths_of(argc, argv, &models.n_paths);
    return serve(config, &models, flags, end, err);
}

/* ---- the command ---- */

static bool serve_settings(struct serve_flags *flags, const struct private_end *end, int argc,
                           char **argv, struct error *err)
{
    struct server_settings *settings = NULL;
    struct server_config config;
    const char *file = flags->config[0] ? flags->config : NULL;
    bool ok = setting_flags_open(&settings, file, &flags->settings, err) &&
              (end->fd < 0 || private_end_set(end, settings, err)) &&
              server_settings_config(settings, &config, err) &&
              serve_models(&config, flags, end, argc, argv, err);
    server_settings_close(&settings);
    return ok;
}

static int serve_anyone(struct serve_flags *flags, int argc, char **argv)
{
    struct private_end end = { .fd = -1 };
    struct error err = { 0 };
    bool ok = (flags->private_fd < 0 || private_end_init(&end, flags->private_fd, &err)) &&
              serve_settings(flags, &end, argc, argv, &err);
    if (!ok && end.fd >= 0)
        private_end_tell_error(&end, err.message);
    return ok ? 0 : report(err.message);
}

int serve_command(int argc, char **argv)
{
    struct serve_flags flags = { .config = "", .port_file = "", .private_fd = -1 };
    const struct option_row rows[] = {
        { "config", 0, OPTION_TEXT, &flags.config, 0, 0, "FILE", "Read this file of settings" },
        { "port-file", 0, OPTION_TEXT, &flags.port_file, 0, 0, "FILE",
          "Write the port there, once it is listened on" },
        { "private-fd", 0, OPTION_I32, &flags.private_fd, 0, 1 << 20, "N",
          "Serve who gets port and key by file N; end when that is closed" },
    };
    struct error err = { 0 };
    struct text help;
    int status;
    text_init(&help, 1 << 16);
    if (!setting_flags_take(&flags.settings, &argc, argv, &err))
        return report_usage(argv[0], err.message);
    if (!text_append_string(&help, about) || !setting_flags_help(&help))
        return report("out of memory");
    const struct usage usage = {
        "serve [MODEL|FILE|DIR...]", help.data, rows, COUNT_OF(rows), 0, -1
    };
    if (command_begin(&usage, &argc, argv, &status))
        status = serve_anyone(&flags, argc, argv);
    text_release(&help);
    return status;
}
