/* The program's files are no part of the library, so they are compiled in here; before test.h,
 * whose cmocka takes the name fail for a macro. */
#include "cli/bench/bench_plan.c"

#include "test.h"

static struct bench_plan resolved(struct bench_plan plan)
{
    struct error err = { 0 };
    assert_ok(bench_plan_resolve(&plan, &err), err);
    return plan;
}

#define LIST(...)                                                               \
    {                                                                           \
        { __VA_ARGS__ }, sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t) \
    }

/* The names of all measurements in their order. */
static const char *names_of(const struct bench_plan *plan)
{
    static char all[1000];
    all[0] = 0;
    for (size_t d = 0; d < plan->depths.count; d++)
        for (size_t i = 0; i < bench_plan_count(plan); i++) {
            struct bench_test test = bench_plan_test(plan, d, i);
            char name[64];
            strcat(strcat(all, bench_test_name(name, &test)), "; ");
        }
    return all;
}

TEST(nothing_given_is_one_prompt_and_one_generation)
{
    struct bench_plan plan = resolved((struct bench_plan){ 0 });
    assert_string_equal(names_of(&plan), "pp512; tg128; ");
    assert_true(bench_plan_is_simple(&plan));
    assert_int_equal(plan.n_kv_types, 1);
    assert_int_equal(plan.kv_types[0], KV_AUTO);
    assert_int_equal(plan.threads.items[0], 0);
}

TEST(lists_multiply_depth_by_depth)
{
    struct bench_plan plan = resolved((struct bench_plan){ .prompts = LIST(16, 64),
                                                           .generations = LIST(8),
                                                           .depths = LIST(0, 2048),
                                                           .batches = LIST(1, 8) });
    assert_string_equal(names_of(&plan), "pp16; pp64; tg8; tg8 x8; "
                                         "pp16 @ d2048; pp64 @ d2048; tg8 @ d2048; "
                                         "tg8 x8 @ d2048; ");
    assert_false(bench_plan_is_simple(&plan));
    assert_int_equal(bench_plan_most_sequences(&plan), 8);
}

TEST(zero_leaves_a_kind_out)
{
    struct bench_plan plan =
        resolved((struct bench_plan){ .prompts = LIST(0), .batches = LIST(4) });
    assert_string_equal(names_of(&plan), "tg128 x4; ");
    assert_false(bench_plan_is_simple(&plan));
    plan = resolved((struct bench_plan){ .generations = LIST(0), .batches = LIST(4) });
    assert_string_equal(names_of(&plan), "pp512; ");
    assert_int_equal(bench_plan_most_sequences(&plan), 1);
}

TEST(zeros_alone_leave_nothing_to_measure)
{
    struct error err = { 0 };
    struct bench_plan plan = { .prompts = LIST(0), .generations = LIST(0, 0) };
    assert_false(bench_plan_resolve(&plan, &err));
    assert_int_equal(err.code, ERROR_USAGE);
}

TEST(names_of_kv_types_become_types)
{
    struct bench_plan plan = resolved((struct bench_plan){ .kv_type_names = "f32,f16" });
    assert_int_equal(plan.n_kv_types, 2);
    assert_int_equal(plan.kv_types[0], KV_F32);
    assert_int_equal(plan.kv_types[1], KV_F16);
}

TEST(unknown_kv_types_are_named_beside_the_known)
{
    struct error err = { 0 };
    struct bench_plan plan = { .kv_type_names = "f16,,f32" };
    assert_false(bench_plan_resolve(&plan, &err));
    plan = (struct bench_plan){ .kv_type_names = "q9" };
    assert_false(bench_plan_resolve(&plan, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.message, "'q9'"));
    assert_non_null(strstr(err.message, "f16"));
    plan = (struct bench_plan){ .kv_type_names = "f16,f16,f16,f16,f16,f16,f16,f16,f16" };
    assert_false(bench_plan_resolve(&plan, &err));
}

TEST(a_context_that_is_too_small_is_told_with_both_numbers)
{
    struct error err = { 0 };
    struct bench_plan plan = resolved((struct bench_plan){ .depths = LIST(0, 8192) });
    assert_true(bench_plan_fits(&plan, 8704, &err));
    assert_false(bench_plan_fits(&plan, 8703, &err));
    assert_int_equal(err.code, ERROR_CONTEXT);
    assert_non_null(strstr(err.message, "pp512 @ d8192 needs 8704"));
    assert_non_null(strstr(err.message, "8703"));
}
