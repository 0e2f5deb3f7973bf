#include "chat/gotemplate/go_lexer.h"

void go_lexer_init(struct go_lexer *lexer, struct slice source)
{
    *lexer = (struct go_lexer){ .source = source, .line = 1 };
}

/* The byte `ahead` of the position; -1 behind the end. */
static int peek(const struct go_lexer *l, size_t ahead)
{
    size_t at = l->position + ahead;
    return at < l->source.length ? (unsigned char)l->source.data[at] : -1;
}

static bool is_space(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* Every letter outside ASCII counts: names are only ever compared. */
static bool is_word(int c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static bool is_next(const struct go_lexer *l, size_t ahead, const char *wanted)
{
    for (size_t i = 0; wanted[i]; i++)
        if (peek(l, ahead + i) != (unsigned char)wanted[i])
            return false;
    return true;
}

static struct go_token token(struct go_lexer *l, enum go_token_kind kind, size_t length)
{
    struct go_token t = { kind, { l->source.data + l->position, length }, l->line };
    for (size_t i = 0; i < length; i++)
        l->line += t.text.data[i] == '\n';
    l->position += length;
    return t;
}

static struct go_token wrong(struct go_lexer *l, const char *what)
{
    return (struct go_token){ GO_TOKEN_ERROR, slice_of(what), l->line };
}

static void skip(struct go_lexer *l, size_t length)
{
    (void)token(l, GO_TOKEN_SPACE, length);
}

/* A minus and white space behind the opening braces. */
static bool is_left_trim(const struct go_lexer *l)
{
    return peek(l, 2) == '-' && is_space(peek(l, 3));
}

/* Length of the closing braces that begin `ahead`, with their trim marker; 0 when none do. */
static size_t right_length(const struct go_lexer *l, size_t ahead)
{
    if (is_next(l, ahead, "}}"))
        return 2;
    return is_space(peek(l, ahead)) && is_next(l, ahead + 1, "-}}") ? 4 : 0;
}

static void skip_right(struct go_lexer *l, size_t length)
{
    skip(l, length);
    l->trims = length == 4;
    l->in_action = false;
}

/* At {{: whether a comment follows, which is skipped. */
static bool skip_comment(struct go_lexer *l, const char **error)
{
    size_t length = 2;
    if (is_left_trim(l))
        for (length = 3; is_space(peek(l, length));)
            length++;
    if (!is_next(l, length, "/*"))
        return false;
    for (length += 2; peek(l, length) >= 0 && !is_next(l, length, "*/");)
        length++;
    if (peek(l, length) < 0) {
        *error = "comment is never closed";
        return true;
    }
    skip(l, length + 2);
    size_t right = right_length(l, 0);
    if (right == 0)
        *error = "comment ends before the closing braces";
    else
        skip_right(l, right);
    return true;
}

static struct go_token next_text(struct go_lexer *l)
{
    for (;;) {
        while (l->trims && is_space(peek(l, 0)))
            skip(l, 1);
        l->trims = false;
        size_t length = 0;
        while (peek(l, length) >= 0 && !is_next(l, length, "{{"))
            length++;
        if (length > 0) {
            struct go_token t = token(l, GO_TOKEN_TEXT, length);
            if (peek(l, 0) >= 0 && is_left_trim(l))
                while (t.text.length > 0 && is_space((unsigned char)t.text.data[t.text.length - 1]))
                    t.text.length--;
            if (t.text.length > 0)
                return t;
        }
        if (peek(l, 0) < 0)
            return token(l, GO_TOKEN_END, 0);
        const char *error = NULL;
        if (!skip_comment(l, &error))
            break;
        if (error)
            return wrong(l, error);
    }
    l->in_action = true;
    l->depth = 0;
    return token(l, GO_TOKEN_LEFT, is_left_trim(l) ? 3 : 2);
}

/* Names end at white space, the end, closing braces, or one of a few characters. */
static bool is_at_end_of_name(const struct go_lexer *l, size_t ahead)
{
    int c = peek(l, ahead);
    return c < 0 || is_space(c) || (c && strchr(".,|:()", c)) || is_next(l, ahead, "}}");
}

static struct go_token next_name(struct go_lexer *l, enum go_token_kind kind, size_t length)
{
    while (is_word(peek(l, length)))
        length++;
    if (!is_at_end_of_name(l, length))
        return wrong(l, "a name ends in a character that cannot follow it");
    struct go_token t = token(l, kind, length);
    if (kind == GO_TOKEN_FIELD)
        t.text = (struct slice){ t.text.data + 1, t.text.length - 1 };
    return t;
}

static size_t accept_run(const struct go_lexer *l, size_t at, const char *allowed)
{
    while (peek(l, at) > 0 && strchr(allowed, peek(l, at)))
        at++;
    return at;
}

static bool is_one_of(int c, const char *characters)
{
    return c > 0 && strchr(characters, c);
}

static struct go_token next_number(struct go_lexer *l)
{
    const char *digits = "0123456789_";
    size_t at = is_one_of(peek(l, 0), "+-");
    bool is_decimal = true, is_hex = false;
    if (peek(l, at) == '0' && is_one_of(peek(l, at + 1), "xXoObB")) {
        is_hex = is_one_of(peek(l, at + 1), "xX");
        digits = is_hex                             ? "0123456789abcdefABCDEF_"
                 : is_one_of(peek(l, at + 1), "oO") ? "01234567_"
                                                    : "01_";
        is_decimal = false;
        at += 2;
    }
    at = accept_run(l, at, digits);
    if (peek(l, at) == '.')
        at = accept_run(l, at + 1, digits);
    if ((is_decimal && is_one_of(peek(l, at), "eE")) || (is_hex && is_one_of(peek(l, at), "pP"))) {
        at++;
        at += is_one_of(peek(l, at), "+-");
        at = accept_run(l, at, "0123456789_");
    }
    if (is_word(peek(l, at)))
        return wrong(l, "a number is misspelt");
    return token(l, GO_TOKEN_NUMBER, at);
}

static struct go_token next_quoted(struct go_lexer *l, enum go_token_kind kind)
{
    int quote = peek(l, 0);
    for (size_t at = 1;; at++) {
        int c = peek(l, at);
        if (c == quote)
            return token(l, kind, at + 1);
        if (c == '\\' && kind != GO_TOKEN_RAW_STRING)
            c = peek(l, ++at);
        if (c < 0 || (c == '\n' && kind != GO_TOKEN_RAW_STRING))
            return wrong(l, "a quoted text is never closed");
    }
}

static struct go_token next_space(struct go_lexer *l)
{
    size_t length = 0;
    while (is_space(peek(l, length)) && right_length(l, length) == 0)
        length++;
    return token(l, GO_TOKEN_SPACE, length);
}

static struct go_token next_parenthesis(struct go_lexer *l)
{
    if (peek(l, 0) == '(') {
        l->depth++;
        return token(l, GO_TOKEN_OPEN, 1);
    }
    if (l->depth == 0)
        return wrong(l, "a right parenthesis closes nothing");
    l->depth--;
    return token(l, GO_TOKEN_CLOSE, 1);
}

static struct go_token next_in_action(struct go_lexer *l)
{
    size_t right = right_length(l, 0);
    if (right && l->depth)
        return wrong(l, "a left parenthesis is never closed");
    if (right) {
        struct go_token t = { GO_TOKEN_RIGHT, slice_of("}}"), l->line };
        skip_right(l, right);
        return t;
    }
    int c = peek(l, 0);
    if (c < 0)
        return wrong(l, "an action is never closed");
    if (is_space(c))
        return next_space(l);
    if (is_digit(c) || c == '+' || c == '-' || (c == '.' && is_digit(peek(l, 1))))
        return next_number(l);
    if (is_word(c))
        return next_name(l, GO_TOKEN_NAME, 1);
    switch (c) {
    case '.':
        return is_at_end_of_name(l, 1) ? token(l, GO_TOKEN_DOT, 1)
                                       : next_name(l, GO_TOKEN_FIELD, 1);
    case '$':
        return next_name(l, GO_TOKEN_VARIABLE, 1);
    case '=':
        return token(l, GO_TOKEN_ASSIGN, 1);
    case ':':
        return peek(l, 1) == '=' ? token(l, GO_TOKEN_DECLARE, 2) : wrong(l, "expected :=");
    case '|':
        return token(l, GO_TOKEN_PIPE, 1);
    case '(':
    case ')':
        return next_parenthesis(l);
    case '"':
        return next_quoted(l, GO_TOKEN_STRING);
    case '`':
        return next_quoted(l, GO_TOKEN_RAW_STRING);
    case '\'':
        return next_quoted(l, GO_TOKEN_CHARACTER);
    }
    if (c < ' ' || c == 0x7f)
        return wrong(l, "a control character stands in an action");
    return token(l, GO_TOKEN_OTHER, 1);
}

struct go_token go_lexer_next(struct go_lexer *lexer)
{
    return lexer->in_action ? next_in_action(lexer) : next_text(lexer);
}
