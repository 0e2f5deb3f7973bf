#include "base/clock.h"
#include "base/memory.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/read_probe.h"
#include "runtime/engine.h"

#include <stdio.h>
#include <stdlib.h>

static const char about[] =
    "Measures in one run, as medians of the repetitions after one that is not counted:\n"
    "  prompt_tps         tokens of the prompt a second\n"
    "  gen_tps            tokens generated a second after that prompt, one sequence\n"
    "  ttft_ms            from the prompt to the first token of the answer\n"
    "  read_gbs           how fast this machine reads memory with the same threads (10^9 bytes a "
    "second)\n"
    "and besides\n"
    "  load_ms            opening the model, its file in the page cache\n"
    "  peak_bytes         the process's largest resident size, the mapped file among it\n"
    "  decode_read_share  bytes of weights read a token x gen_tps / read_gbs\n";

enum { MAX_REPETITIONS = 1000 };

struct bench {
    uint32_t n_prompt, n_generate, n_repetitions;
    struct engine *engine;
    token_id *prompt;                                  /* [n_prompt] */
    double *prompt_tps, *gen_tps, *ttft_ms, *read_gbs; /* [n_repetitions] */
    double load_ms, weight_bytes_per_token;
    uint64_t peak_bytes;
};

static double seconds_since(uint64_t began_ns)
{
    return (double)(clock_ns() - began_ns) / 1e9;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare_doubles);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static token_id likeliest(const struct bench *b, const float *logits)
{
    float value;
    size_t n_vocab = (size_t)engine_config(b->engine)->n_vocab;
    return (token_id)engine_kernels(b->engine)->elementwise.argmax(logits, n_vocab, &value);
}

/* What one step of one token reads: every matrix, but of the embedding one row, unless it is the
 * output matrix too. */
static double bytes_per_token(const struct weights *w)
{
    static const char *const embeddings[] = { "token_embd.weight", "model.embed_tokens.weight" };
    static const char *const outputs[] = { "output.weight", "lm_head.weight" };
    double sum = 0;
    for (size_t i = 0; i < weights_count(w); i++)
        sum += (double)weights_at(w, i)->size_bytes;
    for (size_t i = 0; i < COUNT_OF(embeddings); i++) {
        const struct weight *embedding = weights_find(w, embeddings[i]);
        if (embedding && weights_find(w, outputs[i]))
            sum -= (double)embedding->size_bytes;
    }
    return sum;
}

/* Read the prompt, then generate; the numbers of one repetition. */
static bool measure_once(struct bench *b, double *prompt_tps, double *ttft_ms, double *gen_tps,
                         struct error *err)
{
    struct sequence *sequence = NULL;
    float *logits = NULL;
    uint64_t began = clock_ns();
    bool ok = sequence_open(&sequence, b->engine, err) &&
              engine_prefill(b->engine, sequence, b->prompt, b->n_prompt, &logits, NULL, err);
    *prompt_tps = b->n_prompt / seconds_since(began);
    token_id next = ok ? likeliest(b, logits) : 0;
    *ttft_ms = seconds_since(began) * 1e3;
    began = clock_ns();
    for (uint32_t i = 0; ok && i < b->n_generate; i++) {
        ok = engine_prefill(b->engine, sequence, &next, 1, &logits, NULL, err);
        if (ok)
            next = likeliest(b, logits);
    }
    *gen_tps = b->n_generate / seconds_since(began);
    sequence_close(&sequence);
    return ok;
}

static bool measure_all(struct bench *b, struct error *err)
{
    double ignored[3];
    struct read_probe *probe = NULL;
    progress("warming up");
    bool ok = measure_once(b, &ignored[0], &ignored[1], &ignored[2], err);
    /* before the probe's own buffer counts */
    b->peak_bytes = memory_peak_bytes();
    ok = ok && read_probe_open(&probe, engine_n_threads(b->engine), err);
    for (uint32_t i = 0; ok && i < b->n_repetitions; i++) {
        progress("repetition %u of %u", i + 1, b->n_repetitions);
        b->read_gbs[i] = read_probe_pass(probe) / 1e9;
        ok = measure_once(b, &b->prompt_tps[i], &b->ttft_ms[i], &b->gen_tps[i], err);
    }
    progress_clear();
    read_probe_close(&probe);
    return ok;
}

/* Tokens that a text could have, the same ones in every run. */
static void fill_prompt(struct bench *b)
{
    uint64_t state = 1;
    for (uint32_t i = 0; i < b->n_prompt; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        b->prompt[i] = (token_id)((state >> 33) % (uint64_t)engine_config(b->engine)->n_vocab);
    }
}

/* Opened twice: what is measured is the second time, with the file in the page cache. */
static bool open_warm(struct bench *b, const char *path, const struct engine_options *options,
                      struct error *err)
{
    if (!engine_open(&b->engine, path, options, err))
        return false;
    engine_close(&b->engine);
    uint64_t began = clock_ns();
    bool ok = engine_open(&b->engine, path, options, err);
    b->load_ms = seconds_since(began) * 1e3;
    return ok;
}

static bool run(struct bench *b, const char *path, const struct engine_options *options,
                struct error *err)
{
    size_t n = b->n_repetitions;
    b->prompt = memory_zeroed(b->n_prompt, sizeof *b->prompt);
    double *results = memory_zeroed(4 * n, sizeof *results);
    b->prompt_tps = results; /* owns the four arrays */
    if (!b->prompt || !results)
        return fail_memory(err, 4 * n * sizeof *results, "results");
    b->gen_tps = results + n;
    b->ttft_ms = results + 2 * n;
    b->read_gbs = results + 3 * n;
    if (!open_warm(b, path, options, err))
        return false;
    uint64_t needed = (uint64_t)b->n_prompt + b->n_generate;
    if (needed > engine_n_ctx(b->engine))
        return fail(err, ERROR_CONTEXT,
                    "%u prompt and %u generated tokens do not fit the context of %u", b->n_prompt,
                    b->n_generate, engine_n_ctx(b->engine));
    b->weight_bytes_per_token = bytes_per_token(engine_weights(b->engine));
    fill_prompt(b);
    return measure_all(b, err);
}

static void print_result(struct bench *b, bool as_json)
{
    size_t n = b->n_repetitions;
    double prompt_tps = median(b->prompt_tps, n), gen_tps = median(b->gen_tps, n);
    double ttft_ms = median(b->ttft_ms, n), read_gbs = median(b->read_gbs, n);
    double share = b->weight_bytes_per_token * gen_tps / (read_gbs * 1e9);
    if (as_json) {
        printf("{\"prompt_tps\":%.3f,\"gen_tps\":%.3f,\"ttft_ms\":%.3f,\"load_ms\":%.3f,"
               "\"peak_bytes\":%" PRIu64 ",\"read_gbs\":%.3f,\"decode_read_share\":%.4f,"
               "\"threads\":%zu,\"prompt_tokens\":%u,\"gen_tokens\":%u,\"repetitions\":%u}\n",
               prompt_tps, gen_tps, ttft_ms, b->load_ms, b->peak_bytes, read_gbs, share,
               engine_n_threads(b->engine), b->n_prompt, b->n_generate, b->n_repetitions);
        return;
    }
    printf("threads          %zu\n", engine_n_threads(b->engine));
    printf("prompt           %.2f tokens/s (%u tokens)\n", prompt_tps, b->n_prompt);
    printf("generation       %.2f tokens/s (%u tokens)\n", gen_tps, b->n_generate);
    printf("first token      %.2f ms\n", ttft_ms);
    printf("load             %.2f ms\n", b->load_ms);
    printf("peak memory      %.1f MB\n", (double)b->peak_bytes / 1e6);
    printf("memory read      %.2f GB/s, of which decoding reached %.1f %%\n", read_gbs,
           share * 100);
}

int bench_command(int argc, char **argv)
{
    struct bench b = { .n_prompt = 512, .n_generate = 128, .n_repetitions = 5 };
    uint32_t n_threads = 0;
    bool as_json = false;
    const struct option_row rows[] = {
        { "prompt", 'p', OPTION_U32, &b.n_prompt, 1, 1 << 24, "N", "Tokens of the prompt: 512" },
        { "generate", 'n', OPTION_U32, &b.n_generate, 1, 1 << 24, "N", "Tokens to generate: 128" },
        { "repeat", 'r', OPTION_U32, &b.n_repetitions, 1, MAX_REPETITIONS, "N", "Repetitions: 5" },
        { "threads", 't', OPTION_U32, &n_threads, 0, 4096, "N", "Processors to use; 0: all" },
        { "json", 0, OPTION_FLAG, &as_json, 0, 0, NULL, "One line of JSON" },
    };
    const struct usage usage = {
        "bench FILE|DIR [-p 512] [-n 128] [-r 5] [-t N]", about, rows, COUNT_OF(rows), 1, 1
    };
    int status;
    if (!command_begin(&usage, &argc, argv, &status))
        return status;

    struct error err = { 0 };
    struct engine_options options = engine_defaults();
    options.n_threads = n_threads;
    bool ok = run(&b, argv[1], &options, &err);
    if (ok)
        print_result(&b, as_json);
    else
        report(err.message);
    engine_close(&b.engine);
    memory_free(b.prompt);
    memory_free(b.prompt_tps);
    return ok ? 0 : 1;
}
