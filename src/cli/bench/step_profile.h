/* step_profile.h: the tables of `hearth bench --profile`.
 *
 * Owns a measured prompt and answer of its own, since reading the clock around every operation
 * costs time that no other figure shall contain. One thread. */
#ifndef STEP_PROFILE_H
#define STEP_PROFILE_H

#include "runtime/engine.h"

/* Open the model, read a prompt and generate from it, with the default sampler, and print where the
 * time of both went, on standard output: by operation, at barriers, around the steps. */
bool step_profile(const char *path, const struct engine_options *options, uint32_t n_prompt,
                  uint32_t n_generate, struct error *err) MUST_CHECK;

#endif
