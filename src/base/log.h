/* log.h: what a server tells its operator, a line an event.
 *
 * Owns the one log of the process: where it goes (standard error or a file), its form (text or
 * JSON), its level. A log that cannot be written (disk full, nobody reads the pipe) loses lines,
 * counts them and says so when it can again; it never stops anybody. Any thread. Prompts and
 * answers do not belong here unless the operator asked for them. */
#ifndef LOG_H
#define LOG_H

#include "base/base.h"
#include "base/error.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

struct log_options {
    enum log_level level;
    bool is_json;
    const char *path; /* NULL or "": standard error; opened anew by log_reopen */
};

/* Before it lines go to standard error as text, down to LOG_INFO. From then on SIGPIPE and SIGXFSZ
 * are ignored, with which a log that cannot be written would end the process. */
bool log_open(const struct log_options *options, struct error *err) MUST_CHECK;
void log_close(void); /* back to standard error */

/* After the file was moved away. When it cannot be opened, the old one stays. */
bool log_reopen(struct error *err) MUST_CHECK;

/* "error", "warning", "info" or "debug", in letters of any case. */
bool log_level_read(const char *name, enum log_level *level);
bool log_is_on(enum log_level level);

/* One named value of a line. */
struct log_value {
    const char *name;
    enum { LOG_TEXT, LOG_NUMBER, LOG_REAL } kind;
    struct slice text;
    int64_t number;
    double real;
};
#define LOG_S(name, string)                    \
    {                                          \
        name, LOG_TEXT, slice_of(string), 0, 0 \
    }
#define LOG_T(name, slice)          \
    {                               \
        name, LOG_TEXT, slice, 0, 0 \
    }
#define LOG_N(name, value)                                 \
    {                                                      \
        name, LOG_NUMBER, { NULL, 0 }, (int64_t)(value), 0 \
    }
#define LOG_F(name, value)                    \
    {                                         \
        name, LOG_REAL, { NULL, 0 }, 0, value \
    }

/* One line, in one write(2). Values that do not fit into 64 KB are left out and `cut` says so. */
void log_event(enum log_level level, const char *message, const struct log_value *values,
               size_t n_values);
#define LOG(level, message, ...)                                         \
    log_event(level, message, (const struct log_value[]){ __VA_ARGS__ }, \
              sizeof((const struct log_value[]){ __VA_ARGS__ }) / sizeof(struct log_value))

/* Since the process began. */
uint64_t log_lost_lines(void);

#endif
