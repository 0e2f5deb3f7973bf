#include "server/task.h"

bool model_can(const struct model_facts *facts, const char *capability)
{
    const struct json *all = json_get(facts->info, "capabilities");
    for (size_t i = 0; i < json_size(all); i++)
        if (slice_equal(json_text(json_at(all, i)), slice_of(capability)))
            return true;
    return false;
}

unsigned task_failure_status(const struct task_failure *failure)
{
    static const struct {
        const char *reason;
        unsigned status;
    } rows[] = {
        { "context_length", 400 }, { "thinking", 400 }, { "tools", 400 },     { "insert", 400 },
        { "template", 400 },       { "invalid", 400 },  { "not_found", 404 }, { "cancelled", 499 },
        { "busy", 503 },           { "memory", 503 },
    };
    for (size_t i = 0; failure->reason && i < COUNT_OF(rows); i++)
        if (strcmp(failure->reason, rows[i].reason) == 0)
            return rows[i].status;
    return 500;
}
