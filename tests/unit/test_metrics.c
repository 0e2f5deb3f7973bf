#include "test.h"

#include "base/json.h"
#include "base/table.h"
#include "hearth.h"
#include "server/metrics.h"
#include "server/residency/residency.h"

#include <ctype.h>

/* ---- a small reader of the format, strict about what Prometheus is strict about ---- */

struct sample {
    char key[400]; /* name and labels as written */
    double value;
};

static struct sample samples[20000];
static size_t n_samples;
static char families[200][100];
static size_t n_families;

static bool is_family_of(const char *family, const char *name, size_t length)
{
    size_t n = strlen(family);
    static const char *const suffixes[] = { "", "_bucket", "_sum", "_count" };
    for (size_t i = 0; i < COUNT_OF(suffixes); i++)
        if (length == n + strlen(suffixes[i]) && strncmp(name, family, n) == 0 &&
            strncmp(name + n, suffixes[i], length - n) == 0)
            return true;
    return false;
}

/* Behind a label's closing quote. */
static const char *skip_label_value(const char *p)
{
    assert_int_equal(*p, '"');
    for (p++; *p != '"'; p++) {
        assert_true(*p && *p != '\n');
        if (*p == '\\') {
            p++;
            assert_true(*p == '\\' || *p == '"' || *p == 'n');
        }
    }
    return p + 1;
}

static const char *skip_name(const char *p)
{
    assert_true(isalpha((unsigned char)*p) || *p == '_');
    while (isalnum((unsigned char)*p) || *p == '_')
        p++;
    return p;
}

static void read_sample(const char *line)
{
    const char *p = skip_name(line);
    assert_true(n_families > 0 && is_family_of(families[n_families - 1], line, (size_t)(p - line)));
    if (*p == '{') {
        do {
            p = skip_name(p + 1);
            assert_int_equal(*p, '=');
            p = skip_label_value(p + 1);
        } while (*p == ',');
        assert_int_equal(*p++, '}');
    }
    assert_int_equal(*p, ' ');
    struct sample *sample = &samples[n_samples++];
    snprintf(sample->key, sizeof sample->key, "%.*s", (int)(p - line), line);
    for (size_t i = 0; i + 1 < n_samples; i++)
        if (strcmp(samples[i].key, sample->key) == 0)
            fail_msg("twice: %s", sample->key);
    char *end;
    sample->value = strtod(p + 1, &end);
    assert_int_equal(*end, '\0');
}

/* "# HELP name text" and "# TYPE name type" stand together, once for each family. */
static void read_comment(const char *line)
{
    char name[100], type[20];
    if (sscanf(line, "# HELP %99s", name) == 1) {
        for (size_t i = 0; i < n_families; i++)
            assert_string_not_equal(families[i], name);
        strcpy(families[n_families++], name);
        return;
    }
    assert_int_equal(sscanf(line, "# TYPE %99s %19s", name, type), 2);
    assert_string_equal(families[n_families - 1], name);
    assert_true(!strcmp(type, "counter") || !strcmp(type, "gauge") || !strcmp(type, "histogram"));
    if (!strcmp(type, "counter"))
        assert_string_equal(name + strlen(name) - 6, "_total");
}

static void read_page(struct metrics *metrics, struct residency *residency)
{
    struct text page;
    text_init(&page, 4 << 20);
    n_samples = n_families = 0;
    assert_true(metrics_write(metrics, residency, &page));
    assert_true(page.length > 0 && page.data[page.length - 1] == '\n');
    for (char *line = page.data, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        if (*line == '#')
            read_comment(line);
        else
            read_sample(line);
    }
    text_release(&page);
}

static double value_of(const char *key)
{
    for (size_t i = 0; i < n_samples; i++)
        if (strcmp(samples[i].key, key) == 0)
            return samples[i].value;
    return -1;
}

static void assert_value(const char *key, double expected)
{
    double value = value_of(key);
    if (value != expected)
        fail_msg("%s is %g, expected %g", key, value, expected);
}

static struct metrics *open_metrics(void)
{
    struct metrics *metrics = NULL;
    struct error err = { 0 };
    assert_ok(metrics_open(&metrics, &err), err);
    return metrics;
}

/* ---- residency, made up ---- */

struct residency {
    size_t n_models;
    const char *awaited; /* a model that three requests wait for */
};

void residency_visit(struct residency *residency,
                     void (*visit)(void *context, const struct resident *model), void *context)
{
    for (size_t i = 0; i < residency->n_models; i++) {
        char name[32];
        snprintf(name, sizeof name, "model-%zu:latest", i);
        visit(context, &(struct resident){ .name = name,
                                           .weights_bytes = 1000 + i,
                                           .scratch_bytes = 200,
                                           .kv_bytes = 300,
                                           .kv_used_bytes = 100,
                                           .kv_cached_bytes = 150,
                                           .n_ctx = 4096,
                                           .n_running = 2,
                                           .n_waiting = 5 });
    }
}

void residency_visit_awaited(struct residency *residency,
                             void (*visit)(void *context, const char *name, size_t n_waiting),
                             void *context)
{
    if (residency->awaited)
        visit(context, residency->awaited, 3);
}

uint64_t residency_budget_bytes(const struct residency *residency)
{
    (void)residency;
    return (uint64_t)1 << 52;
}

enum { MILLISECOND = 1000000 };

TEST(metrics_count_requests_by_route_and_status)
{
    struct metrics *metrics = open_metrics();
    metrics_http(metrics, "/api/chat", 200, 2 * MILLISECOND);
    metrics_http(metrics, "/api/chat", 200, 3 * MILLISECOND);
    metrics_http(metrics, "/api/chat", 404, (uint64_t)400 * 1000 * MILLISECOND);
    metrics_http(metrics, "/api/tags", 200, MILLISECOND);
    read_page(metrics, NULL);
    assert_value("hearth_http_requests_total{route=\"/api/chat\",status=\"200\"}", 2);
    assert_value("hearth_http_requests_total{route=\"/api/chat\",status=\"404\"}", 1);
    assert_value("hearth_http_requests_total{route=\"/api/tags\",status=\"200\"}", 1);
    assert_value("hearth_http_request_seconds_bucket{route=\"/api/chat\",le=\"0.001\"}", 0);
    assert_value("hearth_http_request_seconds_bucket{route=\"/api/chat\",le=\"0.005\"}", 2);
    assert_value("hearth_http_request_seconds_bucket{route=\"/api/chat\",le=\"300\"}", 2);
    assert_value("hearth_http_request_seconds_bucket{route=\"/api/chat\",le=\"+Inf\"}", 3);
    assert_value("hearth_http_request_seconds_count{route=\"/api/chat\"}", 3);
    assert_value("hearth_http_request_seconds_sum{route=\"/api/chat\"}", 400.005);
    assert_value("hearth_http_request_seconds_bucket{route=\"/api/tags\",le=\"0.001\"}", 1);
    metrics_close(&metrics);
    assert_null(metrics);
}

TEST(metrics_tell_how_a_model_answers)
{
    struct metrics *metrics = open_metrics();
    metrics_answer(metrics, "a:latest", 4 * MILLISECOND, 40 * MILLISECOND, 100, 80, 10,
                   200 * MILLISECOND, "stop");
    metrics_answer(metrics, "a:latest", 60 * MILLISECOND, 400 * MILLISECOND, 50, 0, 4,
                   40 * MILLISECOND, "length");
    metrics_answer(metrics, "a:latest", MILLISECOND, 0, 7, 0, 0, 0, "cancelled");
    metrics_load(metrics, "a:latest", 80 * MILLISECOND);
    metrics_worker_died(metrics, "a:latest");
    metrics_refused(metrics, "busy");
    metrics_refused(metrics, "busy");
    metrics_refused(metrics, "door");
    read_page(metrics, NULL);
    assert_value("hearth_answers_total{model=\"a:latest\",reason=\"stop\"}", 1);
    assert_value("hearth_answers_total{model=\"a:latest\",reason=\"cancelled\"}", 1);
    assert_value("hearth_prompt_tokens_total{model=\"a:latest\"}", 157);
    assert_value("hearth_cached_prompt_tokens_total{model=\"a:latest\"}", 80);
    assert_value("hearth_answer_tokens_total{model=\"a:latest\"}", 14);
    assert_value("hearth_queue_seconds_count{model=\"a:latest\"}", 3);
    assert_value("hearth_time_to_first_token_seconds_count{model=\"a:latest\"}", 2);
    assert_value("hearth_time_to_first_token_seconds_bucket{model=\"a:latest\",le=\"0.05\"}", 1);
    assert_value("hearth_time_per_output_token_seconds_bucket{model=\"a:latest\",le=\"0.01\"}", 1);
    assert_value("hearth_time_per_output_token_seconds_bucket{model=\"a:latest\",le=\"0.02\"}", 2);
    assert_value("hearth_model_load_seconds_count{model=\"a:latest\"}", 1);
    assert_value("hearth_worker_deaths_total{model=\"a:latest\"}", 1);
    assert_value("hearth_refusals_total{reason=\"busy\"}", 2);
    assert_value("hearth_refusals_total{reason=\"door\"}", 1);
    metrics_close(&metrics);
}

TEST(metrics_histograms_never_fall)
{
    struct metrics *metrics = open_metrics();
    for (uint64_t ns = 1; ns < (uint64_t)1 << 50; ns = ns * 3 + 1) {
        metrics_answer(metrics, "m", ns, ns, 1, 0, 1, ns, "stop");
        metrics_load(metrics, "m", ns);
        metrics_http(metrics, "/r", 200, ns);
    }
    read_page(metrics, NULL);
    double last = 0;
    size_t n_buckets = 0;
    for (size_t i = 0; i < n_samples; i++) {
        if (!strstr(samples[i].key, "_bucket{"))
            continue;
        bool is_first = i == 0 || !strstr(samples[i - 1].key, "_bucket{");
        assert_true(is_first || samples[i].value >= last);
        last = samples[i].value;
        n_buckets++;
        if (strstr(samples[i].key, "+Inf"))
            assert_true(samples[i + 2].value == last); /* _sum, then _count */
    }
    assert_int_equal(n_buckets, 13 + 15 + 15 + 15 + 13);
    metrics_close(&metrics);
}

TEST(metrics_escape_names_and_replace_what_is_no_utf8)
{
    struct metrics *metrics = open_metrics();
    metrics_load(metrics, "a\"b\\c\nd\xff\xc3\xa9", 1);
    read_page(metrics, NULL);
    assert_value("hearth_model_load_seconds_count{model=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\xc3\xa9\"}",
                 1);
    metrics_close(&metrics);
}

TEST(metrics_count_together_what_has_too_many_names)
{
    struct metrics *metrics = open_metrics();
    char name[300];
    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof name, "model-%d", i);
        metrics_worker_died(metrics, name);
        metrics_refused(metrics, name);
        metrics_http(metrics, name, (unsigned)(100 + i), 1);
        metrics_http(metrics, "/", (unsigned)(100 + i), 1);
        metrics_answer(metrics, "one", 1, 1, 1, 1, 1, 1, name);
    }
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    metrics_worker_died(metrics, name);
    read_page(metrics, NULL);
    assert_value("hearth_worker_deaths_total{model=\"model-61\"}", 1);
    assert_value("hearth_worker_deaths_total{model=\"model-62\"}", -1);
    assert_value("hearth_worker_deaths_total{model=\"other\"}", 500 + 1 - 62);
    assert_value("hearth_refusals_total{reason=\"other\"}", 500 - 15);
    assert_value("hearth_http_requests_total{route=\"/\",status=\"other\"}", 500 - 15);
    assert_true(n_samples < 12000);
    metrics_close(&metrics);
}

TEST(metrics_tell_the_memory_of_models)
{
    struct metrics *metrics = open_metrics();
    struct residency residency = { .n_models = 2 };
    read_page(metrics, &residency);
    assert_value("hearth_memory_budget_bytes", (double)((uint64_t)1 << 52));
    assert_value("hearth_models_loaded", 2);
    assert_value("hearth_memory_bytes{model=\"model-1:latest\",owner=\"weights\"}", 1001);
    assert_value("hearth_memory_bytes{model=\"model-0:latest\",owner=\"kv\"}", 300);
    assert_value("hearth_kv_bytes{model=\"model-0:latest\",state=\"cached\"}", 150);
    assert_value("hearth_context_tokens{model=\"model-0:latest\"}", 4096);
    assert_value("hearth_requests_waiting{model=\"model-1:latest\"}", 5);
    assert_true(value_of("process_resident_memory_bytes") > 1 << 16);
    char version[100];
    snprintf(version, sizeof version, "hearth_build_info{version=\"%s\"}", hearth_version());
    assert_value(version, 1);
    residency.n_models = 1000;
    read_page(metrics, &residency);
    assert_value("hearth_models_loaded", 1000);
    metrics_close(&metrics);
}

TEST(metrics_count_requests_that_wait_for_memory_by_their_model)
{
    struct metrics *metrics = open_metrics();
    struct residency residency = { .n_models = 2, .awaited = "new:latest" };
    read_page(metrics, &residency);
    assert_value("hearth_requests_waiting{model=\"new:latest\"}", 3);
    assert_value("hearth_requests_running{model=\"new:latest\"}", -1);
    assert_value("hearth_memory_bytes{model=\"new:latest\",owner=\"kv\"}", -1);
    assert_value("hearth_models_loaded", 2);
    residency.awaited = "model-1:latest"; /* it yields, and shall come back */
    read_page(metrics, &residency);
    assert_value("hearth_requests_waiting{model=\"model-1:latest\"}", 5 + 3);
    assert_value("hearth_memory_bytes{model=\"model-1:latest\",owner=\"kv\"}", 300);
    residency.n_models = 1000;
    read_page(metrics, &residency);
    assert_value("hearth_models_loaded", 1000);
    metrics_close(&metrics);
}

TEST(metrics_say_when_the_page_is_not_whole)
{
    struct metrics *metrics = open_metrics();
    struct text page;
    text_init(&page, 100);
    assert_false(metrics_write(metrics, NULL, &page));
    text_release(&page);
    metrics_close(&metrics);
}

TEST(metrics_are_all_in_the_document)
{
    FILE *file = fopen("docs/serving.md", "r");
    if (!file)
        SKIP("docs/serving.md is not below this folder");
    static char document[1 << 16];
    assert_true(fread(document, 1, sizeof document - 1, file) > 0);
    fclose(file);
    struct metrics *metrics = open_metrics();
    struct residency residency = { .n_models = 1 };
    read_page(metrics, &residency);
    for (size_t i = 0; i < n_families; i++) {
        char quoted[110];
        snprintf(quoted, sizeof quoted, "`%s`", families[i]);
        if (!strstr(document, quoted))
            fail_msg("docs/serving.md does not know %s", families[i]);
    }
    metrics_close(&metrics);
}
