#include "chat/jinja/jinja_lexer.h"

#include "chat/jinja/jinja_unicode.h"

void jinja_lexer_init(struct jinja_lexer *lexer, struct slice source)
{
    *lexer = (struct jinja_lexer){ .source = source, .line = 1, .at_line_start = true };
}

const char *jinja_token_name(const struct jinja_token *token)
{
    static const char *const names[] = {
        [TOKEN_END] = "the end of the template",
        [TOKEN_TEXT] = "text",
        [TOKEN_PRINT_BEGIN] = "{{",
        [TOKEN_PRINT_END] = "}}",
        [TOKEN_STATEMENT_BEGIN] = "{%",
        [TOKEN_STATEMENT_END] = "%}",
    };
    return token->kind < COUNT_OF(names) ? names[token->kind] : printable(token->text);
}

static struct slice rest_of(const struct jinja_lexer *lexer)
{
    return (struct slice){ lexer->source.data + lexer->position,
                           lexer->source.length - lexer->position };
}

static bool begins_with(struct slice text, const char *prefix)
{
    size_t n = strlen(prefix);
    return text.length >= n && memcmp(text.data, prefix, n) == 0;
}

static struct slice after(struct slice text, size_t n)
{
    return (struct slice){ text.data + n, text.length - n };
}

static struct slice without_space(struct slice text)
{
    return jinja_strip(text, true, false);
}

/* Go on behind `rest`, the end of the source that is left. */
static void move_to(struct jinja_lexer *lexer, struct slice rest)
{
    lexer->position = lexer->source.length - rest.length;
    for (; lexer->line_position < lexer->position; lexer->line_position++)
        lexer->line += lexer->source.data[lexer->line_position] == '\n';
}

static void move_behind_tag(struct jinja_lexer *lexer, struct slice rest)
{
    move_to(lexer, rest);
    lexer->at_line_start = lexer->position > 0 && lexer->source.data[lexer->position - 1] == '\n';
}

/* Match `close` with an optional sign before it; -1 there takes the white space behind, +1 keeps
 * everything, neither takes one line end. False when it does not stand here. */
static bool match_close(struct slice text, const char *close, struct slice *rest)
{
    if (begins_with(text, "-") && begins_with(after(text, 1), close)) {
        *rest = without_space(after(text, 1 + strlen(close)));
        return true;
    }
    if (begins_with(text, "+") && begins_with(after(text, 1), close)) {
        *rest = after(text, 1 + strlen(close));
        return true;
    }
    if (!begins_with(text, close))
        return false;
    *rest = after(text, strlen(close));
    if (begins_with(*rest, "\n"))
        *rest = after(*rest, 1);
    return true;
}

/* Match a tag of one word, "raw" or "endraw", up to its close. */
static bool match_word_tag(struct slice text, const char *word, char *sign, struct slice *rest)
{
    if (!begins_with(text, "{%"))
        return false;
    text = after(text, 2);
    *sign = begins_with(text, "-") || begins_with(text, "+") ? text.data[0] : '\0';
    text = without_space(after(text, *sign != '\0'));
    if (!begins_with(text, word))
        return false;
    *rest = without_space(after(text, strlen(word)));
    return true;
}

static bool match_raw(struct slice text, char *sign, struct slice *rest)
{
    if (!match_word_tag(text, "raw", sign, rest))
        return false;
    if (begins_with(*rest, "-%}")) {
        *rest = without_space(after(*rest, 3));
        return true;
    }
    bool matches = begins_with(*rest, "%}"); /* keeps the line end behind */
    *rest = after(*rest, matches ? 2 : 0);
    return matches;
}

/* What is left of the text in front of a tag. */
static struct slice trim_text(const struct jinja_lexer *lexer, struct slice text, char sign,
                              bool is_print)
{
    if (sign == '-')
        return jinja_strip(text, false, true);
    if (sign == '+' || is_print)
        return text;
    const char *line_end = text.length ? memrchr(text.data, '\n', text.length) : NULL;
    size_t line = line_end ? (size_t)(line_end - text.data) + 1 : 0;
    bool at_start = line > 0 || lexer->at_line_start;
    if (at_start && jinja_strip(after(text, line), true, false).length == 0)
        text.length = line;
    return text;
}

static void set_token(const struct jinja_lexer *lexer, struct jinja_token *token,
                      enum jinja_token_kind kind, struct slice text)
{
    *token = (struct jinja_token){ kind, lexer->line, text };
}

static bool skip_comment(struct jinja_lexer *lexer, struct jinja_run *run)
{
    struct slice rest = rest_of(lexer);
    if (rest.length == 0)
        return true;
    const char *close = memmem(rest.data, rest.length, "#}", 2);
    if (!close)
        return jinja_fail(run, "a comment is not closed by #}");
    size_t at = (size_t)(close - rest.data);
    bool has_sign = at > 0 && (rest.data[at - 1] == '-' || rest.data[at - 1] == '+');
    if (match_close(after(rest, at - has_sign), "#}", &rest))
        move_behind_tag(lexer, rest);
    return true;
}

/* Text up to endraw, as it stands. */
static bool take_raw(struct jinja_lexer *lexer, struct jinja_run *run, struct jinja_token *out)
{
    struct slice rest = rest_of(lexer), end = { NULL, 0 };
    char sign = 0;
    set_token(lexer, out, TOKEN_TEXT, (struct slice){ rest.data, 0 });
    if (rest.length == 0)
        return true;
    size_t at = 0;
    for (; at < rest.length; at++)
        if (match_word_tag(after(rest, at), "endraw", &sign, &end) && match_close(end, "%}", &end))
            break;
    if (at == rest.length)
        return jinja_fail(run, "a raw block is not closed by endraw");
    out->text = trim_text(lexer, (struct slice){ rest.data, at }, sign, false);
    move_behind_tag(lexer, end);
    return true;
}

/* The first '{' that begins a tag; the length when there is none. */
static size_t find_tag(struct slice text)
{
    for (size_t i = 0; i + 1 < text.length; i++) {
        const char *brace = memchr(text.data + i, '{', text.length - 1 - i);
        if (!brace)
            break;
        i = (size_t)(brace - text.data);
        if (text.data[i + 1] == '{' || text.data[i + 1] == '%' || text.data[i + 1] == '#')
            return i;
    }
    return text.length;
}

/* Text up to the next tag, and that tag into `pending` (or behind it, for comments). */
static bool take_text(struct jinja_lexer *lexer, struct jinja_run *run, struct jinja_token *out)
{
    struct slice rest = rest_of(lexer), behind;
    size_t at = find_tag(rest);
    struct slice text = { rest.data, at };
    char sign = 0, kind = at < rest.length ? rest.data[at + 1] : '\0';
    set_token(lexer, out, TOKEN_TEXT, text);
    if (!kind) {
        move_to(lexer, after(rest, at));
        return true;
    }
    if (match_raw(after(rest, at), &sign, &behind)) {
        out->text = trim_text(lexer, text, sign, false);
        move_behind_tag(lexer, behind);
        return take_raw(lexer, run, &lexer->pending);
    }
    behind = after(rest, at + 2);
    sign = begins_with(behind, "-") || begins_with(behind, "+") ? behind.data[0] : '\0';
    out->text = trim_text(lexer, text, sign, kind == '{');
    move_to(lexer, after(behind, sign != '\0'));
    if (kind == '#')
        return skip_comment(lexer, run);
    bool is_print = kind == '{';
    lexer->mode = is_print ? IN_PRINT : IN_STATEMENT;
    set_token(lexer, &lexer->pending, is_print ? TOKEN_PRINT_BEGIN : TOKEN_STATEMENT_BEGIN,
              (struct slice){ rest.data + at, 2 });
    return true;
}

/* "}}" or "%}", unless a bracket is open. */
static bool match_end(struct jinja_lexer *lexer, struct jinja_token *out)
{
    struct slice text = rest_of(lexer), rest;
    bool is_print = lexer->mode == IN_PRINT;
    if (lexer->n_brackets > 0)
        return false;
    if (!is_print) {
        if (!match_close(text, "%}", &rest))
            return false;
    } else if (begins_with(text, "-}}")) {
        rest = without_space(after(text, 3));
    } else if (begins_with(text, "}}")) {
        rest = after(text, 2);
    } else {
        return false;
    }
    set_token(lexer, out, is_print ? TOKEN_PRINT_END : TOKEN_STATEMENT_END,
              (struct slice){ text.data, 2 });
    move_behind_tag(lexer, rest);
    lexer->mode = IN_TEXT;
    return true;
}

static bool is_digit_of(char c, unsigned base)
{
    if (base <= 10)
        return c >= '0' && c < (char)('0' + base);
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

/* Digits with single '_' between them; how many characters. */
static size_t match_digits(struct slice text, unsigned base)
{
    size_t n = 0;
    while (n < text.length) {
        bool joins = text.data[n] == '_' && n > 0 && n + 1 < text.length;
        if (!is_digit_of(text.data[n + joins], base))
            break;
        n += 1 + joins;
    }
    return n;
}

static size_t match_exponent(struct slice text)
{
    if (text.length == 0 || (text.data[0] | 32) != 'e')
        return 0;
    size_t sign = text.length > 1 && (text.data[1] == '+' || text.data[1] == '-');
    size_t digits = match_digits(after(text, 1 + sign), 10);
    return digits ? 1 + sign + digits : 0;
}

static size_t match_float(struct slice text)
{
    size_t n = match_digits(text, 10), fraction = 0;
    if (n == 0)
        return 0;
    if (n < text.length && text.data[n] == '.') {
        fraction = match_digits(after(text, n + 1), 10);
        n += fraction ? 1 + fraction : 0;
    }
    size_t exponent = match_exponent(after(text, n));
    return fraction || exponent ? n + exponent : 0;
}

static size_t match_integer(struct slice text)
{
    char prefix = text.length > 2 && text.data[0] == '0' ? (char)(text.data[1] | 32) : '\0';
    unsigned base = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 10;
    if (base != 10) {
        size_t joins = text.data[2] == '_';
        size_t n = match_digits(after(text, 2 + joins), base);
        return n ? 2 + joins + n : 1;
    }
    size_t n = match_digits(text, 10);
    if (text.data[0] != '0')
        return n;
    size_t zeros = match_digits(text, 1); /* a leading 0 stands alone */
    return zeros;
}

static size_t match_name(struct slice text)
{
    size_t n, i = 0;
    for (; i < text.length; i += n) {
        uint32_t c = jinja_point(text.data + i, text.length - i, &n);
        if (!jinja_is_word(c) && !(c >= 0x80 && i > 0 && jinja_is_printable(c) &&
                                   !jinja_is_space(c) && jinja_is_alpha(c)))
            break;
    }
    return i;
}

static size_t match_string(struct slice text)
{
    for (size_t i = 1; i < text.length; i++) {
        if (text.data[i] == '\\')
            i++;
        else if (text.data[i] == text.data[0])
            return i + 1;
    }
    return 0;
}

static size_t match_operator(struct slice text)
{
    static const char *const pairs[] = { "//", "**", "==", "!=", ">=", "<=" };
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        if (begins_with(text, pairs[i]))
            return 2;
    return text.data[0] && strchr("+-/*%~[](){}<>=.:|,;", text.data[0]) ? 1 : 0;
}

static bool follow_bracket(struct jinja_lexer *lexer, struct jinja_run *run, char c)
{
    static const char opening[] = "([{", closing[] = ")]}";
    const char *open = strchr(opening, c), *close = strchr(closing, c);
    if (open) {
        if (lexer->n_brackets == JINJA_MOST_BRACKETS)
            return jinja_fail(run, "more than %d brackets are open", JINJA_MOST_BRACKETS);
        lexer->brackets[lexer->n_brackets++] = closing[open - opening];
    } else if (close) {
        if (lexer->n_brackets == 0)
            return jinja_fail(run, "unexpected '%c'", c);
        if (lexer->brackets[--lexer->n_brackets] != c)
            return jinja_fail(run, "'%c' where '%c' should close", c,
                              lexer->brackets[lexer->n_brackets]);
    }
    return true;
}

static bool take_token(struct jinja_lexer *lexer, struct jinja_run *run, struct jinja_token *out)
{
    struct slice text = rest_of(lexer);
    char first = text.data[0];
    bool after_dot = lexer->position > 0 && text.data[-1] == '.';
    enum jinja_token_kind kind = TOKEN_NAME;
    size_t n = 0;
    if (first >= '0' && first <= '9') {
        n = after_dot ? 0 : match_float(text);
        kind = n ? TOKEN_FLOAT : TOKEN_INTEGER;
        n = n ? n : match_integer(text);
    } else if (first == '"' || first == '\'') {
        kind = TOKEN_STRING;
        n = match_string(text);
    } else {
        n = match_name(text);
        if (n == 0) {
            kind = TOKEN_OPERATOR;
            n = match_operator(text);
            if (n == 1 && !follow_bracket(lexer, run, first))
                return false;
        }
    }
    if (n == 0)
        return jinja_fail(run,
                          kind == TOKEN_STRING ? "a string that begins with %s is not closed"
                                               : "unexpected '%s'",
                          printable((struct slice){ text.data, size_min(text.length, 1) }));
    set_token(lexer, out, kind, (struct slice){ text.data, n });
    move_to(lexer, after(text, n));
    return true;
}

bool jinja_lexer_next(struct jinja_lexer *lexer, struct jinja_run *run, struct jinja_token *out)
{
    for (;;) {
        run->line = lexer->line;
        if (lexer->pending.kind != TOKEN_END) {
            *out = lexer->pending;
            lexer->pending.kind = TOKEN_END;
            if (out->kind == TOKEN_TEXT && out->text.length == 0)
                continue;
            return true;
        }
        if (lexer->mode != IN_TEXT && lexer->n_brackets == 0 && match_end(lexer, out))
            return true;
        if (lexer->mode != IN_TEXT)
            move_to(lexer, without_space(rest_of(lexer)));
        if (lexer->position == lexer->source.length) {
            set_token(lexer, out, TOKEN_END, rest_of(lexer));
            return true;
        }
        run->line = lexer->line;
        if (lexer->mode != IN_TEXT)
            return match_end(lexer, out) || take_token(lexer, run, out);
        if (!take_text(lexer, run, out))
            return false;
        if (out->text.length > 0)
            return true;
    }
}
