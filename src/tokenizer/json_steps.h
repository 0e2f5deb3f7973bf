/* json_steps.h: the pipeline that a tokenizer.json describes: normalizer, pre-tokenizer,
 * post-processor, decoder.
 *
 * Owns nothing: it fills the tokenizer's parts and copies texts into its arena. A type that it does
 * not know is an error that names it. Leaves the model and the added tokens to load_json.c. */
#ifndef JSON_STEPS_H
#define JSON_STEPS_H

#include "base/json.h"
#include "tokenizer/tokenizer_parts.h"

bool json_read_normalizer(struct tokenizer *t, const struct json *node,
                          struct error *err) MUST_CHECK;

/* Also tells the model whether its texts are in GPT-2's alphabet and who writes it. */
bool json_read_pretokenizer(struct tokenizer *t, const struct json *node, bool *is_byte_level,
                            struct error *err) MUST_CHECK;

bool json_read_post_processor(struct tokenizer *t, const struct json *node,
                              struct error *err) MUST_CHECK;

bool json_read_decoder(struct tokenizer *t, const struct json *node, struct error *err) MUST_CHECK;

/* A copy of a JSON string that lives as long as the tokenizer. */
bool json_keep_text(struct tokenizer *t, const struct json *node, struct slice *out,
                    struct error *err) MUST_CHECK;

#endif
