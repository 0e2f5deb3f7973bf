#include "server/machine_memory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char cgroup_root[] = "/sys/fs/cgroup";

static bool read_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "re");
    bool ok = file && fgets(line, size, file);
    if (file)
        fclose(file);
    return ok;
}

/* "max" or a number. */
static uint64_t read_limit(const char *path)
{
    char line[64];
    char *end;
    if (!read_line(path, line, sizeof line))
        return UINT64_MAX;
    unsigned long long value = strtoull(line, &end, 10);
    return end == line || value == 0 ? UINT64_MAX : value;
}

uint64_t cgroup_memory_limit(const char *root, const char *folder)
{
    uint64_t least = UINT64_MAX;
    char below[PATH_MAX], path[2 * PATH_MAX];
    snprintf(below, sizeof below, "%s", folder);
    for (;;) {
        snprintf(path, sizeof path, "%s%s/memory.max", root, below);
        uint64_t limit = read_limit(path);
        least = limit < least ? limit : least;
        char *slash = strrchr(below, '/');
        if (!slash)
            return least;
        *slash = '\0';
    }
}

/* The folder of this process below the root; "" where it cannot be told. */
static void own_cgroup(char folder[PATH_MAX])
{
    char line[PATH_MAX];
    folder[0] = '\0';
    if (read_line("/proc/self/cgroup", line, sizeof line) && strncmp(line, "0::", 3) == 0) {
        line[strcspn(line, "\n")] = '\0';
        strcpy(folder, line + 3);
    }
}

uint64_t machine_memory_bytes(void)
{
    char folder[PATH_MAX];
    own_cgroup(folder);
    uint64_t limit = cgroup_memory_limit(cgroup_root, folder);
    /* the one file of version 1 that containers see */
    uint64_t old_limit = read_limit("/sys/fs/cgroup/memory/memory.limit_in_bytes");
    limit = old_limit < limit ? old_limit : limit;
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    uint64_t machine = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : UINT64_MAX;
    return limit < machine ? limit : machine;
}
