/* schema_document.h: a schema and the places in it that references name; private to json_schema.
 *
 * Owns the index of "$id" and "$anchor". Nodes are those of the document, which must outlive it. */
#ifndef SCHEMA_DOCUMENT_H
#define SCHEMA_DOCUMENT_H

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/table.h"
#include "base/text.h"

struct schema_document {
    const struct json *root;
    struct arena *arena;
    struct table bases;      /* node (its address) -> base (char *) */
    struct table resources;  /* URI, with "#anchor" or without -> node */
    bool ignores_beside_ref; /* draft 7: only "$ref" counts where it stands */
};

bool schema_document_open(struct schema_document *d, const struct json *root,
                          struct error *err) MUST_CHECK;
void schema_document_close(struct schema_document *d);

/* What "$ref" in `node` refers to. */
bool schema_document_follow(const struct schema_document *d, const struct json *node,
                            const struct json **target, struct error *err) MUST_CHECK;

/* The JSON pointer of a node ("#/properties/a"), in one buffer of the calling thread. */
const char *schema_document_path(const struct schema_document *d, const struct json *node);

#endif
