/* jinja_builtin.h: filters, tests, methods and global functions: one row of a table each.
 *
 * Owns looking them up and binding arguments to their parameters, as Python does. Leaves what they
 * do to jinja_filters_*.c, jinja_tests.c, jinja_methods_*.c and jinja_globals.c. */
#ifndef JINJA_BUILTIN_H
#define JINJA_BUILTIN_H

#include "chat/jinja/jinja_run.h"

struct jinja_keyword {
    struct jinja_value name, value; /* name: a string */
};

struct jinja_call {
    struct jinja_value self; /* what is filtered or tested, or whose method it is */
    const struct jinja_value *arguments;
    size_t count;
    const struct jinja_keyword *keywords;
    size_t n_keywords;
};

typedef bool jinja_function(struct jinja_run *run, const struct jinja_call *call,
                            struct jinja_value *out);

enum { JINJA_MOST_PARAMETERS = 5 };

struct jinja_builtin {
    const char *name;
    jinja_function *function; /* NULL: exists in Python, and is forbidden here */
    /* With parameters, `arguments` holds one value for each of them, missing where it was not
     * given, and there are no keywords. Without, both are as they were given. */
    uint8_t n_required;
    bool is_variadic;
    const char *parameters[JINJA_MOST_PARAMETERS];
};

struct jinja_builtins {
    const struct jinja_builtin *rows;
    size_t count;
};

extern const struct jinja_builtins jinja_text_filters, jinja_number_filters, jinja_sequence_filters,
    jinja_selection_filters, jinja_tests, jinja_globals, jinja_string_methods,
    jinja_string_search_methods, jinja_list_methods, jinja_tuple_methods, jinja_dict_methods,
    jinja_loop_methods, jinja_cycler_methods;

/* NULL when there is none. */
const struct jinja_builtin *jinja_find_filter(struct slice name);
const struct jinja_builtin *jinja_find_test(struct slice name);
const struct jinja_builtin *jinja_find_global(struct slice name);
const struct jinja_builtin *jinja_find_method(enum jinja_kind kind, struct slice name);

bool jinja_call_builtin(struct jinja_run *run, const struct jinja_builtin *builtin,
                        const struct jinja_call *call, struct jinja_value *out) MUST_CHECK;

/* An argument of the kind that is wanted, or an error that names the function's parameter. Missing
 * (and none, for integers) leaves *out as it is. */
bool jinja_integer_argument(struct jinja_run *run, const struct jinja_value *argument,
                            const char *name, int64_t *out) MUST_CHECK;
bool jinja_text_argument(struct jinja_run *run, const struct jinja_value *argument,
                         const char *name, struct slice *out) MUST_CHECK;

#endif
