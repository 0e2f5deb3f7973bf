#include "base/log.h"

#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST_LINE_BYTES = 64 << 10,
    CUT_BYTES = 32, /* kept free for the mark of a line that was cut */
};

static const char *const level_names[] = { "error", "warning", "info", "debug" };

static struct {
    pthread_mutex_t lock;
    int fd;              /* guarded by lock */
    char path[PATH_MAX]; /* guarded by lock; "": standard error */
    bool is_torn;        /* guarded by lock: the last line stands there without its end */
    uint64_t n_untold;   /* guarded by lock: lost since somebody was told */
    atomic_bool is_json;
    atomic_int level;
    atomic_uint_fast64_t n_lost;
} the_log = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = STDERR_FILENO, .level = LOG_INFO };

bool log_level_read(const char *name, enum log_level *level)
{
    for (size_t i = 0; i < COUNT_OF(level_names); i++)
        if (strcasecmp(name, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    return false;
}

/* ---- where it goes ---- */

/* Nonblocking, so that a pipe without reader is an error and no wait. */
static bool open_file(int *fd, const char *path, struct error *err)
{
    *fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    if (*fd < 0)
        return fail(err, ERROR_IO, "cannot write the log to '%s': %s", path, strerror(errno));
    return true;
}

/* Under the lock. */
static void replace_fd(int fd)
{
    if (the_log.fd != STDERR_FILENO)
        close(the_log.fd);
    the_log.fd = fd;
    the_log.is_torn = false;
}

bool log_open(const struct log_options *options, struct error *err)
{
    const char *path = options->path ? options->path : "";
    if (strlen(path) >= sizeof the_log.path)
        return fail(err, ERROR_USAGE, "the log's path has %zu bytes, at most %zu are possible",
                    strlen(path), sizeof the_log.path - 1);
    int fd = STDERR_FILENO;
    if (*path && !open_file(&fd, path, err))
        return false;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    pthread_mutex_lock(&the_log.lock);
    replace_fd(fd);
    strcpy(the_log.path, path);
    pthread_mutex_unlock(&the_log.lock);
    atomic_store(&the_log.is_json, options->is_json);
    atomic_store(&the_log.level, (int)options->level);
    return true;
}

void log_close(void)
{
    pthread_mutex_lock(&the_log.lock);
    replace_fd(STDERR_FILENO);
    the_log.path[0] = '\0';
    pthread_mutex_unlock(&the_log.lock);
}

bool log_reopen(struct error *err)
{
    pthread_mutex_lock(&the_log.lock);
    int fd;
    bool ok = !the_log.path[0] || open_file(&fd, the_log.path, err);
    if (ok && the_log.path[0])
        replace_fd(fd);
    pthread_mutex_unlock(&the_log.lock);
    return ok;
}

bool log_is_on(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&the_log.level, memory_order_relaxed);
}

uint64_t log_lost_lines(void)
{
    return atomic_load(&the_log.n_lost);
}

/* ---- what a line looks like ---- */

static bool append_time(struct text *line)
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    return text_printf(line, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ", utc.tm_year + 1900,
                       utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                       now.tv_nsec / 1000000);
}

/* What a terminal would obey, or what turns the direction of the text that follows. */
static bool is_dangerous(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

static bool append_quoted(struct text *line, struct slice value)
{
    const uint8_t *p = (const uint8_t *)value.data;
    bool ok = text_append_byte(line, '"');
    for (size_t i = 0; ok && i < value.length;) {
        size_t n = utf8_length(p + i, value.length - i);
        if (n == 0)
            ok = text_printf(line, "\\x%02x", p[i]);
        else if (p[i] == '"' || p[i] == '\\')
            ok = text_printf(line, "\\%c", p[i]);
        else if (p[i] == '\n')
            ok = text_append_string(line, "\\n");
        else if (is_dangerous(utf8_decode(p + i, n)))
            ok = text_printf(line, "\\u%04x", utf8_decode(p + i, n));
        else
            ok = text_append(line, p + i, n);
        i += n ? n : 1;
    }
    return ok && text_append_byte(line, '"');
}

/* A word without quotes ends where it seems to end. */
static bool is_plain_word(struct slice value)
{
    for (size_t i = 0; i < value.length; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')
            return false;
    }
    return value.length > 0;
}

static bool append_text_value(struct text *line, const struct log_value *value)
{
    if (!text_printf(line, " %s=", value->name))
        return false;
    if (value->kind == LOG_NUMBER)
        return text_printf(line, "%" PRId64, value->number);
    if (value->kind == LOG_REAL)
        return text_printf(line, "%.6g", value->real);
    return is_plain_word(value->text) ? text_append_slice(line, value->text)
                                      : append_quoted(line, value->text);
}

static bool append_json_value(struct text *line, const struct log_value *value)
{
    if (!text_printf(line, ",\"%s\":", value->name))
        return false;
    if (value->kind == LOG_NUMBER)
        return text_printf(line, "%" PRId64, value->number);
    if (value->kind == LOG_REAL)
        return isfinite(value->real) ? text_printf(line, "%.6g", value->real)
                                     : text_append_string(line, "null");
    return json_write_string(line, value->text);
}

static bool append_head(struct text *line, enum log_level level, const char *message, bool is_json)
{
    if (!is_json)
        return append_time(line) && text_printf(line, " %-7s %s", level_names[level], message);
    return text_append_string(line, "{\"time\":\"") && append_time(line) &&
           text_printf(line, "\",\"level\":\"%s\",\"message\":", level_names[level]) &&
           json_write_string(line, slice_of(message));
}

/* The values that there is room for; false when there is not even room for the rest. */
static bool append_line(struct text *line, enum log_level level, const char *message,
                        const struct log_value *values, size_t n_values)
{
    bool is_json = atomic_load(&the_log.is_json), is_whole = true;
    line->limit = MOST_LINE_BYTES - CUT_BYTES;
    if (!append_head(line, level, message, is_json))
        return false;
    for (size_t i = 0; i < n_values; i++) {
        size_t before = line->length;
        if (is_json ? append_json_value(line, &values[i]) : append_text_value(line, &values[i]))
            continue;
        text_truncate(line, before);
        is_whole = false;
    }
    line->limit = MOST_LINE_BYTES;
    return (is_whole || text_append_string(line, is_json ? ",\"cut\":true" : " cut=true")) &&
           text_append_string(line, is_json ? "}\n" : "\n");
}

/* ---- writing; all of it under the lock ---- */

/* Whether a line can be written without waiting for a reader. A pipe that says yes takes 4 KB; a
 * longer line may wait. */
static bool takes_more(void)
{
    struct pollfd output = { .fd = the_log.fd, .events = POLLOUT };
    return poll(&output, 1, 0) == 1 && output.revents & POLLOUT;
}

static bool write_all(const char *bytes, size_t length)
{
    size_t n_written = 0;
    while (n_written < length && takes_more()) {
        ssize_t n = write(the_log.fd, bytes + n_written, length - n_written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        n_written += (size_t)n;
    }
    if (n_written > 0)
        the_log.is_torn = n_written < length;
    return n_written == length;
}

static bool write_line(const struct text *line)
{
    return (!the_log.is_torn || write_all("\n", 1)) && write_all(line->data, line->length);
}

static void count_lost(void)
{
    the_log.n_untold++;
    atomic_fetch_add(&the_log.n_lost, 1);
}

static bool tell_lost(void)
{
    struct text line;
    text_init(&line, MOST_LINE_BYTES);
    const struct log_value count = LOG_N("lines", the_log.n_untold);
    bool ok = append_line(&line, LOG_WARNING, "lines of this log were lost", &count, 1) &&
              write_line(&line);
    text_release(&line);
    if (ok)
        the_log.n_untold = 0;
    return ok;
}

void log_event(enum log_level level, const char *message, const struct log_value *values,
               size_t n_values)
{
    if (!log_is_on(level))
        return;
    struct text line;
    text_init(&line, MOST_LINE_BYTES);
    bool is_made = append_line(&line, level, message, values, n_values);
    pthread_mutex_lock(&the_log.lock);
    bool is_written = is_made && (the_log.n_untold == 0 || tell_lost()) && write_line(&line);
    if (!is_written)
        count_lost();
    pthread_mutex_unlock(&the_log.lock);
    text_release(&line);
}
