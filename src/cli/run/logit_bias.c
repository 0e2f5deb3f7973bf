#include "cli/run/logit_bias.h"

#include "base/json_members.h"
#include "cli/client/server_link.h"

#include <math.h>
#include <stdlib.h>

enum { MOST = 100, MOST_DIGITS = 18, QUESTION_BYTES = 1 << 20 };

static bool read_bias(float *out, const char *digits, const char *given, struct error *err)
{
    char *end = NULL;
    *out = strtof(digits, &end);
    if (end == digits || *end || !(fabsf(*out) <= MOST))
        return fail(err, ERROR_USAGE, "--logit-bias '%s' does not end in =BIAS, from %d to %d",
                    printable(slice_of(given)), -MOST, MOST);
    return true;
}

static bool is_number(struct slice text)
{
    size_t n = 0;
    while (n < text.length && text.data[n] >= '0' && text.data[n] <= '9')
        n++;
    return n && n == text.length;
}

/* What is no token of the model is told by the server. */
static bool read_id(int64_t *out, struct slice digits, struct error *err)
{
    *out = digits.length <= MOST_DIGITS ? strtoll(digits.data, NULL, 10) : -1;
    return *out >= 0 ||
           fail(err, ERROR_USAGE, "--logit-bias: there is no token %s", printable(digits));
}

static bool write_question(struct text *out, struct slice text, const struct model_server *server)
{
    return text_append_byte(out, '{') &&
           write_text_member(out, "model", text_slice(&server->model)) &&
           write_text_member(out, "content", text) && text_append_byte(out, '}');
}

/* The one token that a text is, however it is put together. */
static bool read_text(int64_t *out, struct slice text, const struct model_server *server,
                      struct error *err)
{
    const struct json *answer = NULL;
    struct text question;
    text_init(&question, QUESTION_BYTES);
    bool ok = (write_question(&question, text, server) ||
               fail(err, ERROR_USAGE, "--logit-bias: the text is over %d bytes", QUESTION_BYTES)) &&
              server_ask(server->client, "/tokenize", text_slice(&question), &answer, err);
    const struct json *tokens = json_get(answer, "tokens");
    if (ok && json_size(tokens) != 1)
        ok = fail(err, ERROR_USAGE, "--logit-bias: '%s' is %zu tokens, not one", printable(text),
                  json_size(tokens));
    *out = json_int(json_at(tokens, 0), -1);
    json_close(&answer);
    text_release(&question);
    return ok;
}

bool logit_bias_read(struct logit_bias *out, const char *given, const struct model_server *server,
                     struct error *err)
{
    const char *equals = strrchr(given, '='); /* the text may hold some, too */
    if (!equals)
        return fail(err, ERROR_USAGE, "--logit-bias wants ID=BIAS or TEXT=BIAS, not '%s'",
                    printable(slice_of(given)));
    if (!read_bias(&out->bias, equals + 1, given, err))
        return false;
    struct slice token = { given, (size_t)(equals - given) };
    return is_number(token) ? read_id(&out->token, token, err)
                            : read_text(&out->token, token, server, err);
}
