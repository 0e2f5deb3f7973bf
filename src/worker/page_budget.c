#include "worker/page_budget.h"

#include "kernels/attention.h"
#include "runtime/hearth_control.h"
#include "runtime/session_steps.h"

static uint64_t pages(size_t n_tokens)
{
    return (n_tokens + KV_PAGE_TOKENS - 1) / KV_PAGE_TOKENS;
}

static size_t count_tokens(const struct choice *choice)
{
    size_t n = 0;
    if (choice->state != CHOICE_OVER)
        (void)session_tokens(choice->session, &n);
    return n;
}

uint64_t page_budget_least(const struct choice *choice)
{
    return pages(count_tokens(choice) + 1);
}

/* Whole pages that it has, or will share when it begins. */
static uint64_t count_held(const struct choice *choice, size_t n_tokens)
{
    if (choice->has_begun)
        return (n_tokens - size_min(n_tokens, session_n_pending(choice->session))) / KV_PAGE_TOKENS;
    return choice->number > 0 ? job_prompt_tokens(choice->job) / KV_PAGE_TOKENS : 0;
}

uint64_t page_budget_more(const struct choice *choice)
{
    size_t n_tokens = count_tokens(choice);
    return pages(n_tokens + KV_PAGE_TOKENS) - count_held(choice, n_tokens);
}

uint64_t page_budget_to_come(struct choice *const *choices, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        if (choices[i]->state == CHOICE_RUNNING)
            sum += page_budget_more(choices[i]);
    return sum;
}
