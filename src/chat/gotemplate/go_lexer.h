/* go_lexer.h: the tokens of a Go template.
 *
 * Owns where text ends and actions begin, trim markers, comments and the spelling of constants.
 * Tokens point into the source. One thread at a time. */
#ifndef GO_LEXER_H
#define GO_LEXER_H

#include "base/base.h"

enum go_token_kind {
    GO_TOKEN_ERROR, /* text: what is wrong */
    GO_TOKEN_END,
    GO_TOKEN_TEXT,
    GO_TOKEN_LEFT,  /* {{ */
    GO_TOKEN_RIGHT, /* }} */
    GO_TOKEN_SPACE,
    GO_TOKEN_ASSIGN,
    GO_TOKEN_DECLARE,
    GO_TOKEN_PIPE,
    GO_TOKEN_OPEN,
    GO_TOKEN_CLOSE,
    GO_TOKEN_OTHER, /* a character that has no meaning of its own, such as the comma */
    GO_TOKEN_DOT,
    GO_TOKEN_FIELD,    /* text: without the dot */
    GO_TOKEN_VARIABLE, /* text: with the $ */
    GO_TOKEN_NAME,     /* functions and keywords */
    GO_TOKEN_NUMBER,
    GO_TOKEN_CHARACTER, /* with its quotes, as are the next two */
    GO_TOKEN_STRING,
    GO_TOKEN_RAW_STRING,
};

struct go_token {
    enum go_token_kind kind;
    struct slice text;
    size_t line;
};

struct go_lexer {
    struct slice source;
    size_t position, line, depth; /* of parentheses */
    bool in_action, trims;        /* the text to come loses its leading white space */
};

void go_lexer_init(struct go_lexer *lexer, struct slice source);

/* After an error or the end, the same again. */
struct go_token go_lexer_next(struct go_lexer *lexer);

#endif
