/* log.h: what a server tells its operator, a line an event.
 *
 * Owns the one log of the process: where it goes (standard error or a file), its form (text or
 * JSON), its level. A log that cannot be written (disk full) loses lines, counts them and says so
 * when it can again; it never stops anybody. Any thread. Prompts and answers do not belong here. */
#ifndef LOG_H
#define LOG_H

#include "base/base.h"
#include "base/error.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

struct log_options {
    enum log_level level;
    bool is_json;
    const char *path; /* NULL: standard error; opened anew by log_reopen */
};
bool log_open(const struct log_options *options, struct error *err) MUST_CHECK;
void log_close(void);
bool log_reopen(struct error *err) MUST_CHECK;
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
#define LOG_N(name, value)                                 \
    {                                                      \
        name, LOG_NUMBER, { NULL, 0 }, (int64_t)(value), 0 \
    }
#define LOG_F(name, value)                    \
    {                                         \
        name, LOG_REAL, { NULL, 0 }, 0, value \
    }

void log_event(enum log_level level, const char *message, const struct log_value *values,
               size_t n_values);
#define LOG(level, message, ...)                                         \
    log_event(level, message, (const struct log_value[]){ __VA_ARGS__ }, \
              sizeof((const struct log_value[]){ __VA_ARGS__ }) / sizeof(struct log_value))

uint64_t log_lost_lines(void);

#endif
