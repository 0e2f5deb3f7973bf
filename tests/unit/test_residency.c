#include "fake_residency.h"

static const int64_t at_once = 0, for_ever = -1;

/* ---- loading and answering ---- */

TEST(a_model_is_loaded_on_demand_and_answers_until_it_is_unloaded)
{
    struct residency_options options = defaults();
    struct client one, two, three;
    start(&options);
    assert_int_equal(look().n, 0);
    ask_and_wait(&one, ALPHA, "answer");
    assert_answered(&one);
    assert_true(one.load_ns > 0);
    assert_int_equal(one.n_ctx, 1000);
    ask_and_wait(&two, ALPHA, "answer");
    assert_answered(&two);
    assert_int_equal(two.load_ns, 0);
    assert_string_equal(one.content, two.content); /* the same process */
    struct sight sight = look();
    assert_int_equal(sight.n, 1);
    assert_true(sight.models[0].expires_at_ns == INT64_MAX);

    wish_for(&three, WISH_UNLOAD, ALPHA, "", &at_once);
    wait_for_end(&three);
    assert_int_equal(three.n_unloaded, 1);
    assert_int_equal(look().n, 0); /* it is gone when that is told */
    ask_and_wait(&one, ALPHA, "answer");
    assert_answered(&one);
    assert_string_not_equal(one.content, two.content);
    stop();
}

TEST(wishes_to_load_and_unload_are_told_when_they_are_done)
{
    struct residency_options options = defaults();
    struct client one, two;
    start(&options);
    wish_for(&one, WISH_LOAD, ALPHA, "", NULL);
    wait_for_end(&one);
    assert_int_equal(one.n_loaded, 1);
    assert_true(one.load_ns > 0);
    wish_for(&two, WISH_LOAD, ALPHA, "", NULL); /* at once */
    wait_for_end(&two);
    assert_int_equal(two.n_loaded, 1);
    assert_int_equal(two.load_ns, 0);
    wish_for(&two, WISH_UNLOAD, BETA, "", NULL); /* was not loaded */
    wait_for_end(&two);
    assert_int_equal(two.n_unloaded, 1);
    assert_int_equal(look().n, 1);
    stop();
}

TEST(a_busy_model_is_unloaded_after_its_answers)
{
    struct residency_options options = defaults();
    struct client held, unload, release;
    start(&options);
    ask(&held, ALPHA, "hold");
    wait_for_content(&held);
    wish_for(&unload, WISH_UNLOAD, ALPHA, "", &at_once);
    wait_for_end(&unload);
    assert_int_equal(unload.n_unloaded, 1);
    assert_int_equal(held.n_end, 0);
    ask_and_wait(&release, ALPHA, "release");
    wait_for_end(&held);
    assert_answered(&held);
    wait_until_gone(ALPHA);
    stop();
}

TEST(unknown_models_and_errors_of_workers_are_told_once)
{
    struct residency_options options = defaults();
    struct client client;
    start(&options);
    ask_and_wait(&client, "nothing-like-this", "answer");
    assert_failed(&client, "not_found", 404, "nothing-like-this");
    ask_and_wait(&client, ALPHA, "refuse");
    assert_failed(&client, "context_length", 400, "too long");
    assert_int_equal(client.code, ERROR_CONTEXT);
    stop();
}

TEST(a_model_that_cannot_be_loaded_is_told_to_all_who_wait_for_it)
{
    struct residency_options options = defaults();
    struct client one, two;
    options.load_limit_ns = 300000000;
    start(&options);
    ask(&one, "refused-1-1-1-1-1", "answer");
    ask(&two, "refused-1-1-1-1-1", "answer");
    wait_for_end(&one);
    wait_for_end(&two);
    assert_failed(&one, "load", 500, "no tensors");
    assert_failed(&two, "load", 500, "no tensors");
    ask_and_wait(&one, "crash-1-1-1-1-1", "answer");
    assert_failed(&one, "crashed", 500, "while the model was being loaded");
    ask_and_wait(&one, "mute-1-1-1-1-1", "answer");
    assert_failed(&one, "crashed", 500, "made no progress for 0.3 s");
    ask_and_wait(&one, "bad-100-10-128-0-1000", "answer");
    assert_failed(&one, "load", 500, "pages hold no tokens");
    stop();
}

TEST(requests_to_a_loaded_model_do_not_wait_while_another_loads)
{
    struct residency_options options = defaults();
    struct client slow[2], quick;
    start(&options);
    ask_and_wait(&quick, ALPHA, "answer");
    ask(&slow[0], SLOW, "answer");
    ask(&slow[1], SLOW, "answer");
    uint64_t began = clock_ns();
    ask_and_wait(&quick, ALPHA, "answer");
    uint64_t took_ns = clock_ns() - began;
    assert_answered(&quick);
    wait_for_end(&slow[0]);
    wait_for_end(&slow[1]);
    assert_answered(&slow[0]);
    assert_answered(&slow[1]);
    assert_true(took_ns < 300000000);
    assert_true(slow[0].load_ns >= 300000000);
    stop();
}

/* ---- keep alive ---- */

TEST(an_idle_model_is_unloaded_when_its_time_is_over)
{
    struct residency_options options = defaults();
    struct client client, held;
    options.keep_alive_ns = 300000000;
    start(&options);
    ask_and_wait(&client, ALPHA, "answer");
    struct resident alpha = resident_of(ALPHA);
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    int64_t left_ns =
        alpha.expires_at_ns - ((int64_t)wall.tv_sec * 1000000000 + (int64_t)wall.tv_nsec);
    assert_true(left_ns <= 300000000);
    ask(&held, ALPHA, "hold");
    wait_for_content(&held);
    usleep(500000);
    assert_true(is_there(ALPHA)); /* the time does not run while it works */
    uint64_t began = clock_ns();
    ask_and_wait(&client, ALPHA, "release");
    wait_for_end(&held);
    wait_until_gone(ALPHA);
    assert_true(clock_ns() - began >= 300000000); /* and begins anew */
    stop();
}

TEST(the_last_keep_alive_that_was_given_stays)
{
    struct residency_options options = defaults();
    struct client client;
    options.keep_alive_ns = 100000000;
    start(&options);
    wish_for(&client, WISH_REQUEST, ALPHA, "{\"do\":\"answer\"}", &for_ever);
    wait_for_end(&client);
    ask_and_wait(&client, ALPHA, "answer");
    usleep(300000);
    assert_true(resident_of(ALPHA).expires_at_ns == INT64_MAX);
    wish_for(&client, WISH_REQUEST, ALPHA, "{\"do\":\"answer\"}", &at_once);
    wait_for_end(&client);
    assert_answered(&client);
    wait_until_gone(ALPHA);
    stop();
}

/* ---- limits and ends ---- */

TEST(too_many_requests_are_told_that_the_server_is_busy)
{
    struct residency_options options = defaults();
    struct client held[3], client;
    options.most_waiting = 3;
    start(&options);
    for (size_t i = 0; i < 3; i++)
        ask(&held[i], ALPHA, "hold");
    ask_and_wait(&client, ALPHA, "answer");
    assert_failed(&client, "busy", 503,
                  "server busy, please try again.  maximum pending requests exceeded");
    assert_int_equal(client.code, ERROR_BUDGET);
    wait_for_content(&held[0]);
    residency_cancel(server.residency, held[0].number);
    wait_for_end(&held[0]);
    ask_and_wait(&client, ALPHA, "release");
    assert_answered(&client);
    wait_for_end(&held[1]);
    wait_for_end(&held[2]);
    stop();
}

TEST(requests_can_be_cancelled_wherever_they_are)
{
    struct residency_options options = defaults();
    struct client loading, queued, running, other;
    start(&options);
    ask(&loading, SLOW, "answer");
    ask(&queued, BETA, "answer"); /* behind it, since one is loaded at a time */
    residency_cancel(server.residency, queued.number);
    wait_for_end(&queued);
    assert_failed(&queued, "cancelled", 499, "cancelled");
    assert_int_equal(loading.n_end, 0);
    residency_cancel(server.residency, loading.number);
    wait_for_end(&loading);
    assert_failed(&loading, "cancelled", 499, "cancelled");
    ask(&running, ALPHA, "hold");
    wait_for_content(&running);
    residency_cancel(server.residency, running.number);
    residency_cancel(server.residency, running.number);
    wait_for_end(&running);
    assert_string_equal(running.done, "cancelled");
    residency_cancel(server.residency, running.number); /* it is over */
    residency_cancel(server.residency, 0);
    residency_cancel(server.residency, UINT64_MAX);
    ask_and_wait(&other, ALPHA, "answer");
    assert_answered(&other);
    assert_false(is_there(BETA));
    stop();
}

TEST(a_worker_that_dies_fails_its_requests_once_and_is_started_again)
{
    static const struct {
        const char *order, *message;
    } ends[] = {
        { "die at once", "was killed by signal 9 (SIGKILL): perhaps memory ran out" },
        { "die", "signal 9 (SIGKILL)" },
        { "bus", "signal 7 (SIGBUS): perhaps the model's file" },
        { "nonsense", "sent a message that makes no sense" },
        { "other", "sent a message that makes no sense" },
        { "stall", "made no progress for 0.5 s" },
    };
    struct residency_options options = defaults();
    options.stall_limit_ns = 500000000;
    start(&options);
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        struct client held[5], beside, last;
        ask_and_wait(&beside, BETA, "answer");
        for (size_t k = 0; k < COUNT_OF(held); k++)
            ask(&held[k], ALPHA, "hold");
        wait_for_content(&held[COUNT_OF(held) - 1]);
        ask_and_wait(&last, ALPHA, ends[i].order);
        assert_failed(&last, "crashed", 500, ends[i].message);
        for (size_t k = 0; k < COUNT_OF(held); k++) {
            wait_for_end(&held[k]);
            assert_failed(&held[k], "crashed", 500, ends[i].message);
        }
        ask_and_wait(&last, ALPHA, "answer");
        assert_answered(&last);
        ask_and_wait(&last, BETA, "answer"); /* which has not noticed */
        assert_string_equal(last.content, beside.content);
    }
    assert_int_equal(metric("hearth_worker_deaths_total"), COUNT_OF(ends));
    stop();
}

TEST(requests_that_run_get_their_time_when_the_server_stops)
{
    struct residency_options options = defaults();
    struct client held;
    start(&options);
    ask(&held, ALPHA, "hold");
    wait_for_content(&held);
    uint64_t began = clock_ns();
    residency_close(&server.residency, 300000000);
    assert_true(clock_ns() - began >= 300000000);
    assert_int_equal(held.n_end, 1);
    assert_string_equal(held.done, "cancelled");
    stop();
}

/* ---- many at once ---- */

static void *ask_often(void *context)
{
    static const char *const orders[] = { "answer", "hold", "refuse", "answer", "die" };
    unsigned seed = (unsigned)(uintptr_t)context;
    for (int i = 0; i < 25; i++) {
        struct client client;
        const char *model = i % 3 == 0 ? BETA : i % 3 == 1 ? ALPHA : GAMMA;
        const char *order = orders[(seed + (unsigned)i) % (seed % 4 == 0 && i == 12 ? 5 : 4)];
        ask(&client, model, order);
        if (strcmp(order, "hold") == 0)
            residency_cancel(server.residency, client.number);
        look();
        wait_for_end(&client);
        assert_int_equal(client.n_end, 1);
    }
    return NULL;
}

TEST(many_threads_and_models_under_a_small_budget_all_come_to_an_end)
{
    pthread_t threads[8];
    struct residency_options options = defaults();
    options.memory_bytes = 2 * WHOLE + 500;
    options.keep_alive_ns = 5000000;
    start(&options);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, (void *)(i + 1)), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    stop();
}
