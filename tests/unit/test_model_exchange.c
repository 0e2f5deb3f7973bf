#include "test.h"

#include "server/residency/model_exchange.h"

/* "NAME:BYTES" and signs: 'i' idle, 'y' yielding. A later one of them has served, or been idle,
 * less long. */
struct row {
    const char *models[4];
    struct room_lack lack;
    enum exchange exchange;
    const char *chosen; /* names; NULL: it cannot be done */
};

static void add(struct resident_model *model, const char *spec, size_t place)
{
    char signs[8] = "";
    unsigned long bytes = 0;
    assert_true(sscanf(spec, "%*c:%lu%7s", &bytes, signs) >= 1);
    *model = (struct resident_model){ .stage = MODEL_SERVING,
                                      .name = (char *)spec,
                                      .weights_bytes = bytes,
                                      .serving_ns = 10 + place,
                                      .idle_ns = 10 + place,
                                      .shall_go = true };
    model->n_sent = strchr(signs, 'i') ? 0 : 1;
    model->is_yielding = strchr(signs, 'y');
}

static void check(const struct row *row)
{
    struct resident_model models[4];
    size_t n = 0;
    char chosen[5] = "";
    for (; n < COUNT_OF(models) && row->models[n]; n++) {
        add(&models[n], row->models[n], n);
        if (n > 0)
            models[n - 1].next = &models[n];
    }
    bool ok = model_exchange_choose(models, &row->lack, row->exchange);
    for (size_t i = 0; i < n; i++)
        if (models[i].shall_go)
            strncat(chosen, models[i].name, 1);
    assert_int_equal(ok, row->chosen != NULL);
    assert_string_equal(chosen, row->chosen ? row->chosen : "");
    model_exchange_forget(models);
    for (size_t i = 0; i < n; i++)
        assert_false(models[i].shall_go);
}

TEST(as_few_models_go_as_make_room_and_those_first_that_are_missed_least)
{
    static const struct row rows[] = {
        { { "a:10i", "b:10i" }, { 0, 10 }, EXCHANGE_IDLE, "a" }, /* idle for longest */
        { { "a:10", "b:10i" }, { 0, 10 }, EXCHANGE_IDLE, "b" },
        { { "a:10", "b:10i" }, { 0, 11 }, EXCHANGE_IDLE, NULL },
        { { "a:10", "b:10" }, { 0, 1 }, EXCHANGE_IDLE, NULL },
        { { "a:10", "b:10" }, { 0, 1 }, EXCHANGE_ANY, "a" }, /* served for longest */
        { { "a:10", "b:10i" }, { 0, 1 }, EXCHANGE_ANY, "b" },
        { { "a:10", "b:10i" }, { 0, 11 }, EXCHANGE_ANY, "ab" },
        { { "a:10", "b:10i" }, { 0, 21 }, EXCHANGE_ANY, NULL },
        { { "a:10", "b:10y", "c:10i" }, { 0, 10 }, EXCHANGE_ANY, "b" }, /* who was chosen before */
        { { "a:10i", "b:10iy" }, { 0, 10 }, EXCHANGE_IDLE, "b" },
        /* the small ones are not missed, but their end would not help */
        { { "a:5i", "b:5i", "c:30i" }, { 0, 30 }, EXCHANGE_IDLE, "c" },
        { { "a:5", "b:5", "c:30" }, { 0, 34 }, EXCHANGE_ANY, "ac" },
        { { "a:5", "b:5y", "c:30" }, { 0, 34 }, EXCHANGE_ANY, "bc" },
        /* places */
        { { "a:10i", "b:10i", "c:10" }, { 1, 0 }, EXCHANGE_IDLE, "a" },
        { { "a:10i", "b:10i", "c:10" }, { 2, 5 }, EXCHANGE_IDLE, "ab" },
        { { "a:10i", "b:10i", "c:10" }, { 3, 0 }, EXCHANGE_IDLE, NULL },
        { { "a:10i", "b:10i", "c:10" }, { 3, 0 }, EXCHANGE_ANY, "abc" },
        { { "a:10i", "b:20i" }, { 1, 20 }, EXCHANGE_IDLE, "b" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(&rows[i]);
}

TEST(only_models_that_serve_are_exchanged)
{
    struct resident_model models[2] = {
        { .stage = MODEL_LEAVING, .weights_bytes = 10, .next = &models[1] },
        { .stage = MODEL_FITTING, .weights_bytes = 10 },
    };
    assert_false(model_exchange_choose(models, &(struct room_lack){ 0, 10 }, EXCHANGE_ANY));
    assert_false(models[0].shall_go || models[1].shall_go);
}
