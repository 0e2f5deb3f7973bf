/* json_members.h: JSON objects written member by member.
 *
 * Owns the commas: none behind an opening bracket. Each returns false when the text is full. Any
 * thread. */
#ifndef JSON_MEMBERS_H
#define JSON_MEMBERS_H

#include "base/base.h"
#include "base/json.h"
#include "base/text.h"

/* The comma in front of another member or element, where one is due. */
bool write_comma(struct text *out);

bool write_name(struct text *out, const char *name); /* what follows is the value */
bool write_text_member(struct text *out, const char *name, struct slice value);
bool write_json_member(struct text *out, const char *name, const struct json *value);
bool write_integer_member(struct text *out, const char *name, int64_t value);
bool write_flag_member(struct text *out, const char *name, bool value);
bool write_string_member(struct text *out, const char *name, const char *value);
bool write_null_member(struct text *out, const char *name);

/* [elements], which are written already with their commas. */
bool write_array_member(struct text *out, const char *name, struct slice elements);

/* As json_write, but with a space behind each comma and colon, as Python writes and models read. */
bool json_write_spaced(struct text *out, const struct json *value);

/* The member only if the text is not empty. */
bool write_text_unless_empty(struct text *out, const char *name, struct slice value);

#endif
