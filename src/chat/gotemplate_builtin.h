/* gotemplate_builtin.h: the Go templates that come with hearth.
 *
 * Owns twenty templates by the names that Modelfiles know, the strings at which their models stop,
 * and the guess which of them a Jinja chat template corresponds to. Everything is static. */
#ifndef GOTEMPLATE_BUILTIN_H
#define GOTEMPLATE_BUILTIN_H

#include "base/base.h"

struct gotemplate_builtin {
    const char *name;
    const char *stop[5]; /* NULL behind the last */
    double temperature;  /* that its models want; 0: no wish */
    const char *source;
};

/* NULL when there is none. */
const struct gotemplate_builtin *gotemplate_builtin_find(struct slice name);
const struct gotemplate_builtin *gotemplate_builtin_at(size_t index);

/* The template that does what a known Jinja template does; NULL when it is none of those. */
const struct gotemplate_builtin *gotemplate_builtin_detect(struct slice jinja);

#endif
