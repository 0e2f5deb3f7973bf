#include "server/residency/task_list.h"

#include "base/clock.h"
#include "base/memory.h"

bool task_list_init(struct task_list *list, size_t capacity, struct error *err)
{
    *list = (struct task_list){ NULL, size_max(capacity, 1), 0, 0 };
    list->slots = memory_zeroed(list->capacity, sizeof *list->slots);
    return list->slots || fail_memory(err, list->capacity * sizeof *list->slots, "tasks");
}

void task_list_release(struct task_list *list)
{
    memory_free(list->slots);
    *list = (struct task_list){ 0 };
}

static struct task *new_task(const struct wish *wish)
{
    struct task *task = memory_zeroed(1, sizeof *task);
    char *request = memory_zeroed(1, wish->request.length);
    if (!task || !request) {
        memory_free(task);
        memory_free(request);
        return NULL;
    }
    if (wish->request.length)
        memcpy(request, wish->request.data, wish->request.length);
    task->request = (struct slice){ request, wish->request.length };
    task->kind = wish->kind;
    task->listener = wish->listener;
    task->context = wish->context;
    task->began_ns = clock_ns();
    return task;
}

struct task *task_list_add(struct task_list *list, const struct wish *wish, struct error *err)
{
    if (list->count == list->capacity) {
        /* clients know this sentence, with its two spaces */
        fail(err, ERROR_BUDGET,
             "server busy, please try again.  maximum pending requests exceeded");
        return NULL;
    }
    struct task *task = new_task(wish);
    if (!task) {
        fail_memory(err, wish->request.length, "a request");
        return NULL;
    }
    do
        task->number = ++list->next_number;
    while (list->slots[task->number % list->capacity]);
    list->slots[task->number % list->capacity] = task;
    list->count++;
    return task;
}

struct task *task_list_find(const struct task_list *list, uint64_t number)
{
    struct task *task = list->slots[number % list->capacity];
    return task && task->number == number ? task : NULL;
}

void task_list_remove(struct task_list *list, struct task *task)
{
    assert(task_list_find(list, task->number) == task);
    list->slots[task->number % list->capacity] = NULL;
    list->count--;
}

void task_free(struct task *task)
{
    memory_free((char *)task->request.data);
    memory_free(task);
}

void task_tell(const struct task *task, const struct task_event *event)
{
    task->listener(task->context, event);
}

void task_tell_failure(struct task *task, const struct model_facts *model,
                       const struct task_failure *failure)
{
    if (!task->has_failed)
        task_tell(task,
                  &(struct task_event){ .kind = TASK_FAILED, .model = model, .failure = failure });
    task->has_failed = true;
}

void task_tell_last(const struct task *task, const struct model_facts *model,
                    enum task_event_kind kind)
{
    if (kind != TASK_END)
        task_tell(task, &(struct task_event){ .kind = kind, .model = model });
    task_tell(task, &(struct task_event){ .kind = TASK_END, .model = model });
}
