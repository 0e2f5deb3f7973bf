/* llama_decode.c: a llama.cpp that came as shared libraries, measured without anything in between.
 *
 *     llama_decode FOLDER MODEL THREADS FLASH_ATTENTION(0|1) KV_TYPE(number of ggml, -1: its default) CELLS SEQUENCES
 *
 * Opens the model with the libraries in FOLDER and does what lines on standard input say, each of which is answered by a
 * line of JSON:
 *
 *     depth D                   read D tokens before what follows: {"ready":D}
 *     prompt N                  read N tokens more, and forget them: {"seconds":...,"peak_bytes":...}
 *     generate N S              N steps of one token for each of S sequences, then forgotten: the same
 *
 * As in llama-bench, threads stay between steps, tokens are arbitrary, and no sampler runs. There is one context for a single
 * sequence and one for batches, so that neither bears the other's cells.
 *
 * Of the interface only what llama.cpp has kept for years is declared here. The parameters of a context are found by their
 * default values, because their number changes with every release. */
#include <dlfcn.h>
#include <glob.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { STEP_TOKENS = 512, MOST_SEQUENCES = 256 };

/* Passed and returned by value, in memory as every large structure: the size need only suffice. */
struct parameters {
    int32_t words[256];
};

struct batch {
    int32_t n_tokens;
    int32_t *tokens;
    float *embeddings;
    int32_t *positions, *n_sequences, **sequences;
    int8_t *wanted;
};

static struct {
    void (*log_set)(void (*log)(int level, const char *text, void *data), void *data);
    void (*load_backends)(const char *folder);
    struct parameters (*model_defaults)(void), (*context_defaults)(void);
    struct parameters (*pool_defaults)(int n_threads);
    void *(*open_model)(const char *path, struct parameters parameters);
    void *(*open_context)(void *model, struct parameters parameters);
    void *(*open_pool)(struct parameters *parameters);
    void (*attach_pool)(void *context, void *pool, void *pool_for_batches);
    int32_t (*decode)(void *context, struct batch batch);
    void *(*memory_of)(void *context);
    void (*clear)(void *memory, bool data);
    bool (*forget)(void *memory, int32_t sequence, int32_t from, int32_t to);
    void (*copy)(void *memory, int32_t from, int32_t to, int32_t first, int32_t last);
} llama;

static struct {
    const char *folder, *path;
    int n_threads, flash_attention, kv_type, n_cells, n_sequences, depth;
    void *model, *pool;
    struct context {
        void *llama;
        int n_sequences, depth;
    } single, batch;
} state;

static void die(const char *what, const char *which)
{
    fprintf(stderr, "llama_decode: %s%s\n", what, which);
    exit(1);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The first file of the folder that has such a name. */
static void *open_library(const char *pattern)
{
    char path[4096];
    glob_t found;
    snprintf(path, sizeof path, "%s/%s", state.folder, pattern);
    if (glob(path, 0, NULL, &found) != 0)
        die("no such library: ", path);
    void *library = dlopen(found.gl_pathv[0], RTLD_NOW | RTLD_GLOBAL);
    if (!library)
        die(dlerror(), "");
    globfree(&found);
    return library;
}

static void *symbol(void *library, const char *name)
{
    void *address = dlsym(library, name);
    if (!address)
        die("the library has no ", name);
    return address;
}

/* The library with the arithmetic, of those in the folder the one that was loaded. */
static void *loaded_backend(void)
{
    char line[4096], *path = NULL;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && !path && fgets(line, sizeof line, maps))
        if (strstr(line, "libggml-cpu") && (path = strchr(line, '/')))
            path[strcspn(path, "\n")] = 0;
    if (maps)
        fclose(maps);
    void *library = path ? dlopen(path, RTLD_NOW) : NULL;
    if (!library)
        die("no CPU backend was loaded from ", state.folder);
    return library;
}

static void log_errors(int level, const char *text, void *data)
{
    (void)data;
    if (level == 4) /* GGML_LOG_LEVEL_ERROR */
        fputs(text, stderr);
}

static void open_libraries(void)
{
    void *base = open_library("libggml-base*.so"), *ggml = open_library("libggml.*so");
    void *library = open_library("libllama.*so");
    *(void **)&llama.load_backends = symbol(ggml, "ggml_backend_load_all_from_path");
    *(void **)&llama.pool_defaults = symbol(base, "ggml_threadpool_params_default");
    *(void **)&llama.log_set = symbol(library, "llama_log_set");
    *(void **)&llama.model_defaults = symbol(library, "llama_model_default_params");
    *(void **)&llama.context_defaults = symbol(library, "llama_context_default_params");
    *(void **)&llama.open_model = symbol(library, "llama_model_load_from_file");
    *(void **)&llama.open_context = symbol(library, "llama_init_from_model");
    *(void **)&llama.attach_pool = symbol(library, "llama_attach_threadpool");
    *(void **)&llama.decode = symbol(library, "llama_decode");
    *(void **)&llama.memory_of = symbol(library, "llama_get_memory");
    *(void **)&llama.clear = symbol(library, "llama_memory_clear");
    *(void **)&llama.forget = symbol(library, "llama_memory_seq_rm");
    *(void **)&llama.copy = symbol(library, "llama_memory_seq_cp");
    llama.log_set(log_errors, NULL);
    llama.load_backends(state.folder);
    *(void **)&llama.open_pool = symbol(loaded_backend(), "ggml_threadpool_new");
}

/* Where `count` words of that value stand one after the other. */
static int find_words(const struct parameters *p, int from, int32_t value, int count, const char *what)
{
    for (int i = from; i + count <= 64; i++) {
        int n = 0;
        while (n < count && p->words[i + n] == value)
            n++;
        if (n == count)
            return i;
    }
    die("the parameters of this llama.cpp look different: no ", what);
    return 0;
}

static struct parameters context_parameters(int n_sequences)
{
    struct parameters p = llama.context_defaults();
    if (p.words[0] != 512 || p.words[1] != 2048 || p.words[2] != 512 || p.words[3] != 1)
        die("the parameters of this llama.cpp look different: ", "sizes");
    int threads = find_words(&p, 4, 4, 2, "threads");
    int choices = find_words(&p, threads + 2, -1, 4, "choices"); /* the last: flash attention */
    int types = find_words(&p, choices + 4, 1, 2, "types of keys and values");
    p.words[0] = (state.n_cells + 255) / 256 * 256 * n_sequences;
    p.words[1] = p.words[2] = STEP_TOKENS;
    p.words[3] = n_sequences;
    p.words[threads] = p.words[threads + 1] = state.n_threads;
    p.words[choices + 3] = state.flash_attention;
    if (state.kv_type >= 0)
        p.words[types] = p.words[types + 1] = state.kv_type;
    return p;
}

static void decode(void *context, int n, const int32_t *positions, bool one_sequence, bool wants_last)
{
    static int32_t tokens[STEP_TOKENS], at[STEP_TOKENS], counts[STEP_TOKENS], ids[STEP_TOKENS];
    static int32_t *sequences[STEP_TOKENS];
    static int8_t wanted[STEP_TOKENS];
    for (int i = 0; i < n; i++) {
        at[i] = positions[i];
        tokens[i] = (int32_t)(((uint32_t)positions[i] * 7919u + (uint32_t)i * 31u + 13) % 256);
        counts[i] = 1;
        ids[i] = one_sequence ? 0 : i;
        sequences[i] = &ids[i];
        wanted[i] = one_sequence ? wants_last && i == n - 1 : 1;
    }
    struct batch batch = { n, tokens, NULL, at, counts, sequences, wanted };
    if (llama.decode(context, batch) != 0)
        die("llama_decode failed", "");
}

static void read_tokens(void *context, int from, int n_tokens)
{
    int32_t positions[STEP_TOKENS];
    for (int done = 0; done < n_tokens;) {
        int n = n_tokens - done < STEP_TOKENS ? n_tokens - done : STEP_TOKENS;
        for (int i = 0; i < n; i++)
            positions[i] = from + done + i;
        done += n;
        decode(context, n, positions, true, done == n_tokens);
    }
}

/* Opened when first needed, and at the present depth. */
static void *ready_context(struct context *c, int n_sequences)
{
    if (!c->llama) {
        c->llama = llama.open_context(state.model, context_parameters(n_sequences));
        if (!c->llama)
            die("cannot open a context", "");
        llama.attach_pool(c->llama, state.pool, state.pool);
        c->n_sequences = n_sequences;
        c->depth = 0;
    }
    if (c->depth != state.depth) {
        llama.clear(llama.memory_of(c->llama), false);
        read_tokens(c->llama, 0, state.depth);
        for (int i = 1; i < c->n_sequences; i++)
            llama.copy(llama.memory_of(c->llama), 0, i, -1, -1);
        c->depth = state.depth;
    }
    return c->llama;
}

static void answer(double seconds)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"seconds\":%.9f,\"peak_bytes\":%ld}\n", seconds, usage.ru_maxrss * 1024);
}

static void forget(void *context, int n_sequences)
{
    for (int i = 0; i < n_sequences; i++)
        llama.forget(llama.memory_of(context), i, state.depth, -1);
}

static void measure_prompt(int n_tokens)
{
    void *context = ready_context(&state.single, 1);
    double began = seconds_now();
    read_tokens(context, state.depth, n_tokens);
    answer(seconds_now() - began);
    forget(context, 1);
}

static void measure_generation(int n_steps, int n_sequences)
{
    int32_t positions[MOST_SEQUENCES];
    void *context = n_sequences > 1 ? ready_context(&state.batch, state.n_sequences) :
                                      ready_context(&state.single, 1);
    double began = seconds_now();
    for (int step = 0; step < n_steps; step++) {
        for (int i = 0; i < n_sequences; i++)
            positions[i] = state.depth + step;
        decode(context, n_sequences, positions, n_sequences == 1, true);
    }
    answer(seconds_now() - began);
    forget(context, n_sequences);
}

static void obey(const char *line)
{
    int n, n_sequences;
    if (sscanf(line, "depth %d", &n) == 1) {
        state.depth = n;
        printf("{\"ready\":%d}\n", n);
    } else if (sscanf(line, "prompt %d", &n) == 1) {
        measure_prompt(n);
    } else if (sscanf(line, "generate %d %d", &n, &n_sequences) == 2 && n_sequences >= 1 &&
               n_sequences <= state.n_sequences) {
        measure_generation(n, n_sequences);
    } else {
        die("no such command: ", line);
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc != 8)
        die("FOLDER MODEL THREADS FLASH_ATTENTION KV_TYPE CELLS SEQUENCES", " are wanted");
    state.folder = argv[1];
    state.path = argv[2];
    state.n_threads = atoi(argv[3]);
    state.flash_attention = atoi(argv[4]);
    state.kv_type = atoi(argv[5]);
    state.n_cells = atoi(argv[6]);
    state.n_sequences = atoi(argv[7]);
    if (state.n_sequences < 1 || state.n_sequences > MOST_SEQUENCES)
        die("not a possible number of sequences: ", argv[7]);
    open_libraries();
    double began = seconds_now();
    state.model = llama.open_model(state.path, llama.model_defaults());
    if (!state.model)
        die("cannot open ", state.path);
    printf("{\"load_ms\":%.3f}\n", (seconds_now() - began) * 1e3);
    fflush(stdout);
    struct parameters pool = llama.pool_defaults(state.n_threads);
    state.pool = llama.open_pool(&pool);
    char line[200];
    while (fgets(line, sizeof line, stdin))
        obey(line);
    return 0;
}
