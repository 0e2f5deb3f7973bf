/* named_model.h: models of the user's folder by their names, for commands that open files.
 *
 * Owns nothing; the folder is the one that `hearth serve` would have (HEARTH_MODELS). One thread.
 */
#ifndef NAMED_MODEL_H
#define NAMED_MODEL_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"

/* *path is what to open for `given`: it itself when that is a file, a folder or a model of the
 * program, or when nothing has that name; else the path of the model of that name, kept in
 * `memory`. False: the settings make no sense. */
bool named_model_find(const char *given, const char **path, struct text *memory,
                      struct error *err) MUST_CHECK;

#endif
