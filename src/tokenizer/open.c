#include "base/memory.h"
#include "tokenizer/tokenizer_parts.h"

#include <stdio.h>
#include <unistd.h>

enum { MAX_PATH_BYTES = 4096 };

static bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* `name` in the folder of `path`. */
static bool path_beside(const char *path, const char *name, char out[MAX_PATH_BYTES],
                        struct error *err)
{
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path) + 1 : 0;
    int length = snprintf(out, MAX_PATH_BYTES, "%.*s%s", folder, path, name);
    return (length >= 0 && length < MAX_PATH_BYTES) ||
           fail(err, ERROR_USAGE, "the path '%s' is longer than %d bytes", path, MAX_PATH_BYTES);
}

bool open_config_beside(const struct json **config, const char *path, struct error *err)
{
    char name[MAX_PATH_BYTES];
    struct mapped_file *file;
    *config = NULL;
    if (!path_beside(path, "tokenizer_config.json", name, err))
        return false;
    if (!file_exists(name))
        return true;
    if (!mapped_file_open(&file, name, err))
        return false;
    bool ok = json_open(config, (const char *)file->data, file->size, name, err);
    mapped_file_close(&file);
    return ok;
}

static bool open_gguf(struct tokenizer **out, const char *path, struct error *err)
{
    struct gguf *gguf;
    if (!gguf_open(&gguf, path, err))
        return false;
    if (!tokenizer_from_gguf(out, gguf, err)) {
        gguf_close(&gguf);
        return false;
    }
    (*out)->gguf = gguf;
    return true;
}

/* A vocabulary of two files: how their names end. */
static const char *const pairs[][2] = {
    { "encoder.json", "vocab.bpe" },
    { "vocab.json", "merges.txt" },
};

static bool ends_with(const char *path, const char *end)
{
    size_t length = strlen(path), end_length = strlen(end);
    return length >= end_length && strcmp(path + length - end_length, end) == 0;
}

/* When `path` is one half of a pair, both halves. */
static bool find_pair(const char *path, char vocabulary[MAX_PATH_BYTES],
                      char merges[MAX_PATH_BYTES])
{
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        for (size_t j = 0; j < 2; j++) {
            if (!ends_with(path, pairs[i][j]))
                continue;
            int stem = (int)(strlen(path) - strlen(pairs[i][j]));
            if (stem + 16 >= MAX_PATH_BYTES)
                return false;
            snprintf(vocabulary, MAX_PATH_BYTES, "%.*s%s", stem, path, pairs[i][0]);
            snprintf(merges, MAX_PATH_BYTES, "%.*s%s", stem, path, pairs[i][1]);
            return true;
        }
    return false;
}

static bool is_base64_character(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
}

/* Rank files are text: base64, a space, digits. A SentencePiece model begins with a byte that no
 * base64 has. */
static bool looks_like_ranks(const struct mapped_file *file)
{
    size_t i = 0;
    while (i < file->size && is_base64_character(file->data[i]))
        i++;
    return i > 0 && i + 1 < file->size && file->data[i] == ' ' && file->data[i + 1] >= '0' &&
           file->data[i + 1] <= '9';
}

static bool open_file(struct tokenizer **out, const char *path, struct error *err)
{
    char vocabulary[MAX_PATH_BYTES], merges[MAX_PATH_BYTES];
    struct mapped_file *file;
    if (gguf_is_gguf(path))
        return open_gguf(out, path, err);
    if (find_pair(path, vocabulary, merges))
        return load_ranks(out, vocabulary, merges, err);
    if (!mapped_file_open(&file, path, err))
        return false;
    size_t i = 0;
    while (i < file->size &&
           (file->data[i] == ' ' || (file->data[i] >= '\t' && file->data[i] <= '\r')))
        i++;
    bool is_json = i < file->size && file->data[i] == '{';
    bool is_ranks = looks_like_ranks(file);
    mapped_file_close(&file);
    if (is_json)
        return load_json(out, path, err);
    return is_ranks ? load_ranks(out, path, NULL, err) : load_sentencepiece(out, path, err);
}

static bool open_folder(struct tokenizer **out, const char *path, struct error *err)
{
    static const char *const names[] = { "tokenizer.json", "tokenizer.model", "encoder.json",
                                         "vocab.json",     "qwen.tiktoken",   "tiktoken.model" };
    char name[MAX_PATH_BYTES];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        int length = snprintf(name, sizeof name, "%s/%s", path, names[i]);
        if (length < 0 || length >= MAX_PATH_BYTES)
            return fail(err, ERROR_USAGE, "the path '%s' is longer than %d bytes", path,
                        MAX_PATH_BYTES);
        if (file_exists(name))
            return open_file(out, name, err);
    }
    return fail(err, ERROR_NOT_FOUND,
                "the folder '%s' has no vocabulary (tokenizer.json, tokenizer.model, vocab.json)",
                path);
}

bool tokenizer_open(struct tokenizer **out, const char *path, struct error *err)
{
    *out = NULL;
    return path_is_directory(path) ? open_folder(out, path, err) : open_file(out, path, err);
}
