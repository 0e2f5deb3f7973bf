#include "cli/input_file.h"

#include <errno.h>
#include <stdio.h>

bool input_file_read(struct text *out, const char *path, size_t limit_bytes, struct error *err)
{
    text_init(out, limit_bytes);
    bool is_standard = strcmp(path, "-") == 0;
    FILE *file = is_standard ? stdin : fopen(path, "rb");
    if (!file)
        return fail(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, "%s: %s", path,
                    strerror(errno));
    char buffer[16384];
    bool fits = true;
    errno = 0;
    for (size_t n; fits && (n = fread(buffer, 1, sizeof buffer, file)) > 0;)
        fits = text_append(out, buffer, n);
    bool is_read = !ferror(file);
    int reason = errno;
    if (!is_standard)
        fclose(file);
    if (!is_read)
        return fail(err, ERROR_IO, "%s: %s", path, strerror(reason));
    return fits || fail(err, ERROR_BUDGET, "%s: over %zu bytes", path, limit_bytes);
}
