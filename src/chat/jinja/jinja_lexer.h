/* jinja_lexer.h: a template's source cut into text and tokens.
 *
 * Owns the rules of white space around tags, as Hugging Face sets them: a tag of a statement or
 * comment takes the line end after it (trim_blocks) and, alone on its line, the blanks before it
 * (lstrip_blocks). Leaves grammar to the parser, which keeps at most two tokens at a time. */
#ifndef JINJA_LEXER_H
#define JINJA_LEXER_H

#include "chat/jinja/jinja_run.h"

enum jinja_token_kind {
    TOKEN_END, /* of the template */
    TOKEN_TEXT,
    TOKEN_PRINT_BEGIN,
    TOKEN_PRINT_END,
    TOKEN_STATEMENT_BEGIN,
    TOKEN_STATEMENT_END,
    TOKEN_NAME,
    TOKEN_STRING,   /* with its quotes */
    TOKEN_INTEGER,  /* as written */
    TOKEN_FLOAT,    /* as written */
    TOKEN_OPERATOR, /* one or two characters */
};

struct jinja_token {
    enum jinja_token_kind kind;
    uint32_t line;
    struct slice text;
};

enum { JINJA_MOST_BRACKETS = 200 };

struct jinja_lexer {
    struct slice source; /* line ends are '\n' */
    size_t position;
    uint32_t line;
    size_t line_position; /* up to where line ends are counted */
    enum { IN_TEXT, IN_PRINT, IN_STATEMENT } mode;
    bool at_line_start;         /* nothing, or a line end that a tag took, is in front */
    struct jinja_token pending; /* the tag that ended a text; TOKEN_END: none */
    char brackets[JINJA_MOST_BRACKETS];
    size_t n_brackets;
};

/* `source` has its line ends made '\n'. */
void jinja_lexer_init(struct jinja_lexer *lexer, struct slice source);
bool jinja_lexer_next(struct jinja_lexer *lexer, struct jinja_run *run,
                      struct jinja_token *out) MUST_CHECK;

/* For messages. */
const char *jinja_token_name(const struct jinja_token *token);

#endif
