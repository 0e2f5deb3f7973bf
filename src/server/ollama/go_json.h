/* go_json.h: JSON as Go's encoder spells it, byte for byte, because clients compare bytes.
 *
 * Owns the escapes (<, >, & and U+2028/9 as \u003c ..., what is no UTF-8 as U+FFFD), the digits of
 * reals, the times, the commas. Leaves to callers which members there are. One thread a writer. */
#ifndef GO_JSON_H
#define GO_JSON_H

#include "base/json.h"
#include "base/text.h"

/* Appends to `out`; `ok` becomes false when memory or the limit is used up, and stays so. */
struct go_json {
    struct text *out;
    bool ok;
};
struct go_json go_json_init(struct text *out);

/* Each writes one value; `name` is NULL inside of arrays and at the top. */
void go_json_open(struct go_json *w, const char *name, char bracket); /* '{' or '[' */
void go_json_close(struct go_json *w, char bracket);                  /* '}' or ']' */
void go_json_text(struct go_json *w, const char *name, struct slice value);
void go_json_string(struct go_json *w, const char *name, const char *value);
void go_json_flag(struct go_json *w, const char *name, bool value);
void go_json_whole(struct go_json *w, const char *name, int64_t value);
void go_json_real(struct go_json *w, const char *name, double value);  /* float64 */
void go_json_float(struct go_json *w, const char *name, double value); /* float32 */
void go_json_value(struct go_json *w, const char *name, const struct json *value);
void go_json_null(struct go_json *w, const char *name);
void go_json_raw(struct go_json *w, const char *name, struct slice json); /* as it is */

/* RFC 3339 with up to nine digits of a second, trailing zeros cut off: in UTC ("Z"), or in this
 * machine's zone. `ns` since 1970. */
void go_json_time(struct go_json *w, const char *name, int64_t ns);
void go_json_local_time(struct go_json *w, const char *name, int64_t ns);

/* What Go leaves out when it is nothing (omitempty). */
void go_json_text_if_any(struct go_json *w, const char *name, struct slice value);
void go_json_whole_if_any(struct go_json *w, const char *name, int64_t value);

/* Now, in nanoseconds since 1970. */
int64_t wall_clock_ns(void);

#endif
