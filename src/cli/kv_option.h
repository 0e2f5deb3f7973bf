/* kv_option.h: how a command is told to store keys and values: a flag, or the environment.
 *
 * Owns the flag's row and the default's name. Leaves what the names mean to the library. One
 * thread. */
#ifndef KV_OPTION_H
#define KV_OPTION_H

#include "base/base.h"

#include <stdlib.h>

/* HEARTH_KV_CACHE_TYPE, or "auto". */
static inline const char *kv_type_default(void)
{
    const char *name = getenv("HEARTH_KV_CACHE_TYPE");
    return name && *name ? name : "auto";
}

/* For a const char * that begins as kv_type_default(). */
#define KV_TYPE_ROW(target)                                    \
    {                                                          \
        "kv-cache-type", 0, OPTION_TEXT, target, 0, 0, "TYPE", \
            "Keys and values as f16, bf16, f32, q8_0 or auto"  \
    }

#endif
