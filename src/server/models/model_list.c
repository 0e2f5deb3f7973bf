#include "server/models/model_list.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mapped_file.h"
#include "base/memory.h"
#include "base/table.h"
#include "server/models/fingerprint.h"
#include "server/models/model_folder.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum {
    SCAN_BYTES = 32 << 20,
    /* A client's burst of requests looks at the folder once. */
    FRESH_NS = 1000000000,
    MOST_LEARNED = 256,
};
static const char latest[] = ":latest";

struct entry {
    struct model_file file; /* name: without ":latest" */
    const char *name;       /* with a tag */
    const char *given;      /* as on the command line, or NULL */
    char digest[FINGERPRINT_BYTES];
};

/* What a worker told of a file, found by its digest. */
struct learned {
    char digest[FINGERPRINT_BYTES];
    char architecture[64], quantization[32], capabilities[128];
    uint64_t n_parameters;
    uint32_t n_ctx_train, n_embd;
};

/* What was there when somebody looked. */
struct scan {
    struct arena *arena; /* of all that follows */
    struct entry *entries;
    size_t n;
    struct error folder_error; /* the folder's own models are missing */
    uint64_t made_ns;
};

struct model_list {
    struct arena *arena;
    const char *folder;
    const char **paths, **shipped;
    size_t n_paths, n_shipped;
    pthread_mutex_t lock;
    struct scan scan;                     /* guarded by lock */
    struct learned learned[MOST_LEARNED]; /* guarded by lock; a ring */
    size_t n_learned;                     /* guarded by lock; all ever */
};

/* ---- looking at what is there ---- */

static bool add_entry(struct scan *scan, struct table *names, const struct model_file *file,
                      const char *given)
{
    const char *slash = strrchr(file->name, '/');
    bool has_tag = strchr(slash ? slash : file->name, ':');
    char *key = arena_printf(scan->arena, "%s %" PRIu64 " %" PRId64, file->path, file->size_bytes,
                             file->modified_ns);
    struct entry entry = { .file = *file, .given = given };
    entry.name = arena_printf(scan->arena, "%s%s", file->name, has_tag ? "" : latest);
    if (!key || !entry.name)
        return false;
    if (table_get(names, slice_of(entry.name), NULL))
        return true;
    fingerprint(slice_of(key), entry.digest);
    scan->entries[scan->n++] = entry;
    return table_put(names, slice_of(entry.name), 0);
}

/* A model of the program is as old as the program. */
static bool look_at_shipped(struct model_file *file, const char *name, struct arena *arena,
                            struct error *err)
{
    struct mapped_file *mapped = NULL;
    struct model_file program;
    if (!mapped_file_open(&mapped, name, err))
        return false;
    *file = (struct model_file){ .name = name, .path = name, .size_bytes = mapped->size };
    mapped_file_close(&mapped);
    if (model_file_look(&program, "/proc/self/exe", arena, NULL))
        file->modified_ns = program.modified_ns;
    return true;
}

static bool is_shipped(const struct model_list *list, const char *path)
{
    for (size_t i = 0; i < list->n_shipped; i++)
        if (strcmp(list->shipped[i], path) == 0)
            return true;
    return false;
}

/* Those that are gone are passed over: the next one who asks for them is told. */
static bool collect(const struct model_list *list, struct scan *scan, struct table *names)
{
    struct model_file file, *files = NULL;
    size_t n_files = 0;
    bool ok = true;
    if (list->folder &&
        !model_folder_read(&files, &n_files, list->folder, scan->arena, &scan->folder_error))
        n_files = 0;
    size_t most = list->n_paths + n_files + list->n_shipped;
    scan->entries = arena_alloc_array(scan->arena, most ? most : 1, sizeof *scan->entries);
    if (!scan->entries)
        return false;
    for (size_t i = 0; ok && i < list->n_paths; i++)
        if (!is_shipped(list, list->paths[i]) &&
            model_file_look(&file, list->paths[i], scan->arena, NULL))
            ok = add_entry(scan, names, &file, list->paths[i]);
    for (size_t i = 0; ok && i < n_files; i++)
        ok = add_entry(scan, names, &files[i], NULL);
    for (size_t i = 0; ok && i < list->n_shipped; i++)
        if (look_at_shipped(&file, list->shipped[i], scan->arena, NULL))
            ok = add_entry(scan, names, &file, NULL);
    return ok;
}

static int newest_first(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->file.modified_ns != y->file.modified_ns)
        return x->file.modified_ns < y->file.modified_ns ? 1 : -1;
    return strcmp(x->name, y->name);
}

/* Under the lock. What was seen before stays when memory is out. */
static bool look_anew(struct model_list *list, struct error *err)
{
    struct table names = { 0 };
    struct scan scan = { .arena = arena_new(SCAN_BYTES) };
    bool ok = scan.arena && table_init(&names, 64) && collect(list, &scan, &names);
    table_release(&names);
    if (!ok) {
        arena_free(&scan.arena);
        return fail(err, ERROR_MEMORY, "out of memory: cannot list the models (limit %d MB)",
                    SCAN_BYTES >> 20);
    }
    qsort(scan.entries, scan.n, sizeof *scan.entries, newest_first);
    scan.made_ns = clock_ns();
    arena_free(&list->scan.arena);
    list->scan = scan;
    return true;
}

/* ---- opening ---- */

static const char **copy_strings(struct arena *arena, const char *const *strings, size_t n)
{
    const char **copies = arena_alloc_array(arena, n + 1, sizeof *copies);
    for (size_t i = 0; copies && i < n; i++)
        if (!(copies[i] = arena_copy(arena, slice_of(strings[i]))))
            return NULL;
    return copies;
}

static bool copy_options(struct model_list *list, const struct model_list_options *options)
{
    list->arena = arena_new(1 << 20);
    if (!list->arena)
        return false;
    list->paths = copy_strings(list->arena, options->paths, options->n_paths);
    list->shipped = copy_strings(list->arena, options->shipped, options->n_shipped);
    list->n_paths = options->n_paths;
    list->n_shipped = options->n_shipped;
    bool has_folder = options->folder && *options->folder;
    if (has_folder)
        list->folder = arena_copy(list->arena, slice_of(options->folder));
    return list->paths && list->shipped && (!has_folder || list->folder);
}

/* A path that was typed wrongly is told at once. */
static bool check_paths(const struct model_list *list, struct error *err)
{
    struct arena *arena = arena_new(1 << 20);
    bool ok = arena || fail_memory(err, 1 << 20, "the list of models");
    for (size_t i = 0; ok && i < list->n_paths; i++) {
        struct model_file file;
        ok = is_shipped(list, list->paths[i]) || model_file_look(&file, list->paths[i], arena, err);
    }
    arena_free(&arena);
    return ok;
}

bool model_list_open(struct model_list **out, const struct model_list_options *options,
                     struct error *err)
{
    struct model_list *list = memory_zeroed(1, sizeof *list);
    if (!list)
        return fail_memory(err, sizeof *list, "the list of models");
    pthread_mutex_init(&list->lock, NULL);
    bool ok = copy_options(list, options) || fail_memory(err, 1 << 20, "the list of models");
    if (!ok || !check_paths(list, err)) {
        model_list_close(&list);
        return false;
    }
    *out = list;
    return true;
}

void model_list_close(struct model_list **list)
{
    if (!*list)
        return;
    pthread_mutex_destroy(&(*list)->lock);
    arena_free(&(*list)->scan.arena);
    arena_free(&(*list)->arena);
    memory_free(*list);
    *list = NULL;
}

/* ---- from a name to a file ---- */

static struct slice without_latest(struct slice name)
{
    size_t n = strlen(latest);
    if (name.length > n && strncasecmp(name.data + name.length - n, latest, n) == 0)
        name.length -= n;
    return name;
}

static bool same_letters(struct slice a, struct slice b)
{
    return a.length == b.length && strncasecmp(a.data, b.data, a.length) == 0;
}

/* How well an entry answers to a name; the least wins. */
enum match { SAME_NAME, SAME_LETTERS, SAME_SHORT_NAME, NO_MATCH };

static enum match match(const struct entry *entry, struct slice wanted)
{
    if (entry->given && slice_equal(slice_of(entry->given), wanted))
        return SAME_NAME;
    struct slice stem = model_name_stem(without_latest(wanted));
    struct slice own = without_latest(slice_of(entry->name));
    if (slice_equal(own, stem))
        return SAME_NAME;
    if (same_letters(own, stem))
        return SAME_LETTERS;
    const char *slash = strrchr(entry->file.name, '/');
    if (slash && same_letters(without_latest(slice_of(slash + 1)), stem))
        return SAME_SHORT_NAME;
    return NO_MATCH;
}

/* The best; *other: another one that is as good, when neither is meant more than the other. */
static const struct entry *find_entry(const struct scan *scan, struct slice wanted,
                                      const struct entry **other)
{
    const struct entry *best = NULL;
    enum match best_match = NO_MATCH;
    *other = NULL;
    for (size_t i = 0; i < scan->n; i++) {
        enum match found = match(&scan->entries[i], wanted);
        if (found < best_match)
            best = &scan->entries[i], best_match = found, *other = NULL;
        else if (found == best_match && best)
            *other = &scan->entries[i];
    }
    if (best_match == SAME_NAME)
        *other = NULL;
    return best;
}

static bool tell_found(const struct entry *entry, const struct entry *other, struct slice wanted,
                       struct text *name, struct text *path, struct error *err)
{
    if (other)
        return fail(err, ERROR_NOT_FOUND,
                    "model '%s' not found: it may be '%s' or '%s', name one of them",
                    printable(wanted), entry->name, other->name);
    text_clear(name);
    text_clear(path);
    if (!text_append_string(name, entry->name) || !text_append_string(path, entry->file.path))
        return fail(err, ERROR_MEMORY, "out of memory: cannot keep the name of model '%s'",
                    entry->name);
    return true;
}

static bool find(struct model_list *list, struct slice wanted, struct text *name, struct text *path,
                 struct error *err)
{
    const struct entry *other, *entry = NULL;
    if (list->scan.arena && clock_ns() - list->scan.made_ns < FRESH_NS)
        entry = find_entry(&list->scan, wanted, &other);
    if (!entry) {
        if (!look_anew(list, err))
            return false;
        entry = find_entry(&list->scan, wanted, &other);
    }
    if (entry)
        return tell_found(entry, other, wanted, name, path, err);
    if (list->scan.folder_error.code != ERROR_NONE)
        return fail(err, ERROR_NOT_FOUND, "model '%s' not found: %s", printable(wanted),
                    list->scan.folder_error.message);
    return fail(err, ERROR_NOT_FOUND, "model '%s' not found", printable(wanted));
}

bool model_list_find(struct model_list *list, struct slice wanted, struct text *name,
                     struct text *path, struct error *err)
{
    pthread_mutex_lock(&list->lock);
    bool ok = find(list, wanted, name, path, err);
    pthread_mutex_unlock(&list->lock);
    return ok;
}

/* ---- what is in a model ---- */

static struct learned *find_learned(struct model_list *list, const char *digest)
{
    for (size_t i = 0; i < size_min(list->n_learned, MOST_LEARNED); i++)
        if (strcmp(list->learned[i].digest, digest) == 0)
            return &list->learned[i];
    return NULL;
}

static void copy_text(char *out, size_t size, const struct json *text)
{
    struct slice value = json_text(text);
    snprintf(out, size, "%.*s", (int)size_min(value.length, size - 1), value.data);
}

static uint64_t count_of(const struct json *number, uint64_t most)
{
    int64_t value = json_int(number, 0);
    return value < 0 || (uint64_t)value > most ? 0 : (uint64_t)value;
}

static void join_names(char *out, size_t size, const struct json *names)
{
    size_t length = 0;
    out[0] = '\0';
    for (size_t i = 0; i < json_size(names); i++) {
        struct slice name = json_text(json_at(names, i));
        if (length + name.length + 2 > size)
            return;
        length += (size_t)snprintf(out + length, size - length, "%s%.*s", length ? "," : "",
                                   (int)name.length, name.data);
    }
}

void model_list_learn(struct model_list *list, const char *name, const struct json *info)
{
    struct learned fresh;
    copy_text(fresh.architecture, sizeof fresh.architecture, json_get(info, "architecture"));
    copy_text(fresh.quantization, sizeof fresh.quantization, json_get(info, "quantization"));
    join_names(fresh.capabilities, sizeof fresh.capabilities, json_get(info, "capabilities"));
    fresh.n_parameters = count_of(json_get(info, "n_parameters"), INT64_MAX);
    fresh.n_ctx_train = (uint32_t)count_of(json_get(info, "n_ctx_train"), UINT32_MAX);
    fresh.n_embd = (uint32_t)count_of(json_get(info, "n_embd"), UINT32_MAX);
    pthread_mutex_lock(&list->lock);
    const struct entry *other, *entry = find_entry(&list->scan, slice_of(name), &other);
    if (entry) {
        struct learned *place = find_learned(list, entry->digest);
        strcpy(fresh.digest, entry->digest);
        *(place ? place : &list->learned[list->n_learned++ % MOST_LEARNED]) = fresh;
    }
    pthread_mutex_unlock(&list->lock);
}

static struct listed_model listed(struct model_list *list, const struct entry *entry)
{
    static const struct learned nothing;
    const struct learned *learned = find_learned(list, entry->digest);
    if (!learned)
        learned = &nothing;
    return (struct listed_model){
        .name = entry->name,
        .path = entry->file.path,
        .size_bytes = entry->file.size_bytes,
        .modified_ns = entry->file.modified_ns,
        .format = entry->file.is_folder ? "safetensors" : "gguf",
        .digest = entry->digest,
        .architecture = learned->architecture,
        .quantization = learned->quantization,
        .capabilities = learned->capabilities,
        .n_parameters = learned->n_parameters,
        .n_ctx_train = learned->n_ctx_train,
        .n_embd = learned->n_embd,
    };
}

bool model_list_visit(struct model_list *list,
                      void (*visit)(void *context, const struct listed_model *model), void *context,
                      struct error *err)
{
    pthread_mutex_lock(&list->lock);
    bool ok = look_anew(list, err);
    if (ok && list->scan.folder_error.code != ERROR_NONE) {
        *err = list->scan.folder_error;
        ok = false;
    }
    for (size_t i = 0; ok && i < list->scan.n; i++) {
        struct listed_model model = listed(list, &list->scan.entries[i]);
        visit(context, &model);
    }
    pthread_mutex_unlock(&list->lock);
    return ok;
}
