/* template_source.h: the chat template that a model's files carry.
 *
 * Owns the text. GGUF has it as tokenizer.chat_template, a folder as chat_template.jinja or in
 * tokenizer_config.json. */
#ifndef TEMPLATE_SOURCE_H
#define TEMPLATE_SOURCE_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "formats/weights.h"

/* Append it to `out`; nothing when the model has none. */
bool template_source_read(const struct weights *weights, struct text *out,
                          struct error *err) MUST_CHECK;

#endif
