/* string_cache.h: languages of strings that one grammar needs again and again.
 *
 * Owns what was computed for the schemas of one grammar: a format or pattern that many members have
 * is an automaton once, and one set of rules. One thread. */
#ifndef STRING_CACHE_H
#define STRING_CACHE_H

#include "base/error.h"
#include "runtime/grammar/regular.h"

struct string_cache;

bool string_cache_open(struct string_cache **out, struct error *err) MUST_CHECK;
void string_cache_close(struct string_cache **cache); /* accepts NULL, leaves NULL */

bool string_cache_get(const struct string_cache *cache, struct slice key, grammar_expr *out);
bool string_cache_put(struct string_cache *cache, struct slice key, grammar_expr e,
                      struct error *err) MUST_CHECK;

/* The strings of JSON, without quotes. */
bool string_cache_json(struct string_cache *cache, const struct regular **out,
                       struct error *err) MUST_CHECK;

#endif
