/* shipped_models.h: the models that are a part of this program.
 *
 * Owns the table of their names. */
#ifndef SHIPPED_MODELS_H
#define SHIPPED_MODELS_H

#include "base/base.h"

/* Let every command find them by name; once, at the beginning. */
void shipped_models_provide(void);

/* The one that is taken when nobody names another; NULL: this program was built without any. */
const char *shipped_model_default(void);
const char *shipped_model_at(size_t index); /* NULL: no more */
bool is_shipped_model(const char *name);

#endif
