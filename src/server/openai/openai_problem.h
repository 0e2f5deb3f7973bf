/* openai_problem.h: why a request of OpenAI's interface is not answered, as its clients read it.
 *
 * Owns the error object: message, type by the status, the field at fault, a code. Any thread, one
 * problem each. */
#ifndef OPENAI_PROBLEM_H
#define OPENAI_PROBLEM_H

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "server/http/response.h"
#include "server/task.h"

struct openai_problem {
    struct error error;
    char param[96];                 /* the field at fault; "": none in particular */
    const char *code;               /* static, or NULL */
    int64_t n_ctx, n_prompt_tokens; /* of a prompt that does not fit; 0: it is another problem */
    unsigned status;                /* 0: 400, or 500 where memory is out */
    unsigned retry_after_s;         /* 0: not known */
};

/* Record what is wrong with a field (its path, as printf makes it of what follows). Keeps the first
 * field. Always returns false. */
bool openai_blame(struct openai_problem *problem, const char *format, ...) PRINTF_LIKE(2, 3);

/* A field whose value makes no sense: the message, as printf makes it. Always returns false. */
bool openai_reject(struct openai_problem *problem, const char *field, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* A field or value that hearth knows and cannot serve. Always returns false. */
bool openai_refuse(struct openai_problem *problem, const char *field, const char *why);

/* What a task failed of; `prompt_field` held the prompt. */
void openai_problem_of_task(struct openai_problem *out, const struct task_failure *failure,
                            const char *prompt_field);

unsigned openai_problem_status(const struct openai_problem *problem);

/* "invalid_request_error" */
const char *openai_error_type(unsigned status);

/* {"error":{"message":...,"type":...,"param":...,"code":...}} */
bool openai_problem_write(struct text *out, const struct openai_problem *problem);

/* The whole answer to a request that comes to nothing. */
void openai_respond_problem(struct response *response, const struct openai_problem *problem);

#endif
