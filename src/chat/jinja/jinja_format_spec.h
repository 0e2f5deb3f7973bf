/* jinja_format_spec.h: one value in the form that a format asks for.
 *
 * Owns padding, signs, digits and groups. Leaves reading formats to jinja_format.c. */
#ifndef JINJA_FORMAT_SPEC_H
#define JINJA_FORMAT_SPEC_H

#include "chat/jinja/jinja_run.h"

struct jinja_format_spec {
    struct slice fill;        /* one character; empty: a blank */
    char align;               /* '<', '>', '^', '=' (behind the sign); 0: by type */
    char sign;                /* '+', ' ' or 0 */
    char grouping;            /* ',', '_' or 0 */
    char type;                /* 'd', 'f', 's' ...; 0: by value */
    bool is_alternate;        /* '#' */
    bool is_zero;             /* fill and align come from '0' in front of the width */
    int64_t width, precision; /* precision -1: none */
};

/* Write a text, cut to the precision, padded to the width. */
bool jinja_format_text(struct jinja_run *run, struct slice text,
                       const struct jinja_format_spec *spec, char default_align) MUST_CHECK;

/* Write a number; the type is one of dboxXcneEfFgG% or 0. */
bool jinja_format_number(struct jinja_run *run, const struct jinja_value *v,
                         const struct jinja_format_spec *spec) MUST_CHECK;

#endif
