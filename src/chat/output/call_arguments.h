/* call_arguments.h: the arguments of one call, gathered in order, and written as a JSON object.
 *
 * Owns names and values; a value is the text of some JSON. Leaves to call_value.h how a value is
 * read. Also for objects inside of arguments. */
#ifndef CALL_ARGUMENTS_H
#define CALL_ARGUMENTS_H

#include "base/error.h"
#include "base/text.h"

struct call_argument {
    struct text name, value;
};

struct call_arguments {
    struct call_argument *items;
    size_t count, capacity;
};

void call_arguments_init(struct call_arguments *arguments);
void call_arguments_release(struct call_arguments *arguments);

/* *value is where the value of `name` is to be written now; of a name that comes again only the
 * last value stays, in the place of the first. Valid until the next call. */
bool call_arguments_set(struct call_arguments *arguments, struct slice name, struct text **value,
                        struct error *err) MUST_CHECK;

/* Append { "name": value, ... }. */
bool call_arguments_write(const struct call_arguments *arguments, struct text *out,
                          struct error *err) MUST_CHECK;

#endif
