#include "worker/state_report.h"

#include "base/json_members.h"
#include "base/memory.h"

void state_report_add_pages(struct state_report *report, const struct engine *engine)
{
    struct engine_memory memory;
    engine_memory(engine, &memory);
    report->kv_used_bytes = memory.kv_used_bytes;
    report->kv_cached_bytes = memory.kv_cached_bytes;
    report->kv_allocated_bytes = memory.kv_allocated_bytes;
}

static bool write_state(struct text *out, const struct state_report *r)
{
    const struct {
        const char *name;
        uint64_t value;
    } members[] = {
        { "n_running", r->n_running },
        { "n_waiting", r->n_waiting },
        { "kv_used_bytes", r->kv_used_bytes },
        { "kv_cached_bytes", r->kv_cached_bytes },
        { "kv_allocated_bytes", r->kv_allocated_bytes },
        { "prompt_tokens", r->sums.prompt_tokens },
        { "cached_tokens", r->sums.cached_tokens },
        { "answer_tokens", r->sums.answer_tokens },
        { "steps", r->sums.steps },
    };
    bool ok = text_append_byte(out, '{');
    for (size_t i = 0; ok && i < COUNT_OF(members); i++)
        ok = write_integer_member(out, members[i].name, (int64_t)members[i].value);
    size_t resident = memory_resident_bytes();
    if (ok && resident)
        ok = write_integer_member(out, "resident_bytes", (int64_t)resident);
    return ok && text_append_byte(out, '}');
}

void state_report_send(const struct state_report *report, struct outbox *outbox)
{
    struct text json;
    text_init(&json, 1 << 12);
    if (write_state(&json, report))
        (void)!outbox_add(outbox,
                          &(struct frame){ .kind = FRAME_STATE, .payload = text_slice(&json) });
    text_release(&json);
}
