#include "test.h"

#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of its own for each test; what lies in it is removed by name. */
static char folder[64], path[96];

static void begin(void)
{
    strcpy(folder, "/tmp/hearth-log-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/log", folder);
}

static void end(void)
{
    log_close();
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

static void open_log(const char *where, bool is_json, enum log_level level)
{
    struct error err = { 0 };
    struct log_options options = { .level = level, .is_json = is_json, .path = where };
    assert_ok(log_open(&options, &err), err);
}

/* The file as a string, which the caller frees. */
static char *contents(const char *file)
{
    FILE *f = fopen(file, "r");
    assert_non_null(f);
    char *all = calloc(1, 1 << 20);
    size_t n = fread(all, 1, (1 << 20) - 1, f);
    all[n] = '\0';
    fclose(f);
    return all;
}

static size_t count_lines(const char *all)
{
    size_t n = 0;
    for (; *all; all++)
        n += *all == '\n';
    return n;
}

TEST(log_writes_a_line_of_words_that_can_be_told_apart)
{
    begin();
    open_log(path, false, LOG_INFO);
    LOG(LOG_INFO, "request answered", LOG_N("request", 7), LOG_S("route", "/api/chat"),
        LOG_S("model", "two words"), LOG_S("odd", "a\"b\\c\nd\x1b[31m\xff"), LOG_S("nothing", ""),
        LOG_F("seconds", 0.25));
    char *all = contents(path);
    const char *after_time = strchr(all, ' ');
    assert_non_null(after_time);
    assert_int_equal(after_time - all, strlen("2026-01-02T03:04:05.678Z"));
    assert_string_equal(after_time,
                        " info    request answered request=7 route=/api/chat model=\"two words\" "
                        "odd=\"a\\\"b\\\\c\\nd\\u001b[31m\\xff\" nothing=\"\" seconds=0.25\n");
    free(all);
    end();
}

TEST(log_writes_json_that_a_reader_accepts)
{
    begin();
    open_log(path, true, LOG_DEBUG);
    LOG(LOG_DEBUG, "a \"message\"", LOG_N("request", -7), LOG_S("text", "\xff\n\x01 é"),
        LOG_F("seconds", 1.5), LOG_F("not", NAN));
    LOG(LOG_ERROR, "no values");
    char *all = contents(path);
    char *second = strchr(all, '\n');
    assert_non_null(second);
    struct error err = { 0 };
    const struct json *line = NULL, *other = NULL;
    assert_ok(json_open(&line, all, (size_t)(second - all), "line", &err), err);
    assert_string_equal(json_text(json_get(line, "level")).data, "debug");
    assert_string_equal(json_text(json_get(line, "message")).data, "a \"message\"");
    assert_string_equal(json_text(json_get(line, "text")).data, "\xef\xbf\xbd\n\x01 é");
    assert_int_equal(json_int(json_get(line, "request"), 0), -7);
    assert_true(json_number(json_get(line, "seconds"), 0) == 1.5);
    assert_int_equal(json_kind(json_get(line, "not")), JSON_KIND_NULL);
    assert_ok(json_open(&other, second + 1, strlen(second + 1), "line", &err), err);
    assert_string_equal(json_text(json_get(other, "message")).data, "no values");
    json_close(&line);
    json_close(&other);
    free(all);
    end();
}

TEST(log_leaves_out_what_is_below_its_level)
{
    begin();
    open_log(path, false, LOG_WARNING);
    LOG(LOG_INFO, "not seen");
    LOG(LOG_WARNING, "seen");
    assert_true(log_is_on(LOG_ERROR) && log_is_on(LOG_WARNING) && !log_is_on(LOG_INFO));
    char *all = contents(path);
    assert_int_equal(count_lines(all), 1);
    assert_null(strstr(all, "not seen"));
    free(all);
    enum log_level level;
    assert_true(log_level_read("Debug", &level) && level == LOG_DEBUG);
    assert_false(log_level_read("loud", &level));
    end();
}

TEST(log_leaves_out_values_that_do_not_fit_and_says_so)
{
    begin();
    char *large = malloc(70000);
    memset(large, 'x', 69999);
    large[69999] = '\0';
    open_log(path, true, LOG_INFO);
    LOG(LOG_INFO, "prompt", LOG_S("prompt", large), LOG_N("request", 3));
    char *all = contents(path);
    assert_int_equal(count_lines(all), 1);
    assert_non_null(strstr(all, "\"message\":\"prompt\",\"request\":3,\"cut\":true}"));
    free(all);
    free(large);
    end();
}

TEST(log_goes_to_a_new_file_when_told_and_keeps_the_old_one_when_it_cannot)
{
    begin();
    char moved[112];
    snprintf(moved, sizeof moved, "%s.1", path);
    struct error err = { 0 };
    open_log(path, false, LOG_INFO);
    LOG(LOG_INFO, "first");
    assert_int_equal(rename(path, moved), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_false(log_reopen(&err));
    assert_int_equal(err.code, ERROR_IO);
    LOG(LOG_INFO, "second");
    assert_int_equal(rmdir(path), 0);
    assert_ok(log_reopen(&err), err);
    LOG(LOG_INFO, "third");
    char *old = contents(moved), *new = contents(path);
    assert_int_equal(count_lines(old), 2);
    assert_int_equal(count_lines(new), 1);
    assert_non_null(strstr(new, "third"));
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    free(old);
    free(new);
    unlink(moved);
    end();
}

TEST(log_names_the_file_that_it_cannot_open)
{
    struct error err = { 0 };
    struct log_options options = { .path = "/no/such/folder/log" };
    assert_false(log_open(&options, &err));
    assert_string_equal(err.message, "cannot write the log to '/no/such/folder/log': No such file "
                                     "or directory");
}

TEST(log_counts_lines_that_a_full_disk_does_not_take)
{
    if (access("/dev/full", W_OK) != 0)
        SKIP("no /dev/full");
    begin();
    uint64_t before = log_lost_lines();
    open_log("/dev/full", false, LOG_INFO);
    for (int i = 0; i < 5; i++)
        LOG(LOG_INFO, "lost");
    assert_int_equal(log_lost_lines() - before, 5);
    open_log(path, false, LOG_INFO);
    LOG(LOG_INFO, "there is room");
    char *all = contents(path);
    assert_int_equal(count_lines(all), 2);
    assert_non_null(strstr(all, " warning lines of this log were lost lines=5\n"));
    free(all);
    end();
}

static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

TEST(log_ends_a_torn_line_and_tells_how_many_were_lost)
{
    begin();
    open_log(path, false, LOG_INFO);
    LOG(LOG_INFO, "whole");
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    limit_file_size((rlim_t)info.st_size + 10);
    for (int i = 0; i < 3; i++)
        LOG(LOG_INFO, "lost", LOG_N("number", i));
    limit_file_size(RLIM_INFINITY);
    LOG(LOG_INFO, "again");
    char *all = contents(path);
    assert_int_equal(count_lines(all), 4);
    assert_non_null(strstr(all, " warning lines of this log were lost lines=3\n"));
    assert_non_null(strstr(all, " again\n"));
    assert_null(strstr(all, "number=1"));
    free(all);
    end();
}

TEST(log_does_not_wait_for_who_reads_a_pipe)
{
    begin();
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    uint64_t before = log_lost_lines();
    open_log(path, false, LOG_INFO);
    for (int i = 0; i < 5000; i++)
        LOG(LOG_INFO, "a line of some length, so that the pipe is soon full");
    uint64_t lost = log_lost_lines() - before;
    assert_true(lost > 0 && lost < 5000);
    static char bytes[1 << 20];
    while (read(reader, bytes, sizeof bytes) > 0)
        ;
    LOG(LOG_INFO, "again");
    char expected[64];
    snprintf(expected, sizeof expected, "were lost lines=%llu\n", (unsigned long long)lost);
    ssize_t n = read(reader, bytes, sizeof bytes - 1);
    assert_true(n > 0);
    bytes[n] = '\0';
    assert_non_null(strstr(bytes, expected));
    assert_int_equal(log_lost_lines() - before, lost);
    close(reader);
    LOG(LOG_INFO, "nobody reads: an error, no signal");
    assert_int_equal(log_lost_lines() - before, lost + 1);
    end();
}

TEST(log_loses_a_line_when_memory_is_out)
{
    begin();
    open_log(path, false, LOG_INFO);
    uint64_t before = log_lost_lines();
    memory_fail_after(0);
    LOG(LOG_INFO, "lost");
    memory_fail_after(-1);
    LOG(LOG_INFO, "again");
    assert_int_equal(log_lost_lines() - before, 1);
    char *all = contents(path);
    assert_int_equal(count_lines(all), 2);
    free(all);
    end();
}

static void *write_many(void *name)
{
    for (int i = 0; i < 200; i++)
        LOG(LOG_INFO, "from a thread", LOG_S("thread", (const char *)name), LOG_N("i", i));
    return NULL;
}

TEST(log_keeps_the_lines_of_threads_apart)
{
    begin();
    open_log(path, false, LOG_INFO);
    pthread_t threads[4];
    const char *names[4] = { "a", "b", "c", "d" };
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, (void *)names[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    char *all = contents(path);
    size_t n_whole = 0;
    for (char *line = strtok(all, "\n"); line; line = strtok(NULL, "\n"), n_whole++)
        assert_non_null(strstr(line, "Z info    from a thread thread="));
    assert_int_equal(n_whole, 800);
    free(all);
    end();
}
