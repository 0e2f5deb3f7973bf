#include "fake_residency.h"

/* ---- shares ---- */

TEST(plans_never_exceed_the_budget_and_are_what_is_told)
{
    struct residency_options options = defaults();
    struct client client;
    options.memory_bytes = 2 * WHOLE + 500;
    options.n_parallel = 1;
    start(&options);
    assert_int_equal(residency_budget_bytes(server.residency), 2 * WHOLE + 500);
    ask_and_wait(&client, ALPHA, "answer");
    struct sight sight = look();
    assert_int_equal(sight.sum, WHOLE); /* no more than it can use */
    assert_int_equal(sight.models[0].weights_bytes, 100);
    assert_int_equal(sight.models[0].scratch_bytes, 10);
    assert_int_equal(sight.models[0].kv_bytes, 16 * 128);
    ask_and_wait(&client, BETA, "answer");
    assert_int_equal(look().sum, 2 * WHOLE);
    ask_and_wait(&client, GAMMA, "answer"); /* alpha was used longest ago */
    sight = look();
    assert_null(seen(&sight, ALPHA));
    assert_non_null(seen(&sight, BETA));
    assert_non_null(seen(&sight, GAMMA));
    ask_and_wait(&client, BETA, "answer");
    ask_and_wait(&client, ALPHA, "answer"); /* now it is gamma */
    sight = look();
    assert_null(seen(&sight, GAMMA));
    assert_non_null(seen(&sight, BETA));
    stop();
}

/* long: 64000 bytes for a whole context, 8192 for the 4096 tokens it must have. */
TEST(keys_and_values_shrink_for_another_model_and_grow_when_it_goes)
{
    struct residency_options options = defaults();
    struct client client;
    options.memory_bytes = 2 * 110 + 40000;
    start(&options);
    ask_and_wait(&client, LONG, "answer");
    assert_int_equal(resident_of("long").kv_bytes, (40000 + 110) / 128 * 128);
    assert_int_equal(client.n_ctx, (40000 + 110) / 128 * 64);
    ask_and_wait(&client, OTHER, "answer");
    assert_int_equal(client.n_ctx, 20000 / 128 * 64);
    assert_int_equal(resident_of("long").kv_bytes, 20000 / 128 * 128);
    assert_int_equal(resident_of("other").kv_bytes, 20000 / 128 * 128);
    wish_for(&client, WISH_UNLOAD, OTHER, "", NULL);
    wait_for_end(&client);
    ask_and_wait(&client, LONG, "answer");
    for (int i = 0; resident_of("long").kv_bytes != (40000 + 110) / 128 * 128; i++) {
        assert_true(i < 1000);
        usleep(1000);
    }
    stop();
}

TEST(memory_in_use_is_left_to_those_who_use_it_and_caches_are_waited_for)
{
    struct residency_options options = defaults();
    struct client held, client;
    options.memory_bytes = 2 * 110 + 40000;
    start(&options);
    /* 25600 bytes of a running answer, and 10240 that are only cached */
    ask_with(&held, LONG, "{\"do\":\"hold\",\"use\":25600,\"keep\":10240}");
    wait_for_content(&held);
    while (resident_of("long").kv_used_bytes != 25600)
        usleep(1000);
    uint64_t began = clock_ns();
    ask_and_wait(&client, OTHER, "answer");
    assert_answered(&client);
    assert_true(clock_ns() - began >= 50000000); /* the worker took so long to give pages back */
    assert_int_equal(resident_of("long").kv_bytes, 25600);
    assert_int_equal(resident_of("other").kv_bytes, (40000 - 25600) / 128 * 128);
    assert_int_equal(held.n_end, 0);
    stop();
    wait_for_end(&held);
}

/* ---- waiting for memory ---- */

struct awaited {
    const char *name;
    size_t n;
};

static void count_awaited(void *context, const char *name, size_t n_waiting)
{
    struct awaited *awaited = context;
    if (strncmp(name, awaited->name, strlen(awaited->name)) == 0)
        awaited->n += n_waiting;
}

/* Requests that wait until the model is in memory. */
static size_t n_awaiting(const char *name)
{
    struct awaited awaited = { name, 0 };
    residency_visit_awaited(server.residency, count_awaited, &awaited);
    return awaited.n;
}

static void ask_and_see_it_wait(struct client *client, const char *model)
{
    size_t n = n_awaiting(model);
    ask(client, model, "answer");
    while (n_awaiting(model) == n)
        usleep(1000);
}

static size_t n_ends(struct client *client)
{
    pthread_mutex_lock(&client->lock);
    size_t n = client->n_end;
    pthread_mutex_unlock(&client->lock);
    return n;
}

/* Answers, until the busy model yields: then the last request is on its way. */
static void ask_until_it_waits(struct client *client, const char *model)
{
    do {
        ask(client, model, "answer");
        while (!n_ends(client) && !n_awaiting(model))
            usleep(1000);
    } while (!n_awaiting(model));
    usleep(50000);
    assert_int_equal(n_ends(client), 0);
}

static void assert_waits(struct client *client)
{
    usleep(50000);
    assert_int_equal(n_ends(client), 0);
}

static void assert_answer_comes(struct client *client)
{
    wait_for_end(client);
    assert_answered(client);
}

/* Memory for one model and a little more: alpha is busy with `held`, beta waits. */
static void start_waiting(struct client *held, struct client *waiting, uint64_t yield_after_ns)
{
    struct residency_options options = defaults();
    options.memory_bytes = WHOLE + 1000;
    options.yield_after_ns = yield_after_ns;
    start(&options);
    ask(held, ALPHA, "hold");
    wait_for_content(held);
    ask_and_see_it_wait(waiting, BETA);
}

static const uint64_t soon_ns = 50000000, late_ns = 100000000000;

TEST(a_model_that_does_not_fit_beside_busy_ones_waits_until_they_are_idle)
{
    struct client held, waiting, beside;
    start_waiting(&held, &waiting, late_ns);
    ask_and_wait(&beside, ALPHA, "answer"); /* which is as busy as before */
    assert_string_equal(beside.content, held.content);
    assert_waits(&waiting);
    assert_int_equal(metric("hearth_requests_waiting{model=\"beta"), 1);
    assert_int_equal(metric("hearth_requests_running{model=\"alpha"), 1);
    ask_and_wait(&beside, ALPHA, "release");
    assert_answer_comes(&held);
    assert_answer_comes(&waiting);
    assert_true(waiting.load_ns >= soon_ns); /* it tells how long it waited */
    assert_false(is_there(ALPHA));
    assert_int_equal(n_awaiting(BETA), 0);
    ask_and_wait(&beside, ALPHA, "answer"); /* and back */
    assert_answered(&beside);
    stop();
}

TEST(a_model_that_can_never_fit_is_refused_at_once_with_the_numbers)
{
    struct client held, waiting, client;
    start_waiting(&held, &waiting, late_ns);
    ask_and_wait(&client, HUGE, "answer"); /* also behind one that waits */
    assert_failed(&client, "load", 500, "needs 0.09 MB");
    assert_non_null(strstr(client.message, "the budget is 0.00 MB"));
    assert_non_null(strstr(client.message, "in use by 'alpha"));
    assert_waits(&waiting);
    stop();
    wait_for_end(&held);
    wait_for_end(&waiting);
    assert_failed(&waiting, "cancelled", 499, "cancelled");
}

TEST(those_that_wait_for_memory_count_in_the_queue)
{
    struct residency_options options = defaults();
    struct client held, waiting[2], client;
    options.memory_bytes = WHOLE + 1000;
    options.most_waiting = 3;
    start(&options);
    ask(&held, ALPHA, "hold");
    wait_for_content(&held);
    ask_and_see_it_wait(&waiting[0], BETA);
    ask_and_see_it_wait(&waiting[1], GAMMA);
    ask_and_wait(&client, BETA, "answer");
    assert_failed(&client, "busy", 503, "maximum pending requests exceeded");
    assert_true(client.retry_after_s > 0);
    residency_cancel(server.residency, held.number);
    assert_answer_comes(&waiting[0]);
    assert_answer_comes(&waiting[1]);
    stop();
    wait_for_end(&held);
}

TEST(who_waits_for_memory_can_go_and_then_nothing_is_loaded)
{
    struct client held, waiting, client;
    start_waiting(&held, &waiting, late_ns);
    residency_cancel(server.residency, waiting.number);
    wait_for_end(&waiting);
    assert_failed(&waiting, "cancelled", 499, "cancelled");
    ask_and_wait(&client, ALPHA, "release");
    assert_answer_comes(&held);
    usleep(50000);
    assert_true(is_there(ALPHA));
    assert_false(is_there(BETA));
    stop();
}

TEST(no_more_models_than_allowed_are_in_memory_and_the_next_one_waits)
{
    struct residency_options options = defaults();
    struct client held, client;
    options.most_models = 1;
    start(&options);
    ask_and_wait(&client, ALPHA, "answer");
    ask(&held, BETA, "hold");
    wait_for_content(&held);
    assert_false(is_there(ALPHA));
    ask_and_see_it_wait(&client, ALPHA);
    assert_waits(&client);
    residency_cancel(server.residency, held.number);
    assert_answer_comes(&client);
    assert_false(is_there(BETA));
    stop();
    wait_for_end(&held);
}

TEST(a_small_model_goes_ahead_of_one_that_waits_until_that_is_due)
{
    struct client held, waiting, tiny, late;
    start_waiting(&held, &waiting, 500000000);
    ask_and_wait(&tiny, TINY, "answer");
    assert_answered(&tiny);
    assert_waits(&waiting);
    ask_until_it_waits(&late, ALPHA); /* beta is due */
    wish_for(&tiny, WISH_UNLOAD, TINY, "", NULL);
    wait_for_end(&tiny);
    ask_and_see_it_wait(&tiny, TINY);
    assert_waits(&tiny);
    residency_cancel(server.residency, held.number);
    assert_answer_comes(&waiting);
    assert_answer_comes(&tiny);
    assert_answer_comes(&late);
    stop();
    wait_for_end(&held);
}

/* ---- models that yield ---- */

TEST(a_busy_model_yields_when_another_has_waited_long_enough)
{
    struct client held, waiting, late, load;
    start_waiting(&held, &waiting, soon_ns);
    ask_until_it_waits(&late, ALPHA);
    wish_for(&load, WISH_LOAD, ALPHA, "", NULL);
    assert_waits(&load);
    assert_int_equal(n_ends(&waiting), 0); /* running answers are not cut off */
    assert_int_equal(n_ends(&held), 0);
    residency_cancel(server.residency, held.number);
    assert_answer_comes(&waiting);
    assert_answer_comes(&late);
    assert_string_not_equal(late.content, held.content); /* alpha came back for it */
    wait_for_end(&load);
    assert_int_equal(load.n_loaded, 1);
    stop();
    wait_for_end(&held);
}

TEST(a_busy_model_goes_on_when_nobody_waits_any_more)
{
    struct client held, waiting, late, load;
    start_waiting(&held, &waiting, soon_ns);
    ask_until_it_waits(&late, ALPHA);
    wish_for(&load, WISH_LOAD, ALPHA, "", NULL);
    residency_cancel(server.residency, waiting.number);
    assert_answer_comes(&late);
    assert_string_equal(late.content, held.content);
    wait_for_end(&load);
    assert_int_equal(load.n_loaded, 1);
    assert_int_equal(n_ends(&held), 0);
    assert_int_equal(look().n, 1);
    assert_int_equal(n_awaiting(ALPHA), 0);
    ask_and_wait(&late, ALPHA, "release");
    assert_answered(&late);
    assert_answer_comes(&held);
    stop();
    wait_for_end(&waiting);
}

TEST(a_model_that_yields_may_be_unloaded_or_die_and_comes_back_for_who_asked)
{
    for (int dies = 0; dies < 2; dies++) {
        struct client held, waiting, late, unload;
        start_waiting(&held, &waiting, soon_ns);
        ask_until_it_waits(&late, ALPHA);
        wish_for(&unload, WISH_UNLOAD, ALPHA, "", NULL);
        wait_for_end(&unload);
        assert_int_equal(unload.n_unloaded, 1);
        assert_waits(&waiting);
        if (dies)
            kill(resident_of(ALPHA).pid, SIGKILL);
        else
            residency_cancel(server.residency, held.number);
        assert_answer_comes(&waiting);
        assert_answer_comes(&late);
        wait_until_gone(ALPHA); /* it was to be unloaded, and did its work */
        stop();
        wait_for_end(&held);
        assert_int_equal(held.n_failed, dies);
    }
}

TEST(all_who_wait_are_told_when_the_server_stops)
{
    struct client held, waiting, late;
    start_waiting(&held, &waiting, soon_ns);
    ask_until_it_waits(&late, ALPHA);
    stop();
    wait_for_end(&held);
    wait_for_end(&waiting);
    wait_for_end(&late);
    assert_string_equal(held.done, "cancelled");
    assert_failed(&waiting, "cancelled", 499, "cancelled");
    assert_failed(&late, "cancelled", 499, "cancelled");
}

/* Clients that always have an answer that runs: without turns, one model would stay. */
enum { ENOUGH_TURNS = 20, MOST_ROUNDS = 3000 };
static _Atomic size_t n_turns; /* that clients saw: their model had left and come back */

static void *ask_without_pause(void *context)
{
    const char *model = context;
    struct client clients[2], *last = &clients[0];
    char process[COUNT_OF(last->content)] = "";
    ask(last, model, "hold");
    for (size_t i = 1; i < MOST_ROUNDS && n_turns < ENOUGH_TURNS; i++) {
        struct client *next = &clients[i % 2];
        ask(next, model, "hold");
        usleep(2000);
        residency_cancel(server.residency, last->number);
        wait_for_end(last);
        if (last->n_content) {
            n_turns += *process && strcmp(process, last->content) != 0;
            strcpy(process, last->content);
        }
        last = next;
    }
    residency_cancel(server.residency, last->number);
    wait_for_end(last);
    return NULL;
}

TEST(models_take_turns_under_steady_streams_of_requests)
{
    static const char *const models[] = { ALPHA, ALPHA, BETA, BETA, GAMMA, TINY };
    pthread_t threads[COUNT_OF(models)];
    struct residency_options options = defaults();
    options.memory_bytes = WHOLE + 1000;
    options.yield_after_ns = 5000000;
    start(&options);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_without_pause, (void *)models[i]),
                         0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    assert_true(n_turns >= ENOUGH_TURNS);
    stop();
}
