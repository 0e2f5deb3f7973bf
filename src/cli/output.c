#include "cli/output.h"

#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int write_errno; /* why standard output failed first */

void output_init(void)
{
    /* Opened for reading: writing to a stream that was closed must fail and not vanish. */
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDONLY) < 0)
            exit(1);
}

/* Length of the character at `p` when a terminal may see it, 0 when it is a control character or
 * not UTF-8. */
static size_t shown_length(const uint8_t *p, size_t left, bool line_breaks)
{
    size_t n = utf8_length(p, left);
    if (n == 0)
        return 0;
    uint32_t c = utf8_decode(p, n);
    if (c == '\n' || c == '\t')
        return line_breaks ? n : 0;
    bool is_control = c < 0x20 || (c >= 0x7f && c < 0xa0);
    bool turns_text = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    return is_control || turns_text ? 0 : n;
}

static void write_shown(FILE *stream, const char *bytes, size_t length, bool line_breaks)
{
    const uint8_t *p = (const uint8_t *)bytes;
    for (size_t i = 0; i < length;) {
        size_t n = shown_length(p + i, length - i, line_breaks);
        if (n)
            fwrite(p + i, 1, n, stream);
        else
            fputc('?', stream);
        i += n ? n : 1;
    }
}

int report(const char *message)
{
    progress_clear();
    fflush(stdout);
    fputs("Error: ", stderr);
    write_shown(stderr, message, strlen(message), false);
    fputc('\n', stderr);
    return 1;
}

int report_usage(const char *command, const char *message)
{
    report(message);
    fprintf(stderr, "See 'hearth %s%s--help'.\n", command, *command ? " " : "");
    return 2;
}

static bool flush(void)
{
    if (fflush(stdout) != 0 && !write_errno)
        write_errno = errno;
    return write_errno == 0;
}

bool output_answer(const char *bytes, size_t length)
{
    if (isatty(STDOUT_FILENO))
        write_shown(stdout, bytes, length, true);
    else
        fwrite(bytes, 1, length, stdout);
    return flush();
}

void output_line(struct slice text)
{
    write_shown(stdout, text.data, text.length, false);
}

int output_finish(int status)
{
    flush();
    if (!write_errno && ferror(stdout))
        write_errno = EIO;
    if (!write_errno)
        return status;
    if (write_errno != EPIPE) {
        char message[200];
        snprintf(message, sizeof message, "cannot write to standard output: %s",
                 strerror(write_errno));
        report(message);
    }
    return status ? status : 1;
}

bool progress_wanted(void)
{
    return isatty(STDERR_FILENO);
}

static bool progress_shown;

void progress(const char *format, ...)
{
    if (!progress_wanted())
        return;
    va_list arguments;
    va_start(arguments, format);
    fputs("\r\033[K", stderr);
    vfprintf(stderr, format, arguments);
    fflush(stderr);
    va_end(arguments);
    progress_shown = true;
}

void progress_clear(void)
{
    if (progress_shown)
        fputs("\r\033[K", stderr);
    progress_shown = false;
}

const char *human_number(char *out, uint64_t value)
{
    bool whole = value % 1000000 == 0;
    if (value >= 1000000000)
        snprintf(out, 32, value % 1000000000 ? "%.1fB" : "%.0fB", (double)value / 1e9);
    else if (value >= 1000000)
        snprintf(out, 32, whole ? "%.0fM" : "%.2fM", (double)value / 1e6);
    else if (value >= 1000)
        snprintf(out, 32, "%.0fK", (double)value / 1e3);
    else
        snprintf(out, 32, "%u", (unsigned)value);
    return out;
}

const char *human_duration(char *out, uint64_t ns)
{
    if (ns < 1000000)
        snprintf(out, 64, "%.3fµs", (double)ns / 1e3);
    else if (ns < 1000000000)
        snprintf(out, 64, "%.3fms", (double)ns / 1e6);
    else if (ns < 60000000000)
        snprintf(out, 64, "%.3fs", (double)ns / 1e9);
    else
        snprintf(out, 64, "%" PRIu64 "m%.3fs", ns / 60000000000, (double)(ns % 60000000000) / 1e9);
    return out;
}
