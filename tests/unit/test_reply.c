/* test_reply.c: events of one task or several reach the teller, and a client that goes cancels
 * them; with tasks that this file invents. */
#include "test.h"

#include "server/reply.h"
#include "server/residency/residency.h"

enum { MOST_TASKS = 4 };

/* The residency of this test: it keeps wishes and notes what is cancelled. */
static struct wish tasks[MOST_TASKS];
static uint64_t n_tasks, n_cancelled;
static bool fails_at_once, ends_when_cancelled;

static void send(uint64_t task, enum task_event_kind kind, uint32_t choice)
{
    struct task_failure failure = { ERROR_IO, "internal", "because of the test", NULL, 0 };
    struct task_event event = { .kind = kind, .choice = choice };
    if (kind == TASK_FAILED)
        event.failure = &failure;
    tasks[task - 1].listener(tasks[task - 1].context, &event);
}

uint64_t residency_start(struct residency *residency, const struct wish *wish)
{
    (void)residency;
    tasks[n_tasks++] = *wish;
    uint64_t task = n_tasks;
    if (fails_at_once) {
        send(task, TASK_FAILED, 0);
        send(task, TASK_END, 0);
    }
    return task;
}

void residency_cancel(struct residency *residency, uint64_t task)
{
    (void)residency;
    n_cancelled++;
    if (ends_when_cancelled)
        send(task, TASK_END, 0);
}

void respond_error(enum dialect_kind dialect, struct response *response, unsigned status,
                   const char *message)
{
    (void)dialect;
    response_whole(response, status, "text/plain", slice_of(message));
}

/* What the teller heard, as letters. */
static char heard[64];
static int n_released;

static void tell(void *state, const struct task_event *event, struct response *response)
{
    static const char letters[] = {
        [TASK_STARTED] = 's', [TASK_CONTENT] = 'c', [TASK_FAILED] = 'f', [TASK_END] = 'e'
    };
    size_t n = strlen(heard);
    (void)state;
    snprintf(heard + n, sizeof heard - n, "%c%u ", letters[event->kind], event->choice);
    response_write(response, slice_of("x"));
}

static void release(void *state)
{
    (void)state;
    n_released++;
}

static struct response *start(size_t n_wishes)
{
    static const struct reply_kind kind = { tell, release };
    struct service service = { 0 };
    struct wish wishes[MOST_TASKS] = { 0 };
    struct response *response = response_new();
    heard[0] = '\0';
    n_tasks = n_cancelled = 0;
    n_released = 0;
    reply_start_all(&service, response, wishes, n_wishes, 2, &kind, NULL);
    return response;
}

static void expect_over(struct response *response, const char *want)
{
    assert_string_equal(heard, want);
    assert_true(response_is_over(response));
    assert_int_equal(n_released, 1);
    response_client_gone(response);
    response_drop(&response);
}

TEST(one_task_is_told_until_its_end)
{
    struct response *response = start(1);
    send(1, TASK_STARTED, 0);
    send(1, TASK_CONTENT, 1);
    assert_int_equal(n_released, 0);
    send(1, TASK_END, 0);
    expect_over(response, "s0 c1 e0 ");
    assert_int_equal(n_cancelled, 0);
}

TEST(several_tasks_are_one_with_more_choices)
{
    struct response *response = start(3);
    send(2, TASK_CONTENT, 1);
    send(3, TASK_CONTENT, 0);
    send(2, TASK_END, 0);
    send(1, TASK_CONTENT, 0);
    send(1, TASK_END, 0);
    assert_false(response_is_over(response));
    send(3, TASK_END, 0);
    expect_over(response, "c3 c4 c0 e4 ");
}

TEST(a_failure_of_one_cancels_the_others)
{
    struct response *response = start(2);
    send(1, TASK_FAILED, 0);
    send(1, TASK_END, 0);
    assert_int_equal(n_cancelled, 1);
    send(2, TASK_END, 0);
    expect_over(response, "f0 e2 ");
}

TEST(tasks_may_fail_before_their_start_returns)
{
    fails_at_once = true;
    struct response *response = start(2);
    fails_at_once = false;
    expect_over(response, "f0 f2 e2 ");
}

TEST(a_client_that_goes_cancels_all)
{
    struct response *response = start(2);
    response_client_gone(response);
    assert_int_equal(n_cancelled, 2);
    send(1, TASK_END, 0);
    send(2, TASK_END, 0);
    expect_over(response, "e2 ");
}

TEST(tasks_may_end_while_they_are_cancelled)
{
    ends_when_cancelled = true;
    struct response *response = start(2);
    response_client_gone(response);
    ends_when_cancelled = false;
    assert_int_equal(n_cancelled, 2);
    expect_over(response, "e2 ");
}
