#include "chat/output/output_family.h"

static const char *const preserved[] = { NULL };

static enum step_result step(struct output_parser *p, struct error *err)
{
    struct slice text = pending_text(p);
    consume(p, text.length);
    return emit_text(p, OUTPUT_CONTENT, text, err) ? STEP_WAIT : STEP_FAILED;
}

const struct output_family output_passthrough = {
    .facts = { .name = "passthrough", .preserved = preserved },
    .step = step,
};
