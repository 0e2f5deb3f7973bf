#include "server/config/config_file.h"

#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct line {
    struct slice left; /* not read yet */
    const char *what;
    size_t number;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct slice *text)
{
    while (text->length > 0 && is_blank(text->data[0]))
        text->data++, text->length--;
}

static bool is_over(struct slice text)
{
    return text.length == 0 || text.data[0] == '#';
}

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool read_name(struct line *line, struct text *name, struct error *err)
{
    text_clear(name);
    for (; line->left.length > 0 && is_name_character(line->left.data[0]);
         line->left.data++, line->left.length--)
        if (!text_append_byte(name, line->left.data[0] == '-' ? '_' : line->left.data[0]))
            return fail(err, ERROR_FORMAT, "%s:%zu: a name longer than %zu letters", line->what,
                        line->number, name->limit);
    skip_blanks(&line->left);
    if (name->length == 0 || line->left.length == 0 || line->left.data[0] != '=')
        return fail(err, ERROR_FORMAT, "%s:%zu: '%s': a line is 'name = value' or '# a comment'",
                    line->what, line->number, printable(line->left));
    line->left.data++, line->left.length--;
    skip_blanks(&line->left);
    return true;
}

/* Up to the closing quote, which ends the value. */
static bool read_quoted(struct line *line, struct text *value, struct error *err)
{
    char quote = line->left.data[0];
    const char *p = line->left.data + 1, *end = line->left.data + line->left.length;
    for (; p < end && *p != quote; p++) {
        bool is_escape = quote == '"' && *p == '\\';
        if (is_escape && (p + 1 == end || (p[1] != '"' && p[1] != '\\')))
            return fail(err, ERROR_FORMAT, "%s:%zu: behind a backslash stands \" or \\", line->what,
                        line->number);
        p += is_escape;
        if (!text_append_byte(value, *p))
            return fail_memory(err, value->length, "a setting");
    }
    if (p == end)
        return fail(err, ERROR_FORMAT, "%s:%zu: the quote %c has no end", line->what, line->number,
                    quote);
    line->left = (struct slice){ p + 1, (size_t)(end - p - 1) };
    skip_blanks(&line->left);
    if (!is_over(line->left))
        return fail(err, ERROR_FORMAT, "%s:%zu: '%s' stands behind the closing quote", line->what,
                    line->number, printable(line->left));
    return true;
}

/* Up to a comment that stands behind a blank. */
static bool read_bare(struct line *line, struct text *value, struct error *err)
{
    struct slice left = line->left;
    size_t n = 0;
    while (n < left.length && !(left.data[n] == '#' && (n == 0 || is_blank(left.data[n - 1]))))
        n++;
    while (n > 0 && is_blank(left.data[n - 1]))
        n--;
    return text_append(value, left.data, n) || fail_memory(err, n, "a setting");
}

static bool read_line(struct line *line, struct text *name, struct text *value, config_line *handle,
                      void *context, struct error *err)
{
    skip_blanks(&line->left);
    if (is_over(line->left))
        return true;
    if (!read_name(line, name, err))
        return false;
    text_clear(value);
    bool is_quoted =
        line->left.length > 0 && (line->left.data[0] == '"' || line->left.data[0] == '\'');
    if (!(is_quoted ? read_quoted(line, value, err) : read_bare(line, value, err)))
        return false;
    return handle(context, text_slice(name), text_slice(value), line->number, err);
}

bool config_text_read(struct slice bytes, const char *what, config_line *handle, void *context,
                      struct error *err)
{
    if (bytes.length > CONFIG_FILE_MOST_BYTES)
        return fail(err, ERROR_FORMAT, "'%s' has %zu bytes, a file of settings at most %d", what,
                    bytes.length, CONFIG_FILE_MOST_BYTES);
    if (bytes.length > 0 && (memchr(bytes.data, '\0', bytes.length) ||
                             !utf8_valid((const uint8_t *)bytes.data, bytes.length)))
        return fail(err, ERROR_FORMAT, "'%s' is no text in UTF-8", what);
    struct text name, value;
    text_init(&name, 64);
    text_init(&value, CONFIG_FILE_MOST_BYTES);
    bool ok = true;
    for (size_t number = 1; ok && bytes.length > 0; number++) {
        const char *end = memchr(bytes.data, '\n', bytes.length);
        size_t n = end ? (size_t)(end - bytes.data) : bytes.length;
        struct line line = { { bytes.data, n }, what, number };
        ok = read_line(&line, &name, &value, handle, context, err);
        n += end != NULL;
        bytes = (struct slice){ bytes.data + n, bytes.length - n };
    }
    text_release(&name);
    text_release(&value);
    return ok;
}

static bool read_all(int fd, const char *path, struct text *out, struct error *err)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return fail(err, ERROR_IO, "cannot read '%s': it is no file", path);
    char piece[4096];
    ssize_t n;
    while ((n = read(fd, piece, sizeof piece)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(err, ERROR_IO, "cannot read '%s': %s", path, strerror(errno));
        if (!text_append(out, piece, (size_t)n))
            return fail(err, ERROR_FORMAT, "'%s' has more than %d bytes", path,
                        CONFIG_FILE_MOST_BYTES);
    }
    return true;
}

bool config_file_load(const char *path, struct text *out, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fail(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, "cannot read '%s': %s", path,
                    strerror(errno));
    text_clear(out);
    out->limit = CONFIG_FILE_MOST_BYTES;
    bool ok = read_all(fd, path, out, err);
    close(fd);
    return ok;
}
