/* family.h: what one model family is made of: two tables and a forward function.
 *
 * Owns the row types of the tables. load.c turns them into every check and message, so a family
 * writes none by hand. Private to the models room. */
#ifndef FAMILY_H
#define FAMILY_H

#include "models/model.h"

enum config_type { CONFIG_INT, CONFIG_FLOAT };
enum config_need { CONFIG_REQUIRED, CONFIG_DEFAULT, CONFIG_SAME_AS };

/* Keys are spelled as formats/weights.h reads them: alternatives separated by '|'. */
struct config_key {
    const char *gguf, *hf; /* NULL: that kind of file has none */
    enum config_type type;
    size_t offset;      /* in struct model_config */
    double least, most; /* allowed range, both included */
    enum config_need need;
    double fallback; /* CONFIG_DEFAULT */
    size_t same_as;  /* CONFIG_SAME_AS: offset of an earlier row's field */
};

#define CONFIG(field)  offsetof(struct model_config, field)
#define REQUIRED       CONFIG_REQUIRED, 0, 0
#define DEFAULT(value) CONFIG_DEFAULT, value, 0
#define SAME_AS(field) CONFIG_SAME_AS, 0, CONFIG(field)

/* Sizes that tensors' shapes are made of. */
enum dimension {
    DIM_ONE,
    DIM_EMBD,
    DIM_FF,
    DIM_VOCAB,
    DIM_HEADS,
    DIM_KV_HEADS,
    DIM_HEAD,
    DIM_HALF_ROTARY
};

enum tensor_place { IN_MODEL, IN_LAYER };
enum tensor_need { TENSOR_REQUIRED, TENSOR_OPTIONAL };

struct tensor_row {
    const char *gguf, *hf; /* names; "%d" is the layer's number; NULL: that kind of file has none */
    enum tensor_place place;
    size_t offset; /* in struct model_weights or layer_weights */
    enum dimension n_rows, row_length;
    enum tensor_need need;
};

#define MODEL(field) IN_MODEL, offsetof(struct model_weights, field)
#define LAYER(field) IN_LAYER, offsetof(struct layer_weights, field)
#define NEEDED       TENSOR_REQUIRED
#define OPTIONAL     TENSOR_OPTIONAL

/* What a forward function works with. */
struct forward {
    struct graph *graph;
    const struct model *model;
    const struct model_config *config;
    struct array *angles;
};

struct family {
    const char *name;       /* general.architecture */
    const char *model_type; /* of config.json */
    enum rope_layout gguf_rope,
        hf_rope; /* GGUF's llama stores q and k with their rotary pairs side by side */
    const struct config_key *keys;
    size_t n_keys;
    const struct tensor_row *tensors;
    size_t n_tensors;
    struct array *(*forward)(struct forward *f); /* the logits of the outputs */
};

/* One row each; families.c lists them. */
extern const struct family family_llama, family_mistral, family_qwen2, family_qwen3;

/* The family of an architecture's name in that kind of file; NULL when hearth has none. */
const struct family *family_find(struct slice name, bool is_gguf);

#endif
