#include "server/residency/resident_model.h"

#include "base/memory.h"

/* No machine has more; sums of a few such numbers stay far from overflow. */
static const int64_t most_bytes = (int64_t)1 << 56;

enum { UNKNOWN_N_CTX = 4096, MOST_PAGE_TOKENS = 1 << 20 };

struct resident_model *resident_model_new(const char *name, const char *path)
{
    struct resident_model *model = memory_zeroed(1, sizeof *model);
    if (!model)
        return NULL;
    model->name = memory_string(name);
    model->path = memory_string(path);
    if (model->name && model->path)
        return model;
    resident_model_free(model);
    return NULL;
}

void resident_model_free(struct resident_model *model)
{
    json_close(&model->ready);
    memory_free(model->name);
    memory_free(model->path);
    memory_free(model);
}

void resident_model_enqueue(struct resident_model *model, struct task *task)
{
    struct task **end = &model->queue;
    while (*end)
        end = &(*end)->next;
    *end = task;
    task->next = NULL;
}

struct task *resident_model_dequeue(struct resident_model *model)
{
    struct task *task = model->queue;
    if (task)
        model->queue = task->next;
    return task;
}

/* ---- what its worker says ---- */

struct number_member {
    const char *name;
    int64_t most;
    int64_t value;
};

/* Fill in the values; they are whole numbers from 0 to `most`. */
static bool read_numbers(const struct json *object, struct number_member *members, size_t n,
                         struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        members[i].value = json_int(json_get(object, members[i].name), -1);
        if (members[i].value < 0 || members[i].value > members[i].most)
            return fail(err, ERROR_FORMAT, "the worker's '%s' is no number from 0 to %" PRId64,
                        members[i].name, members[i].most);
    }
    return true;
}

static bool read_plan(struct resident_model *model, struct error *err)
{
    const struct json *plan = json_get(model->ready, "plan");
    struct number_member numbers[] = {
        { "weights_bytes", most_bytes, 0 },
        { "scratch_bytes", most_bytes, 0 },
        { "kv_page_bytes", most_bytes, 0 },
        { "kv_page_tokens", MOST_PAGE_TOKENS, 0 },
    };
    if (!read_numbers(plan, numbers, COUNT_OF(numbers), err))
        return false;
    model->weights_bytes = (uint64_t)numbers[0].value;
    model->scratch_bytes = (uint64_t)numbers[1].value;
    model->page_bytes = (uint64_t)numbers[2].value;
    model->page_tokens = (uint32_t)numbers[3].value;
    return !model->page_bytes || model->page_tokens ||
           fail(err, ERROR_FORMAT, "the worker's pages hold no tokens");
}

bool resident_model_read_ready(struct resident_model *model, struct slice payload, uint32_t n_ctx,
                               struct error *err)
{
    json_close(&model->ready);
    if (!json_open(&model->ready, payload.data, payload.length, "what the worker tells", err) ||
        !read_plan(model, err))
        return false;
    const struct json *info = json_get(model->ready, "info");
    int64_t own = json_int(json_get(info, "n_ctx_train"), 0);
    model->n_ctx_most = own > 0 && own < UINT32_MAX ? (uint32_t)own : UNKNOWN_N_CTX;
    if (n_ctx && n_ctx < model->n_ctx_most)
        model->n_ctx_most = n_ctx;
    return json_kind(info) == JSON_KIND_OBJECT ||
           fail(err, ERROR_FORMAT, "the worker tells nothing of its model");
}

bool resident_model_read_state(struct resident_model *model, struct slice payload,
                               struct error *err)
{
    const struct json *root = NULL;
    struct number_member numbers[] = {
        { "kv_used_bytes", most_bytes, 0 },      { "kv_cached_bytes", most_bytes, 0 },
        { "kv_allocated_bytes", most_bytes, 0 }, { "prompt_tokens", INT64_MAX, 0 },
        { "cached_tokens", INT64_MAX, 0 },       { "answer_tokens", INT64_MAX, 0 },
        { "n_running", UINT32_MAX, 0 },
    };
    bool ok = json_open(&root, payload.data, payload.length, "a worker's state", err) &&
              read_numbers(root, numbers, COUNT_OF(numbers), err);
    json_close(&root);
    if (ok)
        model->state = (struct model_state){
            (uint64_t)numbers[0].value, (uint64_t)numbers[1].value, (uint64_t)numbers[2].value,
            (uint64_t)numbers[3].value, (uint64_t)numbers[4].value, (uint64_t)numbers[5].value,
            (uint32_t)numbers[6].value,
        };
    return ok;
}

bool resident_model_is_idle(const struct resident_model *model)
{
    return model->stage == MODEL_SERVING && model->n_sent == 0 && model->n_pins == 0;
}

/* ---- arithmetic ---- */

uint64_t resident_model_kv_bytes(const struct resident_model *model, uint64_t n_tokens)
{
    if (!model->page_bytes)
        return 0;
    uint64_t n_pages = (n_tokens + model->page_tokens - 1) / model->page_tokens;
    uint64_t most_pages = (uint64_t)most_bytes / model->page_bytes;
    return (n_pages < most_pages ? n_pages : most_pages) * model->page_bytes;
}

uint32_t resident_model_n_ctx(const struct resident_model *model, uint64_t kv_bytes)
{
    if (!model->page_bytes)
        return model->n_ctx_most;
    uint64_t n_pages = kv_bytes / model->page_bytes;
    if (n_pages >= model->n_ctx_most) /* a page holds a token at least */
        return model->n_ctx_most;
    uint64_t n_tokens = n_pages * model->page_tokens;
    return n_tokens < model->n_ctx_most ? (uint32_t)n_tokens : model->n_ctx_most;
}

struct model_facts resident_model_facts(const struct resident_model *model, const struct task *task)
{
    return (struct model_facts){ model->name, json_get(model->ready, "info"), model->n_ctx,
                                 task ? task->load_ns : 0 };
}
