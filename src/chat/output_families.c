#include "chat/output_family.h"

/* Every family has its name here and its file beside this one. */
extern const struct output_family output_passthrough;
extern const struct output_family output_deepseek3, output_cogito;

const struct output_family *const output_families[] = {
    &output_passthrough,
    &output_deepseek3,
    &output_cogito,
    NULL,
};
