/* jinja_parser.h: the state of reading one template, shared by the files that read it.
 *
 * Owns the two tokens in hand and what the place in the template decides: which loop, macro and
 * scope it is in. jinja_parse_expression.c and jinja_parse_statement.c are the grammar. One thread.
 */
#ifndef JINJA_PARSER_H
#define JINJA_PARSER_H

#include "chat/jinja/jinja_lexer.h"
#include "chat/jinja/jinja_node.h"
#include "chat/jinja/jinja_run.h"

struct jinja_parser {
    struct jinja_run *run;
    struct jinja_template *template;
    struct jinja_lexer lexer;
    struct jinja_token token, ahead;

    size_t n_names;             /* of the scope: places that give a name a value */
    bool has_closures;          /* the scope is remembered by a macro or call block in it */
    size_t n_loops;             /* around this place, in the same macro */
    size_t n_soft;              /* conditions around: unknown filters are found out when they run */
    struct jinja_node *unknown; /* the first filter or test, outside conditions, that is none */
    struct jinja_definition *definitions[8]; /* the innermost macros around */
    size_t n_definitions;
};

/* The whole template. */
bool jinja_parse(struct jinja_parser *p) MUST_CHECK;

/* Tokens. */
bool jinja_advance(struct jinja_parser *p) MUST_CHECK;
bool jinja_at_operator(const struct jinja_parser *p, const char *text);
bool jinja_at_name(const struct jinja_parser *p, const char *text);
bool jinja_expect_operator(struct jinja_parser *p, const char *text) MUST_CHECK;
bool jinja_unexpected(struct jinja_parser *p, const char *wanted); /* always false */

/* Memory of the template; all NULL or false with the error set. */
struct jinja_node *jinja_new_node(struct jinja_parser *p, enum jinja_node_kind kind) MUST_CHECK;
bool jinja_add_node(struct jinja_parser *p, struct jinja_nodes *nodes, size_t *capacity,
                    struct jinja_node *node) MUST_CHECK;
bool jinja_intern(struct jinja_parser *p, struct slice name, jinja_symbol *symbol) MUST_CHECK;

/* Expressions; NULL with the error set. */
struct jinja_node *jinja_parse_expression(struct jinja_parser *p, bool with_choice) MUST_CHECK;
/* One expression, or several with commas, which are a tuple. `stop`, unless NULL, is a name that
 * may follow a comma. */
struct jinja_node *jinja_parse_tuple(struct jinja_parser *p, bool with_choice,
                                     const char *stop) MUST_CHECK;
/* A name, a tuple of targets, or name.attribute where `with_attribute`. */
struct jinja_node *jinja_parse_target(struct jinja_parser *p, bool with_attribute,
                                      bool with_tuple) MUST_CHECK;
/* name(arguments)|name ... behind the '|' or the tag `filter`, over `input`. */
struct jinja_node *jinja_parse_filters(struct jinja_parser *p, struct jinja_node *input,
                                       bool is_first_without_bar) MUST_CHECK;

#endif
