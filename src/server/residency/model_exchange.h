/* model_exchange.h: which models go so that another one has room.
 *
 * Owns the choice: as few as do, those first that can be missed best. Leaves to residency_room.c
 * what becomes of them. Pure; under residency's lock. */
#ifndef MODEL_EXCHANGE_H
#define MODEL_EXCHANGE_H

#include "server/residency/resident_model.h"

struct room_lack {
    size_t n_models; /* so many must go at least */
    uint64_t bytes;  /* and give up so much together */
};

enum exchange {
    EXCHANGE_IDLE, /* of idle models only */
    EXCHANGE_ANY,
};

/* Set shall_go of the models that serve. Best missed is one that was chosen before (is_yielding),
 * then an idle one, the longer idle the better; then the one that has served longest. False: even
 * all would not do, and none is chosen. */
bool model_exchange_choose(struct resident_model *models, const struct room_lack *lack,
                           enum exchange exchange);

/* None is chosen. */
void model_exchange_forget(struct resident_model *models);

#endif
