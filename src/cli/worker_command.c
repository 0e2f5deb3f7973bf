#include "cli/commands.h"
#include "cli/output.h"
#include "worker/worker.h"

static const char about[] =
    "The process around one model, as `hearth serve` starts it; not for people. N is a socket\n"
    "that is connected to the server (docs/worker.md).\n";

int worker_command(int argc, char **argv)
{
    uint32_t fd = 0;
    const struct option_row rows[] = {
        { "fd", 0, OPTION_U32, &fd, 3, 1 << 20, "N", "The number of the socket" },
    };
    const struct usage usage = { "worker --fd N", about, rows, COUNT_OF(rows), 0, 0 };
    int status;
    if (!command_begin(&usage, &argc, argv, &status))
        return status;
    if (fd == 0)
        return report_usage(argv[0], "hearth worker: --fd is missing");
    return worker_run((int)fd);
}
