#include "test.h"

#include "base/json.h"
#include "base/mapped_file.h"
#include "base/memory.h"
#include "server/models/model_list.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a folder of made up models ---- */

static char folder[64];

static const char *inside(const char *name)
{
    static char paths[4][300];
    static unsigned turn;
    char *path = paths[turn++ % COUNT_OF(paths)];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* A file of that many bytes, that many seconds after the year 2001. */
static void put(const char *name, size_t size, int64_t age)
{
    int fd = open(inside(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    struct timespec times[2] = { { 1000000000 + age, 5 }, { 1000000000 + age, 5 } };
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static void put_folder(const char *name)
{
    assert_int_equal(mkdir(inside(name), 0700), 0);
}

static void begin(void)
{
    strcpy(folder, "/tmp/hearth-models-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static void end(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

static struct model_list *open_list(const struct model_list_options *options)
{
    struct model_list *list = NULL;
    struct error err = { 0 };
    assert_ok(model_list_open(&list, options, &err), err);
    return list;
}

static struct model_list *open_folder(void)
{
    return open_list(&(struct model_list_options){ .folder = folder });
}

static struct error last_error;

/* The path of a name below the folder, "" when there is none; `name` gets the model's own. */
static const char *find_named(struct model_list *list, struct slice wanted, char *name)
{
    static char found[400];
    struct text own, path;
    text_init(&own, 4096);
    text_init(&path, 4096);
    last_error = (struct error){ 0 };
    bool ok = model_list_find(list, wanted, &own, &path, &last_error);
    size_t skip = ok && strncmp(path.data, folder, strlen(folder)) == 0 ? strlen(folder) + 1 : 0;
    snprintf(found, sizeof found, "%s", ok ? path.data + skip : "");
    if (name)
        strcpy(name, ok ? own.data : "");
    text_release(&own);
    text_release(&path);
    return found;
}

static const char *find_it(struct model_list *list, const char *wanted)
{
    return find_named(list, slice_of(wanted), NULL);
}

static const char *name_of(struct model_list *list, const char *wanted)
{
    static char name[400];
    find_named(list, slice_of(wanted), name);
    return name;
}

struct listing {
    char lines[4000];
    char digests[20][65];
    size_t n;
};

static void note(void *context, const struct listed_model *model)
{
    struct listing *listing = context;
    size_t used = strlen(listing->lines);
    snprintf(listing->lines + used, sizeof listing->lines - used, "%s %s %llu %lld %s|",
             model->name, model->format, (unsigned long long)model->size_bytes,
             (long long)(model->modified_ns / 1000000000 - 1000000000), model->architecture);
    strcpy(listing->digests[listing->n++], model->digest);
}

static struct listing visit(struct model_list *list)
{
    struct listing listing = { 0 };
    struct error err = { 0 };
    assert_ok(model_list_visit(list, note, &listing, &err), err);
    return listing;
}

/* ---- tests ---- */

TEST(model_list_knows_files_and_folders_one_level_deep)
{
    begin();
    put("old.gguf", 10, 1);
    put("new.GGUF", 20, 9);
    put("notes.txt", 5, 2);
    put("mmproj-new.gguf", 5, 2);
    put(".hidden.gguf", 5, 2);
    put_folder("sub");
    put("sub/inner.gguf", 30, 5);
    put_folder("sub/deeper");
    put("sub/deeper/lost.gguf", 5, 2);
    put_folder("tensors");
    put("tensors/config.json", 7, 3);
    put("tensors/model-1.safetensors", 100, 4);
    put("tensors/model-2.safetensors", 200, 2);
    put_folder("sub/half");
    put("sub/half/config.json", 7, 3);
    put_folder("sub/whole");
    put("sub/whole/config.json", 7, 3);
    put("sub/whole/model.safetensors", 1, 2);
    struct model_list *list = open_folder();
    struct listing listing = visit(list);
    assert_string_equal(listing.lines, "new:latest gguf 20 9 |sub/inner:latest gguf 30 5 |"
                                       "tensors:latest safetensors 300 4 |"
                                       "sub/whole:latest safetensors 1 3 |old:latest gguf 10 1 |");
    assert_string_equal(find_it(list, "sub/whole"), "sub/whole");
    assert_string_equal(find_it(list, "tensors:latest"), "tensors");
    model_list_close(&list);
    assert_null(list);
    end();
}

TEST(model_list_finds_a_name_in_all_its_spellings)
{
    begin();
    put("Qwen2.5-7B.gguf", 10, 1);
    put("llama3:8b.gguf", 10, 1);
    put_folder("Sub");
    put("Sub/tiny.gguf", 10, 1);
    struct model_list *list = open_folder();
    static const char *const spellings[] = { "Qwen2.5-7B",        "qwen2.5-7b",
                                             "QWEN2.5-7B:LATEST", "qwen2.5-7b.gguf",
                                             "Qwen2.5-7B:latest", "qwen2.5-7b.GGUF:latest" };
    for (size_t i = 0; i < COUNT_OF(spellings); i++) {
        assert_string_equal(find_it(list, spellings[i]), "Qwen2.5-7B.gguf");
        assert_string_equal(name_of(list, spellings[i]), "Qwen2.5-7B:latest");
    }
    assert_string_equal(name_of(list, "llama3:8b"), "llama3:8b");
    assert_string_equal(find_it(list, "llama3"), "");
    assert_string_equal(name_of(list, "sub/TINY"), "Sub/tiny:latest");
    assert_string_equal(name_of(list, "tiny"), "Sub/tiny:latest");
    assert_string_equal(find_it(list, "qwen"), "");
    assert_int_equal(last_error.code, ERROR_NOT_FOUND);
    assert_string_equal(last_error.message, "model 'qwen' not found");
    model_list_close(&list);
    end();
}

TEST(model_list_prefers_the_exact_name_and_refuses_to_guess)
{
    begin();
    put("Model.gguf", 10, 1);
    put("model.gguf", 10, 2);
    put_folder("a");
    put_folder("b");
    put("a/same.gguf", 10, 1);
    put("b/same.gguf", 10, 1);
    put("b/model.gguf", 10, 1);
    struct model_list *list = open_folder();
    assert_string_equal(find_it(list, "Model"), "Model.gguf");
    assert_string_equal(find_it(list, "model"), "model.gguf");
    assert_string_equal(find_it(list, "MODEL"), "");
    assert_int_equal(last_error.code, ERROR_NOT_FOUND);
    assert_string_equal(find_it(list, "same"), "");
    assert_string_equal(last_error.message, "model 'same' not found: it may be 'a/same:latest' or "
                                            "'b/same:latest', name one of them");
    assert_string_equal(find_it(list, "b/same"), "b/same.gguf");
    model_list_close(&list);
    end();
}

TEST(model_list_never_leaves_its_folder)
{
    begin();
    put_folder("models");
    put("secret.gguf", 10, 1);
    put("models/known.gguf", 10, 1);
    struct model_list *list = open_list(&(struct model_list_options){ .folder = inside("models") });
    assert_string_equal(find_it(list, "known"), "models/known.gguf");
    char absolute[300], nul[] = "known\0x";
    snprintf(absolute, sizeof absolute, "%s/secret.gguf", folder);
    static const char *const names[] = { "../secret",
                                         "../secret.gguf",
                                         "./known",
                                         "models/../known",
                                         "..",
                                         "",
                                         "/",
                                         "/etc/passwd",
                                         "known/../../secret",
                                         "known/",
                                         "./",
                                         ":latest",
                                         ".gguf",
                                         "%2e%2e/secret",
                                         "\xff\xfe" };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_string_equal(find_it(list, names[i]), "");
    assert_string_equal(find_it(list, absolute), "");
    assert_string_equal(find_named(list, (struct slice){ nul, sizeof nul - 1 }, NULL), "");
    assert_string_equal(find_named(list, (struct slice){ NULL, 0 }, NULL), "");
    model_list_close(&list);
    end();
}

TEST(model_list_follows_links_that_lead_somewhere)
{
    begin();
    put_folder("models");
    put("elsewhere", 44, 1);
    assert_int_equal(symlink(inside("elsewhere"), inside("models/linked.gguf")), 0);
    assert_int_equal(symlink("/no/such/file", inside("models/broken.gguf")), 0);
    assert_int_equal(symlink(inside("models"), inside("models/loop")), 0);
    struct model_list *list = open_list(&(struct model_list_options){ .folder = inside("models") });
    assert_string_equal(visit(list).lines,
                        "linked:latest gguf 44 1 |loop/linked:latest gguf 44 1 |");
    model_list_close(&list);
    end();
}

TEST(model_list_takes_models_of_the_command_line_first)
{
    begin();
    put_folder("models");
    put("models/same.gguf", 1, 1);
    put("same.gguf", 2, 2);
    put("odd", 3, 3);
    char same[300], odd[300];
    strcpy(same, inside("same.gguf"));
    strcpy(odd, inside("odd"));
    const char *paths[] = { same, odd };
    struct model_list_options options = { .folder = inside("models"),
                                          .paths = paths,
                                          .n_paths = 2 };
    struct model_list *list = open_list(&options);
    assert_string_equal(visit(list).lines, "odd:latest gguf 3 3 |same:latest gguf 2 2 |");
    assert_string_equal(find_it(list, "same"), "same.gguf");
    assert_string_equal(find_it(list, same), "same.gguf");
    assert_string_equal(find_it(list, "odd:latest"), "odd");
    unlink(odd);
    usleep(1100000);
    assert_string_equal(find_it(list, "odd"), "");
    model_list_close(&list);
    struct error err = { 0 };
    assert_false(model_list_open(&list, &options, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(err.message, "/odd': No such file or directory"));
    const char *folders[] = { inside("models") };
    options = (struct model_list_options){ .paths = folders, .n_paths = 1 };
    assert_false(model_list_open(&list, &options, &err));
    assert_int_equal(err.code, ERROR_FORMAT);
    end();
}

TEST(model_list_has_the_models_of_the_program)
{
    begin();
    put("ember.gguf", 5, 5);
    static const uint8_t bytes[4096];
    static const struct provided_file provided[] = { { "ember", bytes, 4096 },
                                                     { "spark", bytes, 100 } };
    static const char *const names[] = { "ember", "spark" };
    mapped_file_provide(provided, 2);
    const char *paths[] = { "ember" };
    struct model_list *list = open_list(&(struct model_list_options){
        .shipped = names, .n_shipped = 2, .paths = paths, .n_paths = 1 });
    assert_string_equal(find_it(list, "EMBER:latest"), "ember");
    assert_string_equal(find_it(list, "spark"), "spark");
    assert_non_null(strstr(visit(list).lines, "spark:latest gguf 100 "));
    model_list_close(&list);
    list = open_list(
        &(struct model_list_options){ .folder = folder, .shipped = names, .n_shipped = 2 });
    assert_string_equal(find_it(list, "ember"), "ember.gguf");
    assert_int_equal(visit(list).n, 2);
    model_list_close(&list);
    mapped_file_provide(NULL, 0);
    end();
}

TEST(model_list_digests_change_with_the_file_alone)
{
    begin();
    put("a.gguf", 10, 1);
    put("b.gguf", 10, 1);
    struct model_list *list = open_folder();
    struct listing first = visit(list), second = visit(list);
    assert_int_equal(strlen(first.digests[0]), 64);
    assert_int_equal(strspn(first.digests[0], "0123456789abcdef"), 64);
    assert_string_not_equal(first.digests[0], first.digests[1]);
    assert_string_equal(first.digests[0], second.digests[0]);
    put("a.gguf", 11, 1);
    struct listing larger = visit(list);
    assert_string_not_equal(first.digests[0], larger.digests[0]);
    assert_string_equal(first.digests[1], larger.digests[1]);
    put("a.gguf", 11, 2);
    assert_string_not_equal(larger.digests[0], visit(list).digests[0]);
    model_list_close(&list);
    end();
}

TEST(model_list_learns_what_a_worker_tells_until_the_file_changes)
{
    begin();
    put("a.gguf", 10, 1);
    struct model_list *list = open_folder();
    struct error err = { 0 };
    const struct json *info = NULL;
    static const char text[] = "{\"architecture\":\"qwen2\",\"quantization\":\"Q4_K_M\","
                               "\"n_parameters\":7615616512,\"n_ctx_train\":32768,\"n_embd\":-1,"
                               "\"capabilities\":[\"completion\",\"tools\"]}";
    assert_ok(json_open(&info, text, strlen(text), "info", &err), err);
    assert_string_equal(name_of(list, "a"), "a:latest");
    model_list_learn(list, "a:latest", info);
    model_list_learn(list, "unknown", info);
    assert_string_equal(visit(list).lines, "a:latest gguf 10 1 qwen2|");
    put("a.gguf", 12, 1);
    assert_string_equal(visit(list).lines, "a:latest gguf 12 1 |");
    model_list_learn(list, "a", NULL);
    assert_string_equal(visit(list).lines, "a:latest gguf 12 1 |");
    json_close(&info);
    model_list_close(&list);
    end();
}

TEST(model_list_sees_new_files_at_once)
{
    begin();
    struct model_list *list = open_folder();
    assert_string_equal(find_it(list, "late"), "");
    put("late.gguf", 1, 1);
    assert_string_equal(find_it(list, "late"), "late.gguf");
    model_list_close(&list);
    end();
}

TEST(model_list_says_what_is_wrong_with_the_folder)
{
    begin();
    put("file", 1, 1);
    struct error err = { 0 };
    struct listing listing = { 0 };
    struct model_list *list = open_list(&(struct model_list_options){ .folder = inside("none") });
    assert_true(model_list_visit(list, note, &listing, &err));
    model_list_close(&list);
    list = open_list(&(struct model_list_options){ .folder = inside("file") });
    assert_false(model_list_visit(list, note, &listing, &err));
    assert_int_equal(err.code, ERROR_IO);
    assert_string_equal(find_it(list, "x"), "");
    assert_non_null(strstr(last_error.message, "model 'x' not found: cannot read the folder"));
    model_list_close(&list);
    end();
}

TEST(model_list_passes_over_names_that_are_no_text)
{
    begin();
    put("a\nb.gguf", 1, 1);
    put("\xff.gguf", 1, 1);
    put("é.gguf", 1, 1);
    struct model_list *list = open_folder();
    assert_string_equal(visit(list).lines, "é:latest gguf 1 1 |");
    assert_string_equal(find_it(list, "é"), "é.gguf");
    model_list_close(&list);
    end();
}

TEST(model_list_has_a_limit)
{
    begin();
    char name[40];
    for (int i = 0; i < 20010; i++) {
        snprintf(name, sizeof name, "%d", i);
        put(name, 0, 1);
    }
    struct model_list *list = open_folder();
    struct listing listing = { 0 };
    struct error err = { 0 };
    assert_false(model_list_visit(list, note, &listing, &err));
    assert_int_equal(err.code, ERROR_BUDGET);
    assert_non_null(strstr(err.message, "more than 20000 entries"));
    model_list_close(&list);
    end();
}

TEST(model_list_survives_failing_allocations)
{
    begin();
    put("a.gguf", 10, 1);
    put_folder("t");
    put("t/config.json", 7, 3);
    put("t/m.safetensors", 1, 2);
    struct model_list_options options = { .folder = folder };
    for (int64_t n = 0; n < 40; n++) {
        struct model_list *list = NULL;
        struct error err = { 0 };
        struct listing listing = { 0 };
        memory_fail_after(n);
        bool ok =
            model_list_open(&list, &options, &err) && model_list_visit(list, note, &listing, &err);
        memory_fail_after(-1);
        if (ok)
            assert_int_equal(listing.n, 2);
        else
            assert_int_equal(err.code, ERROR_MEMORY);
        model_list_close(&list);
    }
    end();
}
