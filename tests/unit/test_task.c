/* test_task.c: what a model can, and the status of each reason to fail. */
#include "test.h"

#include "server/task.h"

TEST(a_model_can_what_its_worker_said)
{
    static const char source[] = "{\"capabilities\":[\"completion\",\"tools\"]}";
    struct error err = { 0 };
    struct model_facts facts = { 0 };
    assert_ok(json_open(&facts.info, source, strlen(source), "the test", &err), err);
    assert_true(model_can(&facts, "tools"));
    assert_false(model_can(&facts, "thinking"));
    assert_false(model_can(&facts, "tool"));
    json_close(&facts.info);
    assert_false(model_can(&facts, "tools"));
}

TEST(a_failure_has_the_status_of_its_reason)
{
    static const struct {
        const char *reason;
        unsigned status;
    } rows[] = { { "context_length", 400 }, { "thinking", 400 },  { "tools", 400 },
                 { "insert", 400 },         { "template", 400 },  { "invalid", 400 },
                 { "not_found", 404 },      { "cancelled", 499 }, { "busy", 503 },
                 { "memory", 503 },         { "crashed", 500 },   { "load", 500 },
                 { "internal", 500 },       { NULL, 500 } };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(task_failure_status(&(struct task_failure){ .reason = rows[i].reason }),
                         rows[i].status);
}
