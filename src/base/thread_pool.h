/* thread_pool.h: threads that run one job together and then sleep.
 *
 * Owns the threads and the barrier between phases of a job. Leaves to the job how work is divided.
 * One thread (the caller) starts jobs and takes part in them as thread 0; idle threads spin for a
 * few microseconds and then sleep. */
#ifndef THREAD_POOL_H
#define THREAD_POOL_H

#include "base/base.h"
#include "base/error.h"

struct thread_pool;

/* Processors this process may use now: affinity mask and cgroup CPU quota (v1 and v2) considered,
 * at least 1. */
size_t cpu_count_available(void);

/* `n_threads` counts the caller; 0 means cpu_count_available(). More than that many would only wait
 * for each other, so the number is cut to it. */
bool thread_pool_open(struct thread_pool **out, size_t n_threads, struct error *err) MUST_CHECK;
void thread_pool_close(struct thread_pool **pool); /* accepts NULL, leaves NULL */

size_t thread_pool_size(const struct thread_pool *pool);

/* Run `job` once on every thread; returns when all have returned. */
typedef void thread_job(void *context, size_t thread, size_t n_threads);
void thread_pool_run(struct thread_pool *pool, thread_job *job, void *context);

/* Run `job` on the calling thread alone, as the only one of the job: for work that is over before
 * another thread would wake. */
void thread_pool_run_alone(struct thread_pool *pool, thread_job *job, void *context);

/* Inside a job: wait until every thread of the job is here. Everything written before is visible
 * after. */
void thread_pool_barrier(struct thread_pool *pool);

/* Inside a job: hand out work in portions. Between two barriers all threads call thread_pool_take
 * with the same `count` and `portion` until it returns false; each call gets [*begin, *end) nobody
 * else got. The counter resets at a barrier. */
bool thread_pool_take(struct thread_pool *pool, size_t count, size_t portion, size_t *begin,
                      size_t *end);

/* The same with portions that shrink as the work runs out: half of a thread's share of what is
 * left, a multiple of `unit`. For work that is better done in long runs, without waiting for the
 * last of them. */
bool thread_pool_take_shrinking(struct thread_pool *pool, size_t count, size_t unit, size_t *begin,
                                size_t *end);

#endif
