#include "base/interruption.h"

static _Thread_local const _Atomic bool *watched;

void interruption_watch(const _Atomic bool *flag)
{
    watched = flag;
}

bool is_interrupted(void)
{
    return watched && atomic_load_explicit(watched, memory_order_relaxed);
}

bool interruption_check(struct error *err)
{
    return !is_interrupted() || fail(err, ERROR_CANCELLED, "nobody waits for it any more");
}
