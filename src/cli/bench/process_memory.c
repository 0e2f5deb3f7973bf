#include "cli/bench/process_memory.h"

#include "base/memory.h"

#include <stdio.h>

void process_memory_reset_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (!file)
        return;
    fputs("5", file); /* proc(5): only the high-water mark */
    fclose(file);
}

/* The number of a line like "VmHWM:     1234 kB". */
static uint64_t read_kilobytes(const char *path, const char *key)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    char line[256];
    uint64_t kilobytes = 0;
    size_t length = strlen(key);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, key, length) == 0 &&
            sscanf(line + length, ": %" SCNu64 " kB", &kilobytes) == 1)
            break;
    fclose(file);
    return kilobytes * 1024;
}

uint64_t process_memory_peak_bytes(void)
{
    uint64_t peak = read_kilobytes("/proc/self/status", "VmHWM");
    return peak ? peak : memory_peak_bytes();
}

uint64_t process_memory_anonymous_bytes(void)
{
    /* status counts in batches for each thread; smaps_rollup walks the pages */
    uint64_t exact = read_kilobytes("/proc/self/smaps_rollup", "Anonymous");
    return exact ? exact : read_kilobytes("/proc/self/status", "RssAnon");
}
