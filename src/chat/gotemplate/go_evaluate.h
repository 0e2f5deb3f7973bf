/* go_evaluate.h: running a parsed Go template.
 *
 * Owns what one rendering may cost: steps, memory, depth and output; a template that wants more
 * ends in ERROR_BUDGET. One evaluator per rendering, one thread at a time; the template is only
 * read. */
#ifndef GO_EVALUATE_H
#define GO_EVALUATE_H

#include "base/text.h"
#include "chat/gotemplate/go_tree.h"

struct go_variable {
    struct slice name;
    struct go_value value;
};

enum { GO_MAX_VARIABLES = 2000 };

/* Bytes of text that a step pays for: what is copied as a whole, what is looked at one by one, and
 * what numbers become, which takes far more time. */
enum { GO_COPIED_PER_STEP = 32, GO_ESCAPED_PER_STEP = 2, GO_SHOWN_PER_STEP = 1 };

struct go_evaluator {
    const struct gotemplate *template;
    struct arena *arena; /* of this rendering */
    struct text *out;
    struct text scratch;   /* what a function builds before it is copied */
    size_t bytes_per_step; /* its price */
    struct error *err;
    int64_t now;  /* seconds since 1970, UTC */
    size_t steps; /* taken */
    size_t depth, line;
    struct go_variable *variables;      /* [GO_MAX_VARIABLES], innermost last */
    size_t n_variables, first_variable; /* first: of the template that runs */
};

bool go_evaluator_init(struct go_evaluator *e, const struct gotemplate *t, int64_t now,
                       struct text *out, struct error *err) MUST_CHECK;
void go_evaluator_release(struct go_evaluator *e);

/* Append what `nodes` of the template make of `data`. Values of `data` outlive the evaluator, or
 * lie in its arena. */
bool go_evaluate(struct go_evaluator *e, struct go_list_of_nodes nodes,
                 struct go_value data) MUST_CHECK;

/* For functions. Count work; fails when the rendering has done too much. */
bool go_spend(struct go_evaluator *e, size_t steps) MUST_CHECK;

/* fail() with the line of the template. Always false. */
bool go_fail(struct go_evaluator *e, const char *format, ...) PRINTF_LIKE(2, 3);

/* What a step pays for of the scratch that is about to be built; it will not hold more than the
 * steps that are left. Functions begin with GO_COPIED_PER_STEP. */
void go_price_scratch(struct go_evaluator *e, size_t bytes_per_step);

/* The scratch as a text value, once `built` says that it is complete. */
bool go_take_scratch(struct go_evaluator *e, bool built, struct go_value *out) MUST_CHECK;

#endif
