#include "server/residency/memory_limit.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATH_BYTES = 4096 + 100 };

/* The number in a file; UINT64_MAX where there is none ("max", no such file). */
static uint64_t read_limit(const char *path)
{
    uint64_t number = UINT64_MAX;
    FILE *file = fopen(path, "re");
    if (!file)
        return UINT64_MAX;
    if (fscanf(file, "%" SCNu64, &number) != 1 || number == 0)
        number = UINT64_MAX;
    fclose(file);
    return number;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t machine_bytes(const char *root)
{
    char path[PATH_BYTES], line[200];
    uint64_t kilobytes = 0;
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "MemTotal: %" SCNu64, &kilobytes) == 1)
            break;
    if (file)
        fclose(file);
    return kilobytes ? kilobytes * 1024 : UINT64_MAX;
}

/* The smallest limit of a group and those around it. */
static uint64_t group_bytes(const char *root, const char *hierarchy, char *group, const char *name)
{
    uint64_t least = UINT64_MAX;
    for (;;) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s/sys/fs/cgroup%s%s/%s", root, hierarchy, group, name);
        least = smaller(least, read_limit(path));
        char *slash = strrchr(group, '/');
        if (!slash)
            return least;
        *slash = '\0';
    }
}

/* A line of /proc/self/cgroup: "0::/system.slice/x" or "4:memory:/x". */
static uint64_t line_bytes(const char *root, char *line)
{
    char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : 0;
    if (!group)
        return UINT64_MAX;
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    if (strcmp(controllers, ":") == 0)
        return group_bytes(root, "", group, "memory.max");
    if (strstr(controllers, "memory"))
        return group_bytes(root, "/memory", group, "memory.limit_in_bytes");
    return UINT64_MAX;
}

uint64_t memory_limit_below(const char *root)
{
    char path[PATH_BYTES], line[4096];
    uint64_t least = machine_bytes(root);
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        least = smaller(least, line_bytes(root, line));
    if (file)
        fclose(file);
    return least == UINT64_MAX ? 0 : least;
}

uint64_t memory_limit_bytes(void)
{
    return memory_limit_below("");
}
