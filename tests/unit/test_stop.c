#include "test.h"

#include "base/memory.h"
#include "runtime/stop.h"

enum { MOST = 8 };

static struct stop_matcher *opened(const char *const *strings)
{
    struct slice slices[MOST];
    size_t n = 0;
    for (; strings[n]; n++)
        slices[n] = slice_of(strings[n]);
    struct stop_matcher *m;
    struct error err;
    assert_ok(stop_open(&m, slices, n, &err), err);
    return m;
}

/* The specification: the first place where a string ends; of those the one that begins first. */
static int plain_match(const char *const *strings, const char *input, size_t *length)
{
    for (size_t end = 1; end <= strlen(input); end++) {
        int best = -1;
        for (int i = 0; strings[i]; i++) {
            size_t n = strlen(strings[i]);
            if (n <= end && memcmp(input + end - n, strings[i], n) == 0 &&
                (best < 0 || n > strlen(strings[best])))
                best = i;
        }
        if (best >= 0) {
            *length = end - strlen(strings[best]);
            return best;
        }
    }
    *length = strlen(input);
    return -1;
}

/* `input` in pieces that end where `borders` has bits. */
static void check_split(const char *const *strings, const char *input, uint32_t borders)
{
    struct stop_matcher *m = opened(strings);
    struct text out;
    text_init(&out, 1 << 16);
    int matched = -1;
    size_t n = strlen(input), begin = 0, length;
    for (size_t end = 1; end <= n && matched < 0; end++)
        if (end == n || (borders >> (end - 1) & 1)) {
            assert_true(stop_feed(m, (struct slice){ input + begin, end - begin }, &out, &matched));
            begin = end;
        }
    if (matched < 0)
        assert_true(stop_finish(m, &out));
    assert_int_equal(matched, plain_match(strings, input, &length));
    assert_int_equal(out.length, length);
    assert_memory_equal(out.data ? out.data : "", input, length);
    text_release(&out);
    stop_close(&m);
}

TEST(every_split_of_the_input_gives_the_same_text)
{
    static const struct {
        const char *strings[MOST], *input;
    } rows[] = {
        { { "stop" }, "ab stop cd" },
        { { "stop" }, "sstopped" },
        { { "stop" }, "no st op sto" },
        { { "aab" }, "aaaaab" },
        { { "abab", "abc" }, "ababc" },
        { { "abcd", "bc" }, "xabcd" }, /* the shorter ends first */
        { { "bc", "abc" }, "xabcd" },  /* both end here: the longer */
        { { "abcabd", "cabx" }, "abcabcabx" },
        { { "\n\n", "</s>" }, "a\nb</\n</s\n\n" },
        { { "x" }, "x" },
        { { "aaaa" }, "aaabaaabaaa" },
        { { "aba", "bab", "b" }, "aaab" },
        { { "same", "same" }, "the same" },
        { { "\xe2\x96\x81" },
          "a\xe2\x96\xe2\x96\x81"
          "b" },
        { { NULL }, "nothing stops" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (uint32_t borders = 0; borders < 1u << (strlen(rows[i].input) - 1); borders++)
            check_split(rows[i].strings, rows[i].input, borders);
}

TEST(random_strings_agree_with_the_specification)
{
    uint32_t noise = 1;
    for (int round = 0; round < 20000; round++) {
        char strings[3][6], input[25];
        const char *pointers[MOST] = { strings[0], strings[1], strings[2] };
        for (int i = 0; i < 4; i++) { /* few letters, so that borders are common */
            char *to = i < 3 ? strings[i] : input;
            size_t n = i < 3 ? 1 + (noise >> 8) % 5 : 24;
            for (size_t j = 0; j < n; j++) {
                noise = noise * 1664525 + 1013904223;
                to[j] = (char)('a' + (noise >> 24) % 2 + (round % 2 ? (noise >> 16) % 2 : 0));
            }
            to[n] = 0;
        }
        check_split(pointers, input, noise);
    }
}

TEST(bytes_that_cannot_begin_a_stop_string_are_given_out_at_once)
{
    static const char *const strings[] = { "</s>", NULL };
    struct stop_matcher *m = opened(strings);
    struct text out;
    text_init(&out, 100);
    int matched;
    assert_true(stop_feed(m, slice_of("ab</"), &out, &matched));
    assert_int_equal(out.length, 2);
    assert_true(stop_feed(m, slice_of("x"), &out, &matched));
    assert_int_equal(out.length, 5);
    assert_true(stop_feed(m, slice_of("</s"), &out, &matched));
    assert_int_equal(out.length, 5);
    stop_clear(m); /* what was held is forgotten */
    assert_true(stop_feed(m, slice_of(">"), &out, &matched));
    assert_int_equal(matched, -1);
    assert_string_equal(out.data, "ab</x>");
    text_release(&out);
    stop_close(&m);
}

TEST(strings_may_hold_any_byte)
{
    struct slice nul = { "\0\0\xff", 3 };
    struct stop_matcher *m;
    struct error err;
    assert_ok(stop_open(&m, &nul, 1, &err), err);
    struct text out;
    text_init(&out, 100);
    int matched;
    assert_true(stop_feed(m,
                          (struct slice){ "a\0\0\0\xff"
                                          "b",
                                          6 },
                          &out, &matched));
    assert_int_equal(matched, 0);
    assert_int_equal(out.length, 2);
    text_release(&out);
    stop_close(&m);
}

TEST(strings_over_the_limits_are_errors)
{
    struct slice many[STOP_MOST_STRINGS + 1];
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = slice_of("x");
    struct stop_matcher *m;
    struct error err;
    assert_false(stop_open(&m, many, COUNT_OF(many), &err));
    assert_string_equal(err.message, "65 stop strings, but at most 64 are allowed");
    many[1] = slice_of("");
    assert_false(stop_open(&m, many, 3, &err));
    assert_string_equal(err.message, "stop string 2 of 3 is empty");
    char *huge = memory_zeroed(STOP_MOST_BYTES + 2, 1);
    memset(huge, 'y', STOP_MOST_BYTES + 1);
    many[0] = slice_of(huge);
    assert_false(stop_open(&m, many, 1, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.message, "has 1025 bytes, but at most 1024 are allowed"));
    assert_null(m);

    many[0].length = STOP_MOST_BYTES; /* the longest allowed */
    assert_ok(stop_open(&m, many, 1, &err), err);
    struct text out;
    text_init(&out, 4096);
    int matched;
    assert_true(stop_feed(m, (struct slice){ huge, STOP_MOST_BYTES - 1 }, &out, &matched));
    assert_int_equal(out.length, 0);
    assert_true(stop_feed(m, slice_of("z"), &out, &matched));
    assert_int_equal(out.length, STOP_MOST_BYTES);
    assert_true(stop_feed(m, (struct slice){ huge, STOP_MOST_BYTES + 1 }, &out, &matched));
    assert_int_equal(matched, 0);
    assert_int_equal(out.length, STOP_MOST_BYTES);
    text_release(&out);
    stop_close(&m);
    memory_free(huge);
}

TEST(every_failing_allocation_is_an_error)
{
    struct slice strings[] = { slice_of("a"), slice_of("bc") };
    struct stop_matcher *m;
    struct error err;
    for (int64_t n = 0; n < 2; n++) {
        memory_fail_after(n);
        assert_false(stop_open(&m, strings, 2, &err));
        memory_fail_after(-1);
        assert_int_equal(err.code, ERROR_MEMORY);
    }
    assert_ok(stop_open(&m, strings, 2, &err), err);
    struct text out; /* its limit stands for memory that is out */
    text_init(&out, 1);
    int matched;
    assert_false(stop_feed(m, slice_of("xyz"), &out, &matched));
    for (int i = 0; i < 3000; i++)
        assert_false(stop_feed(m, slice_of("x"), &out, &matched));
    text_release(&out);
    stop_close(&m);
}
