#include "server/metrics.h"

#include "base/log.h"
#include "base/memory.h"
#include "hearth.h"
#include "server/exposition.h"
#include "server/residency/residency.h"

#include <pthread.h>
#include <time.h>

/* Whoever chose the names, a label has no more values than this; what comes later is counted
 * together as "other". */
enum {
    MOST_MODELS = 64,
    MOST_ROUTES = 64,
    MOST_STATUSES = 16, /* of one route */
    MOST_REASONS = 8,   /* of one model */
    MOST_REFUSALS = 16,
    MOST_BOUNDS = 14,
    NAME_BYTES = 200,
};
static const char other[] = "other";

/* ---- histograms ---- */

/* Upper bounds in seconds; 0 ends them. */
typedef const double bounds[MOST_BOUNDS + 1];

static bounds http_bounds = { 0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300 };
/* from a cached prompt to one that fills a long context */
static bounds wait_bounds = {
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120
};
/* 1000 to 0.5 tokens a second */
static bounds token_bounds = { 0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05,
                               0.075, 0.1,    0.15,  0.25, 0.5,  1,    2 };
static bounds load_bounds = { 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300 };

struct histogram {
    uint64_t counts[MOST_BOUNDS + 1]; /* of values up to each bound alone; behind them: the rest */
    double sum;
};

static size_t count_bounds(const double *bound)
{
    size_t n = 0;
    while (bound[n] > 0)
        n++;
    return n;
}

static void observe(struct histogram *histogram, const double *bound, uint64_t ns)
{
    double seconds = (double)ns / 1e9;
    size_t i = 0;
    while (bound[i] > 0 && seconds > bound[i])
        i++;
    histogram->counts[i]++;
    histogram->sum += seconds;
}

/* ---- what is counted ---- */

struct tally {
    char name[32];
    uint64_t n;
};

struct route_counts {
    char name[NAME_BYTES];
    struct tally statuses[MOST_STATUSES];
    struct histogram took;
};

struct model_counts {
    char name[NAME_BYTES];
    struct tally reasons[MOST_REASONS];
    struct histogram first_token, queue, token, load;
    uint64_t prompt_tokens, cached_tokens, answer_tokens, n_deaths;
};

struct metrics {
    pthread_mutex_t lock; /* guards all below */
    struct route_counts routes[MOST_ROUTES];
    struct model_counts models[MOST_MODELS];
    struct tally refusals[MOST_REFUSALS];
    int64_t began_s; /* of the wall clock */
};

bool metrics_open(struct metrics **out, struct error *err)
{
    struct metrics *metrics = memory_zeroed(1, sizeof *metrics);
    if (!metrics)
        return fail_memory(err, sizeof *metrics, "metrics");
    pthread_mutex_init(&metrics->lock, NULL);
    metrics->began_s = (int64_t)time(NULL);
    *out = metrics;
    return true;
}

void metrics_close(struct metrics **metrics)
{
    if (!*metrics)
        return;
    pthread_mutex_destroy(&(*metrics)->lock);
    memory_free(*metrics);
    *metrics = NULL;
}

/* The row of a name in a table whose rows begin with theirs; a new one while there is room, the
 * last for all others. */
static void *find_row(void *rows, size_t n_rows, size_t row_bytes, size_t name_bytes,
                      const char *wanted)
{
    for (size_t i = 0; i < n_rows; i++) {
        char *name = (char *)rows + i * row_bytes;
        if (!*name) {
            const char *chosen = i + 1 == n_rows ? other : *wanted ? wanted : "none";
            strncpy(name, chosen, name_bytes - 1);
        }
        if (i + 1 == n_rows || strncmp(name, *wanted ? wanted : "none", name_bytes - 1) == 0)
            return name;
    }
    return NULL;
}

#define FIND_ROW(table, wanted) \
    find_row(table, COUNT_OF(table), sizeof(table)[0], sizeof(table)[0].name, wanted)

static void count(struct tally *tallies, size_t n_tallies, const char *name)
{
    struct tally *tally = find_row(tallies, n_tallies, sizeof *tallies, sizeof tallies->name, name);
    tally->n++;
}

void metrics_http(struct metrics *metrics, const char *route, unsigned status, uint64_t took_ns)
{
    char code[4] = "000";
    for (unsigned i = 3, rest = status; i-- > 0; rest /= 10)
        code[i] = (char)('0' + rest % 10);
    pthread_mutex_lock(&metrics->lock);
    struct route_counts *row = FIND_ROW(metrics->routes, route);
    count(row->statuses, MOST_STATUSES, code);
    observe(&row->took, http_bounds, took_ns);
    pthread_mutex_unlock(&metrics->lock);
}

void metrics_answer(struct metrics *metrics, const char *model, uint64_t queue_ns,
                    uint64_t first_token_ns, uint64_t prompt_tokens, uint64_t cached_tokens,
                    uint64_t answer_tokens, uint64_t answer_ns, const char *reason)
{
    pthread_mutex_lock(&metrics->lock);
    struct model_counts *row = FIND_ROW(metrics->models, model);
    count(row->reasons, MOST_REASONS, reason);
    observe(&row->queue, wait_bounds, queue_ns);
    if (answer_tokens > 0) {
        observe(&row->first_token, wait_bounds, first_token_ns);
        observe(&row->token, token_bounds, answer_ns / answer_tokens);
    }
    row->prompt_tokens += prompt_tokens;
    row->cached_tokens += cached_tokens;
    row->answer_tokens += answer_tokens;
    pthread_mutex_unlock(&metrics->lock);
}

void metrics_load(struct metrics *metrics, const char *model, uint64_t load_ns)
{
    pthread_mutex_lock(&metrics->lock);
    struct model_counts *row = FIND_ROW(metrics->models, model);
    observe(&row->load, load_bounds, load_ns);
    pthread_mutex_unlock(&metrics->lock);
}

void metrics_worker_died(struct metrics *metrics, const char *model)
{
    pthread_mutex_lock(&metrics->lock);
    struct model_counts *row = FIND_ROW(metrics->models, model);
    row->n_deaths++;
    pthread_mutex_unlock(&metrics->lock);
}

void metrics_refused(struct metrics *metrics, const char *why)
{
    pthread_mutex_lock(&metrics->lock);
    count(metrics->refusals, MOST_REFUSALS, why);
    pthread_mutex_unlock(&metrics->lock);
}

/* ---- what is told ---- */

/* Series of each model, by their place in its row. */
static const struct {
    const char *name, *help;
    size_t place;
    const double *bounds;
} model_histograms[] = {
    { "hearth_time_to_first_token_seconds", "From a request's arrival to its first token.",
      offsetof(struct model_counts, first_token), wait_bounds },
    { "hearth_queue_seconds", "From a request's arrival until its prompt was begun.",
      offsetof(struct model_counts, queue), wait_bounds },
    { "hearth_time_per_output_token_seconds", "Time of an answer divided by its tokens.",
      offsetof(struct model_counts, token), token_bounds },
    { "hearth_model_load_seconds", "Time that loading a model took.",
      offsetof(struct model_counts, load), load_bounds },
};

static const struct {
    const char *name, *help;
    size_t place;
} model_counters[] = {
    { "hearth_prompt_tokens_total", "Tokens of prompts, cached ones among them.",
      offsetof(struct model_counts, prompt_tokens) },
    { "hearth_cached_prompt_tokens_total", "Tokens of prompts that needed no reading.",
      offsetof(struct model_counts, cached_tokens) },
    { "hearth_answer_tokens_total", "Tokens generated.",
      offsetof(struct model_counts, answer_tokens) },
    { "hearth_worker_deaths_total", "Workers that ended and were not told to.",
      offsetof(struct model_counts, n_deaths) },
};

static void write_routes(const struct metrics *metrics, struct exposition *page)
{
    exposition_family(page, "hearth_http_requests_total", "counter", "Requests answered.");
    for (size_t i = 0; i < MOST_ROUTES && metrics->routes[i].name[0]; i++) {
        const struct route_counts *row = &metrics->routes[i];
        for (size_t j = 0; j < MOST_STATUSES && row->statuses[j].n; j++)
            exposition_sample(
                page, (labels){ { "route", row->name }, { "status", row->statuses[j].name } },
                (double)row->statuses[j].n);
    }
    exposition_family(page, "hearth_http_request_seconds", "histogram",
                      "From a request's first byte to its answer's last.");
    for (size_t i = 0; i < MOST_ROUTES && metrics->routes[i].name[0]; i++)
        exposition_histogram(page, (labels){ { "route", metrics->routes[i].name } }, http_bounds,
                             count_bounds(http_bounds), metrics->routes[i].took.counts,
                             metrics->routes[i].took.sum);
}

static void write_answers(const struct metrics *metrics, struct exposition *page)
{
    exposition_family(page, "hearth_answers_total", "counter", "Answers by how they ended.");
    for (size_t i = 0; i < MOST_MODELS && metrics->models[i].name[0]; i++) {
        const struct model_counts *row = &metrics->models[i];
        for (size_t j = 0; j < MOST_REASONS && row->reasons[j].n; j++)
            exposition_sample(
                page, (labels){ { "model", row->name }, { "reason", row->reasons[j].name } },
                (double)row->reasons[j].n);
    }
}

static void write_models(const struct metrics *metrics, struct exposition *page)
{
    for (size_t k = 0; k < COUNT_OF(model_counters); k++) {
        exposition_family(page, model_counters[k].name, "counter", model_counters[k].help);
        for (size_t i = 0; i < MOST_MODELS && metrics->models[i].name[0]; i++) {
            const char *row = (const char *)&metrics->models[i];
            uint64_t value;
            memcpy(&value, row + model_counters[k].place, sizeof value);
            exposition_sample(page, (labels){ { "model", row } }, (double)value);
        }
    }
    for (size_t k = 0; k < COUNT_OF(model_histograms); k++) {
        const double *bound = model_histograms[k].bounds;
        exposition_family(page, model_histograms[k].name, "histogram", model_histograms[k].help);
        for (size_t i = 0; i < MOST_MODELS && metrics->models[i].name[0]; i++) {
            const char *row = (const char *)&metrics->models[i];
            const struct histogram *h = (const struct histogram *)(row + model_histograms[k].place);
            exposition_histogram(page, (labels){ { "model", row } }, bound, count_bounds(bound),
                                 h->counts, h->sum);
        }
    }
}

/* ---- what residency tells ---- */

struct resident_figures {
    char name[NAME_BYTES];
    bool is_loaded; /* else requests wait for it, and there is nothing else to tell */
    double weights, scratch, kv, kv_used, kv_cached, n_ctx, n_running, n_waiting;
};

struct resident_list {
    struct resident_figures models[MOST_MODELS];
    size_t n, n_loaded;
};

/* One row a name, also of a model that goes while it comes again. NULL: there are too many. */
static struct resident_figures *find_figures(struct resident_list *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (strncmp(list->models[i].name, name, NAME_BYTES - 1) == 0)
            return &list->models[i];
    if (list->n == MOST_MODELS)
        return NULL;
    struct resident_figures *figures = &list->models[list->n++];
    strncpy(figures->name, name, NAME_BYTES - 1);
    return figures;
}

static void note_resident(void *context, const struct resident *model)
{
    struct resident_list *list = context;
    struct resident_figures *figures = find_figures(list, model->name);
    list->n_loaded++;
    if (!figures)
        return;
    figures->is_loaded = true;
    figures->weights += (double)model->weights_bytes;
    figures->scratch += (double)model->scratch_bytes;
    figures->kv += (double)model->kv_bytes;
    figures->kv_used += (double)model->kv_used_bytes;
    figures->kv_cached += (double)model->kv_cached_bytes;
    figures->n_ctx = model->n_ctx > figures->n_ctx ? model->n_ctx : figures->n_ctx;
    figures->n_running += model->n_running;
    figures->n_waiting += model->n_waiting;
}

static void note_awaited(void *context, const char *name, size_t n_waiting)
{
    struct resident_figures *figures = find_figures(context, name);
    if (figures)
        figures->n_waiting += (double)n_waiting;
}

/* A family's rows stand together; `label`: what tells the samples of one model apart. */
#define FIGURE(field) offsetof(struct resident_figures, field)
static const struct {
    const char *family, *help, *label, *value;
    size_t place;
} resident_gauges[] = {
    { "hearth_memory_bytes", "Memory set aside for a model; the sum stays under the budget.",
      "owner", "weights", FIGURE(weights) },
    { "hearth_memory_bytes", NULL, "owner", "scratch", FIGURE(scratch) },
    { "hearth_memory_bytes", NULL, "owner", "kv", FIGURE(kv) },
    { "hearth_kv_bytes", "Keys and values that exist, of the memory set aside for them.", "state",
      "used", FIGURE(kv_used) },
    { "hearth_kv_bytes", NULL, "state", "cached", FIGURE(kv_cached) },
    { "hearth_context_tokens", "Longest context of a request to a model.", NULL, NULL,
      FIGURE(n_ctx) },
    { "hearth_requests_running", "Requests whose answer has begun.", NULL, NULL,
      FIGURE(n_running) },
    { "hearth_requests_waiting", "Requests whose answer has not begun.", NULL, NULL,
      FIGURE(n_waiting) },
};

static void write_residents(const struct resident_list *list, struct exposition *page)
{
    for (size_t k = 0; k < COUNT_OF(resident_gauges); k++) {
        if (resident_gauges[k].help)
            exposition_family(page, resident_gauges[k].family, "gauge", resident_gauges[k].help);
        for (size_t i = 0; i < list->n; i++) {
            const char *row = (const char *)&list->models[i];
            double value;
            if (!list->models[i].is_loaded && resident_gauges[k].place != FIGURE(n_waiting))
                continue;
            memcpy(&value, row + resident_gauges[k].place, sizeof value);
            exposition_sample(page,
                              (labels){ { "model", row },
                                        { resident_gauges[k].label, resident_gauges[k].value } },
                              value);
        }
    }
}

static bool write_residency(struct residency *residency, struct exposition *page)
{
    struct resident_list *list = memory_zeroed(1, sizeof *list);
    if (!list)
        return false;
    residency_visit(residency, note_resident, list);
    residency_visit_awaited(residency, note_awaited, list);
    exposition_family(page, "hearth_memory_budget_bytes", "gauge",
                      "What all models together may take.");
    exposition_sample(page, (labels){ { 0 } }, (double)residency_budget_bytes(residency));
    exposition_family(page, "hearth_models_loaded", "gauge", "Models in memory.");
    exposition_sample(page, (labels){ { 0 } }, (double)list->n_loaded);
    write_residents(list, page);
    memory_free(list);
    return true;
}

static void write_process(const struct metrics *metrics, struct exposition *page)
{
    exposition_family(page, "hearth_build_info", "gauge", "1, with the program's version.");
    exposition_sample(page, (labels){ { "version", hearth_version() } }, 1);
    exposition_family(page, "process_start_time_seconds", "gauge", "When the server began.");
    exposition_sample(page, (labels){ { 0 } }, (double)metrics->began_s);
    exposition_family(page, "process_resident_memory_bytes", "gauge",
                      "Memory of the server, its workers not among it.");
    exposition_sample(page, (labels){ { 0 } }, (double)memory_resident_bytes());
    exposition_family(page, "hearth_log_lines_lost_total", "counter",
                      "Lines that the log did not take.");
    exposition_sample(page, (labels){ { 0 } }, (double)log_lost_lines());
}

bool metrics_write(struct metrics *metrics, struct residency *residency, struct text *out)
{
    struct exposition page;
    exposition_init(&page, out);
    write_process(metrics, &page);
    /* before the lock: residency counts while it holds its own */
    if (residency && !write_residency(residency, &page))
        return false;
    pthread_mutex_lock(&metrics->lock);
    exposition_family(&page, "hearth_refusals_total", "counter", "Requests refused, by reason.");
    for (size_t i = 0; i < MOST_REFUSALS && metrics->refusals[i].n; i++)
        exposition_sample(&page, (labels){ { "reason", metrics->refusals[i].name } },
                          (double)metrics->refusals[i].n);
    write_routes(metrics, &page);
    write_answers(metrics, &page);
    write_models(metrics, &page);
    pthread_mutex_unlock(&metrics->lock);
    return page.is_whole;
}
