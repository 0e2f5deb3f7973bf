#include "cli/prompt/think_option.h"

enum { WORD_LIMIT_BYTES = 100 };

/* The word as a request would hold it: true, false or a string. */
static bool write_value(struct text *out, const char *word)
{
    bool is_plain = strcmp(word, "true") == 0 || strcmp(word, "false") == 0;
    return is_plain ? text_append_string(out, word) : json_write_string(out, slice_of(word));
}

bool think_option_read(struct think_choice *out, const char *word, struct error *err)
{
    struct text text;
    const struct json *value = NULL;
    if (!word)
        return think_read(out, NULL, err);
    text_init(&text, WORD_LIMIT_BYTES);
    bool ok = write_value(&text, word) ||
              fail(err, ERROR_USAGE, "--think is true, false, low, medium, high or max");
    ok = ok && json_open(&value, text.data, text.length, "--think", err) &&
         think_read(out, value, err);
    json_close(&value);
    text_release(&text);
    return ok;
}
