/* gotemplate.h: Go's text/template as Modelfiles use it.
 *
 * Owns the language (option missingkey=zero) with the standard functions and json, currentDate,
 * yesterdayDate, toTypeScriptType. Leaves what a prompt is made of to prompt files. A compiled
 * template is immutable; any thread may render. Steps, output, memory and depth are limited. */
#ifndef GOTEMPLATE_H
#define GOTEMPLATE_H

#include "base/base.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

struct gotemplate;

/* Errors name the line and what is wrong. */
bool gotemplate_compile(struct gotemplate **out, struct slice source, struct error *err) MUST_CHECK;
void gotemplate_close(struct gotemplate **t); /* accepts NULL, leaves NULL */

struct gotemplate_options {
    int64_t now; /* seconds since 1970, UTC */
};
bool gotemplate_render(const struct gotemplate *t, const struct json *data,
                       const struct gotemplate_options *options, struct text *out,
                       struct error *err) MUST_CHECK;

#endif
