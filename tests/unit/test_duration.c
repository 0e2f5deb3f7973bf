#include "test.h"

#include "server/config/duration.h"

static int64_t ns_of(const char *text, bool bare_seconds)
{
    struct error err = { 0 };
    int64_t ns = 0;
    assert_ok(duration_read(slice_of(text), bare_seconds, &ns, &err), err);
    return ns;
}

static const char *refusal(const char *text, bool bare_seconds)
{
    static struct error err;
    int64_t ns = 77;
    err = (struct error){ 0 };
    assert_false(duration_read(slice_of(text), bare_seconds, &ns, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_int_equal(ns, 77);
    return err.message;
}

static const int64_t SECOND = 1000000000;

TEST(duration_reads_what_go_reads)
{
    static const struct {
        const char *text;
        int64_t ns;
    } rows[] = {
        { "0", 0 },
        { "5s", 5000000000 },
        { "+5s", 5000000000 },
        { "-5s", -5000000000 },
        { "5.0s", 5000000000 },
        { "5.6s", 5600000000 },
        { "5.s", 5000000000 },
        { ".5s", 500000000 },
        { "10ns", 10 },
        { "11us", 11000 },
        { "12\xc2\xb5s", 12000 },
        { "12\xce\xbcs", 12000 },
        { "13ms", 13000000 },
        { "1h30m", 5400000000000 },
        { "-1h", -3600000000000 },
        { "3h30m5.5s", 12605500000000 },
        { "0.3333333333333333333h", 1200000000000 },
        { "9007199254.740993ms", 9007199254740993 },
        { "9223372036854775807ns", INT64_MAX },
        { "-9223372036854775808ns", INT64_MIN },
        { "2562047h47m16.854775807s", INT64_MAX }, /* what Ollama's clients send for "for ever" */
        { "0.100000000000000000000h", 360000000000 },
        { "0.830103483285477580700h", 2988372539827 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (ns_of(rows[i].text, false) != rows[i].ns)
            fail_msg("%s gives %lld, expected %lld", rows[i].text,
                     (long long)ns_of(rows[i].text, false), (long long)rows[i].ns);
}

TEST(duration_refuses_in_the_words_of_go)
{
    assert_string_equal(refusal("300", false), "time: missing unit in duration \"300\"");
    assert_string_equal(refusal("", false), "time: invalid duration \"\"");
    assert_string_equal(refusal("-", false), "time: invalid duration \"-\"");
    assert_string_equal(refusal("s", false), "time: invalid duration \"s\"");
    assert_string_equal(refusal(".s", false), "time: invalid duration \".s\"");
    assert_string_equal(refusal("5y", false), "time: unknown unit \"y\" in duration \"5y\"");
    assert_string_equal(refusal("1h 5m", false), "time: unknown unit \"h \" in duration \"1h 5m\"");
    assert_string_equal(refusal("9223372036854775808ns", false),
                        "time: invalid duration \"9223372036854775808ns\"");
    assert_string_equal(refusal("2562047h48m", false), "time: invalid duration \"2562047h48m\"");
    assert_string_equal(refusal("99999999999999999999s", false),
                        "time: invalid duration \"99999999999999999999s\"");
    assert_string_equal(refusal("--5s", false), "time: invalid duration \"--5s\"");
}

TEST(duration_takes_bare_seconds_where_asked)
{
    assert_int_equal(ns_of("300", true), 300 * SECOND);
    assert_int_equal(ns_of("-1", true), -SECOND);
    assert_int_equal(ns_of("+2", true), 2 * SECOND);
    assert_int_equal(ns_of("5m", true), 300 * SECOND);
    assert_int_equal(ns_of("1.5s", true), 1500000000);
    assert_true(ns_of("99999999999999999999999", true) > 9000000000 * SECOND);
    assert_true(ns_of("-99999999999999999999999", true) < 0);
    assert_string_equal(refusal("1.5", true), "time: missing unit in duration \"1.5\"");
    assert_string_equal(refusal("-", true), "time: invalid duration \"-\"");
}
