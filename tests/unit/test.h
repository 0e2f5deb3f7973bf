/* test.h: TEST(name) { ... } registers a test; this header also supplies main. One test program
 * includes it once.
 *
 * Checks come from cmocka (assert_true, assert_int_equal, ...). SKIP(...) ends a test that cannot
 * run here and says why. `program FILTER...` runs the tests whose name contains one of the filters.
 */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka, whose macro fail() would break the declaration of our function. */
#include "base/error.h"

#include <cmocka.h>

#define MAX_TESTS 256
static struct CMUnitTest registered_tests[MAX_TESTS];
static size_t n_registered_tests;

#define TEST(test_name)                                                     \
    static void test_name(void **state);                                    \
    __attribute__((constructor)) static void register_##test_name(void)     \
    {                                                                       \
        if (n_registered_tests == MAX_TESTS)                                \
            abort();                                                        \
        registered_tests[n_registered_tests++] =                            \
            (struct CMUnitTest){ #test_name, test_name, NULL, NULL, NULL }; \
    }                                                                       \
    static void test_name(void **state __attribute__((unused)))

#define SKIP(...)                                 \
    do {                                          \
        fprintf(stderr, "skipped: " __VA_ARGS__); \
        fputc('\n', stderr);                      \
        skip();                                   \
    } while (0)

/* Fails and shows the message when a call that must succeed did not. */
#define assert_ok(call, err)               \
    do {                                   \
        if (!(call))                       \
            fail_msg("%s", (err).message); \
    } while (0)

/* Where the golden data lies, or NULL: $HEARTH_GOLDEN, else ../shared/golden. */
static inline const char *golden_folder(void)
{
    const char *folder = getenv("HEARTH_GOLDEN");
    if (!folder)
        folder = "../shared/golden";
    char readme[1024];
    snprintf(readme, sizeof readme, "%s/README.md", folder);
    FILE *file = fopen(readme, "r");
    if (!file)
        return NULL;
    fclose(file);
    return folder;
}

/* Path of a golden file in a buffer that the next call of the same test overwrites; skips the test
 * without the data. */
static inline const char *golden_path(const char *relative)
{
    static char path[1024];
    const char *folder = golden_folder();
    if (!folder)
        SKIP("no golden data (HEARTH_GOLDEN or ../shared/golden) for %s", relative);
    snprintf(path, sizeof path, "%s/%s", folder, relative);
    return path;
}

static inline int is_wanted_test(const char *test_name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strstr(test_name, argv[i]))
            return 1;
    return argc < 2;
}

int main(int argc, char **argv)
{
    size_t kept = 0;
    for (size_t i = 0; i < n_registered_tests; i++)
        if (is_wanted_test(registered_tests[i].name, argc, argv))
            registered_tests[kept++] = registered_tests[i];
    const char *name = strrchr(argv[0], '/');
    return _cmocka_run_group_tests(name ? name + 1 : argv[0], registered_tests, kept, NULL, NULL);
}

#endif
