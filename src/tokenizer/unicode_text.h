/* unicode_text.h: code points of text from strangers, and their classes.
 *
 * Owns nothing. Leaves normal forms to normalizer.h. Any thread. */
#ifndef UNICODE_TEXT_H
#define UNICODE_TEXT_H

#include "base/base.h"
#include "base/text.h"

/* The code point at `i` (below text.length) and its length; U+FFFD and 1 where there is no valid
 * sequence. */
uint32_t code_point_at(struct slice text, size_t i, size_t *length);

/* Append `text` with every part that is not UTF-8 replaced by U+FFFD: one for each maximal part
 * that begins a sequence (Unicode's recommended practice). False when memory or the limit is used
 * up. */
bool append_repaired(struct text *out, struct slice text);

/* llama.cpp's reading, which its vocabularies' vectors define: overlong forms and surrogates are
 * decoded as they stand, every byte that begins no sequence becomes U+FFFD. Surrogates stay, so the
 * result is UTF-8 in form only. */
bool append_lenient(struct text *out, struct slice text);

bool append_code_point(struct text *out, uint32_t code_point);

/* The general category's two letters ("Lu", "Cn", ...). */
const char *unicode_category(uint32_t c);
bool is_white_space(uint32_t c);
bool is_mark(uint32_t c);            /* Mn, Mc, Me */
bool is_nonspacing_mark(uint32_t c); /* Mn */
bool is_punctuation(uint32_t c);     /* P* */
bool is_symbol(uint32_t c);          /* S* */
bool is_control(uint32_t c);         /* Cc */
bool is_other(uint32_t c);           /* Cc, Cf, Cs, Co, Cn */
bool is_assigned(uint32_t c);        /* all but Cn */
bool is_decimal_digit(uint32_t c);   /* Nd */
bool is_word_character(uint32_t c);  /* letters, marks, numbers, connectors */

/* One lower-case code point; U+0130 aside, whose full mapping has two. */
uint32_t to_lower(uint32_t c);

/* BERT's ideographs, with the gap that its published list has. */
bool is_bert_ideograph(uint32_t c);

#endif
