/* The program's files are no part of the library, so they are compiled in here; before test.h,
 * whose cmocka takes the name fail for a macro. */
#include "cli/options.c"

#include "test.h"

static struct number_list numbers;
static const char *think;
static const struct option_row rows[] = {
    { "depth", 'd', OPTION_NUMBERS, &numbers, 0, 9000, "N,N", "" },
    { "think", 't', OPTION_SWITCH, &think, 0, 0, "LEVEL", "How much" },
};

static void assert_refused(const char *value, const char *message)
{
    struct error err = { 0 };
    numbers.count = 0;
    assert_false(option_store(rows, value, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_string_equal(err.message, message);
}

TEST(a_list_of_numbers_grows_with_each_flag)
{
    struct error err = { 0 };
    numbers.count = 0;
    char *argv[] = { "bench", "-d", "0,2048", "model", "--depth=8192", "-d7" };
    int argc = COUNT_OF(argv);
    assert_ok(options_parse(rows, COUNT_OF(rows), &argc, argv, NULL, &err), err);
    assert_int_equal(argc, 2);
    assert_string_equal(argv[1], "model");
    static const uint32_t wanted[] = { 0, 2048, 8192, 7 };
    assert_int_equal(numbers.count, COUNT_OF(wanted));
    assert_memory_equal(numbers.items, wanted, sizeof wanted);
}

TEST(a_list_with_anything_but_numbers_is_refused)
{
    static const char *const wrong[] = { "",
                                         ",",
                                         "1,",
                                         ",1",
                                         "1,,2",
                                         "1, 2",
                                         "x",
                                         "1x",
                                         "1;2",
                                         "-1",
                                         "+1",
                                         "1.5",
                                         "99999999999999999999" };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        char message[200];
        snprintf(message, sizeof message,
                 "--depth wants whole numbers with commas between them, not '%s'", wrong[i]);
        assert_refused(wrong[i], message);
    }
}

TEST(a_number_of_a_list_beyond_the_limits_is_named)
{
    assert_refused("1,9001", "--depth is 9001, but must be 0 to 9000");
}

TEST(a_list_that_is_too_long_is_refused)
{
    char value[2 * NUMBER_LIST_MAX + 2] = "";
    for (size_t i = 0; i < NUMBER_LIST_MAX; i++)
        memcpy(value + 2 * i, "1,", 3);
    memcpy(value + 2 * NUMBER_LIST_MAX, "1", 2);
    assert_refused(value, "--depth has more than 32 numbers");
}

/* The value of --think, NULL when it was not given. */
static const char *think_of(char *flag)
{
    struct error err = { 0 };
    char *argv[] = { "run", flag, "model" };
    int argc = COUNT_OF(argv);
    think = NULL;
    assert_ok(options_parse(rows, COUNT_OF(rows), &argc, argv, NULL, &err), err);
    assert_string_equal(argv[argc - 1], "model"); /* never taken for the value */
    return think;
}

TEST(the_value_of_a_switch_may_be_left_out)
{
    assert_string_equal(think_of("--think"), "true");
    assert_string_equal(think_of("-t"), "true");
    assert_string_equal(think_of("--think=low"), "low");
    assert_string_equal(think_of("-t=low"), "low");
    assert_string_equal(think_of("-tlow"), "low");
    assert_string_equal(think_of("--think="), "");
    assert_null(think_of("model"));
}

TEST(help_shows_what_may_be_left_out)
{
    struct text out;
    text_init(&out, 1000);
    assert_true(options_help(&rows[1], 1, &out));
    assert_string_equal(out.data, "  -t --think[=LEVEL]             How much\n");
    text_release(&out);
}
