#include "cli/human_text.h"

#include <stdio.h>
#include <time.h>

const char *human_size(char out[HUMAN_TEXT_BYTES], uint64_t bytes)
{
    static const char *const units[] = { "KB", "MB", "GB", "TB" };
    if (bytes < 1000) {
        snprintf(out, HUMAN_TEXT_BYTES, "%u B", (unsigned)bytes);
        return out;
    }
    uint64_t unit = 1000;
    size_t i = 0;
    for (; i + 1 < COUNT_OF(units) && bytes / 1000 >= unit; i++)
        unit *= 1000;
    bool is_whole = bytes / unit >= 10 || bytes % unit == 0;
    if (is_whole)
        snprintf(out, HUMAN_TEXT_BYTES, "%u %s", (unsigned)(bytes / unit), units[i]);
    else
        snprintf(out, HUMAN_TEXT_BYTES, "%.1f %s", (double)bytes / (double)unit, units[i]);
    return out;
}

const char *human_span(char out[HUMAN_TEXT_BYTES], double seconds)
{
    /* up to which length a unit counts */
    static const struct {
        double below, unit;
        const char *name;
    } rows[] = {
        { 60, 1, "second" },        { 3600, 60, "minute" },      { 172800, 3600, "hour" },
        { 1209600, 86400, "day" },  { 5184000, 604800, "week" }, { 63072000, 2592000, "month" },
        { 1e18, 31536000, "year" },
    };
    if (seconds < 1)
        return "Less than a second";
    size_t i = 0;
    while (i + 1 < COUNT_OF(rows) && seconds >= rows[i].below)
        i++;
    long long n = (long long)(seconds / rows[i].unit);
    if (n == 1 && i == 1)
        return "About a minute";
    if (n == 1 && i == 2)
        return "About an hour";
    snprintf(out, HUMAN_TEXT_BYTES, "%lld %s%s", n, rows[i].name, n == 1 ? "" : "s");
    return out;
}

/* "Z" or "+01:00" as seconds east of Greenwich. */
static bool read_zone(const char *text, int *seconds)
{
    int hours, minutes, end = 0;
    *seconds = 0;
    if (strcmp(text, "Z") == 0)
        return true;
    if (sscanf(text, "%3d:%2d%n", &hours, &minutes, &end) != 2 || text[end] || !strchr("+-", *text))
        return false;
    *seconds = (*text == '-' ? -1 : 1) * ((hours < 0 ? -hours : hours) * 3600 + minutes * 60);
    return true;
}

bool moment_read(struct slice text, double *seconds)
{
    char copy[64];
    struct tm utc = { 0 };
    double second;
    int end = 0, zone;
    if (text.length >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
    if (sscanf(copy, "%4d-%2d-%2dT%2d:%2d:%lf%n", &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
               &utc.tm_hour, &utc.tm_min, &second, &end) != 6 ||
        !read_zone(copy + end, &zone))
        return false;
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    *seconds = (double)timegm(&utc) + second - zone;
    return true;
}
