#include "test.h"

#include "base/memory.h"
#include "base/table.h"
#include "base/utf8.h"
#include "runtime/grammar/gbnf.h"
#include "runtime/grammar/token_mask.h"

enum { LIMIT_BYTES = 16 << 20 };

static const char json[] =
    "root ::= value\n"
    "value ::= object | array | string | number | \"true\" | \"false\" | \"null\"\n"
    "object ::= \"{\" ws (member (\",\" ws member)*)? \"}\" # members\n"
    "member ::= string \":\" ws value\n"
    "array ::= \"[\" ws (\n  value (\",\" ws value)*\n)? \"]\"\n"
    "string ::= \"\\\"\" ([^\"\\\\\\x00-\\x1f] | \"\\\\\" [\"\\\\/bfnrt])* \"\\\"\"\n"
    "number ::= \"-\"? (\"0\" | [1-9] [0-9]*) (\".\" [0-9]+)?\n"
    "ws ::= [ \\n]{0,3}\n";

static struct grammar *grammar_from(const char *source)
{
    struct grammar *g;
    struct error err = { 0 };
    if (!gbnf_open(&g, slice_of(source), &err))
        fail_msg("%s", err.message);
    return g;
}

static struct matcher *matcher_for(const struct grammar *g)
{
    struct matcher *m;
    struct error err = { 0 };
    if (!matcher_open(&m, g, LIMIT_BYTES, &err))
        fail_msg("%s", err.message);
    return m;
}

static matcher_state after(struct matcher *m, matcher_state from, const char *text, size_t length)
{
    matcher_state to;
    struct error err = { 0 };
    if (!matcher_advance(m, from, (struct slice){ text, length }, &to, &err))
        fail_msg("%s", err.message);
    return to;
}

/* 'y': a text of the language, 'p': the beginning of one, 'n': neither. */
static char judge(const char *source, const char *text)
{
    struct grammar *g = grammar_from(source);
    struct matcher *m = matcher_for(g);
    matcher_state s = after(m, matcher_start(m), text, strlen(text));
    char verdict = s == MATCHER_DEAD ? 'n' : matcher_may_end(m, s) ? 'y' : 'p';
    matcher_close(&m);
    grammar_close(&g);
    return verdict;
}

/* Whether a class has a character, by its ranges. */
static bool has_character(const struct code_points *ranges, size_t n, bool is_negated, uint32_t c)
{
    bool is_inside = false;
    for (size_t i = 0; i < n; i++)
        is_inside |= c >= ranges[i].first && c <= ranges[i].last;
    return is_inside != is_negated && (c < 0xD800 || c > 0xDFFF);
}

static void compare_class(const struct code_points *ranges, size_t n, bool is_negated)
{
    struct grammar *g = grammar_new();
    struct error err = { 0 };
    assert_non_null(g);
    grammar_rule root = grammar_declare(g, slice_of("root"));
    grammar_expr either[] = { grammar_class(g, ranges, n, is_negated),
                              grammar_bytes(g, slice_of("more than one character")) };
    grammar_define(g, root, grammar_choice(g, either, 2));
    assert_ok(grammar_finish(g, root, &err), err);
    struct matcher *m = matcher_for(g);
    for (uint32_t c = 0; c <= 0x10FFFF; c += c < 0x11000 ? 1 : 61) {
        char bytes[4];
        matcher_state s = after(m, matcher_start(m), bytes, utf8_encode(c, bytes));
        bool matches = s != MATCHER_DEAD && matcher_may_end(m, s);
        if (matches != has_character(ranges, n, is_negated, c))
            fail_msg("U+%04X of %zu ranges: %d", (unsigned)c, n, matches);
    }
    matcher_close(&m);
    grammar_close(&g);
}

TEST(classes_have_the_characters_of_their_ranges)
{
    static const uint32_t edges[] = { 0,      'a',     0x7F,    0x80,    0x7FF,
                                      0x800,  0xFFF,   0x1000,  0xD7FF,  0xE000,
                                      0xFFFF, 0x10000, 0x1F600, 0x3FFFF, 0x40000 };
    uint64_t random = 1;
    for (size_t n = 0; n < 12; n++)
        for (int is_negated = 0; is_negated < 2; is_negated++) {
            struct code_points ranges[12];
            for (size_t i = 0; i < n; i++) {
                random = hash_u64(random + 1);
                uint32_t first = edges[random % COUNT_OF(edges)] + (random >> 20) % 3;
                uint32_t length = (uint32_t)(1u << (random >> 32) % 17);
                ranges[i] = (struct code_points){ first, first + length - 1 };
            }
            compare_class(ranges, n, is_negated);
        }
}

/* However many ranges a class has, what reads it goes on in one way only: time and memory do not
 * grow with their number. */
TEST(classes_of_many_ranges_are_read_in_one_way)
{
    struct code_points ranges[2000];
    struct error err = { 0 };
    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        ranges[i] = (struct code_points){ 0x10000 + 3 * (uint32_t)i, 0x10001 + 3 * (uint32_t)i };
    struct grammar *g = grammar_new();
    grammar_rule root = grammar_declare(g, slice_of("root"));
    grammar_expr class = grammar_class(g, ranges, COUNT_OF(ranges), false);
    grammar_define(g, root, grammar_repeat(g, class, 0, UINT32_MAX));
    assert_ok(grammar_finish(g, root, &err), err);
    struct matcher *m = matcher_for(g);
    matcher_state s = matcher_start(m);
    assert_int_equal(matcher_count_stacks(m, s), 1);
    for (int i = 0; i < 3; i++) {
        s = after(m, s, &"\xF0\x90\x80"[i], 1);
        if (i < 2)
            assert_true(matcher_count_stacks(m, s) > 1); /* branches, each with bytes of its own */
        else
            assert_int_equal(matcher_count_stacks(m, s), 1);
    }
    matcher_close(&m);
    grammar_close(&g);
}

TEST(texts_are_recognized)
{
    static const struct {
        const char *source, *text;
        char verdict;
    } cases[] = {
        { "root ::= \"ab\" | \"ac\"", "", 'p' },
        { "root ::= \"ab\" | \"ac\"", "a", 'p' },
        { "root ::= \"ab\" | \"ac\"", "ac", 'y' },
        { "root ::= \"ab\" | \"ac\"", "ad", 'n' },
        { "root ::= \"ab\" | \"ac\"", "abc", 'n' },
        { "root ::= \"\"", "", 'y' },
        { "root ::= \"a\"*", "aaaa", 'y' },
        { "root ::= \"a\"+", "", 'p' },
        { "root ::= \"a\"{2,3}", "a", 'p' },
        { "root ::= \"a\"{2,3}", "aa", 'y' },
        { "root ::= \"a\"{2,3}", "aaa", 'y' },
        { "root ::= \"a\"{2,3}", "aaaa", 'n' },
        { "root ::= \"a\"{2,}", "aaaaaaaa", 'y' },
        { "root ::= \"a\"{2}", "aa", 'y' },
        { "root ::= \"a\"{2}", "aaa", 'n' },
        { "root ::= (\"a\" | \"aa\"){2} \"b\"", "aab", 'y' },
        { "root ::= (\"a\" | \"aa\"){2} \"b\"", "aaaab", 'y' },
        { "root ::= (\"a\" | \"aa\"){2} \"b\"", "aaaaab", 'n' },
        { "root ::= (\"a\"?){3,1000} \"b\"", "b", 'y' },
        { "root ::= (\"a\"?){3,4} \"b\"", "aaaab", 'y' },
        { "root ::= (\"a\"?){3,4} \"b\"", "aaaaab", 'n' },
        { "root ::= (\"a\"*)* \"b\"", "aaab", 'y' },
        { "root ::= (\"a\"? \"b\"?){2,3} \"c\"", "ababc", 'y' },
        { "root ::= (\"a\"? \"b\"?){2,3} \"c\"", "babbac", 'n' },
        { "root ::= \"(\" root? \")\"", "((()))", 'y' },
        { "root ::= \"(\" root? \")\"", "((())", 'p' },
        { "root ::= \"(\" root? \")\"", "())", 'n' },
        { "root ::= a \"x\" | b \"y\"\na ::= \"q\"+\nb ::= \"q\" \"q\"", "qqy", 'y' },
        { "root ::= a \"x\" | b \"y\"\na ::= \"q\"+\nb ::= \"q\" \"q\"", "qqqy", 'n' },
        { "root ::= [a-c\\u00e4]+",
          "b\xc3\xa4"
          "c",
          'y' },
        { "root ::= [^a]", "\xc3", 'p' },
        { "root ::= [^a]", "\xf0\x9f\x98\x80", 'y' },
        { "root ::= [^a]", "\xed\xa0\x80", 'n' },
        { "root ::= .", "\xc0\x80", 'n' },
        { "root ::= .", "\xf4\x90\x80\x80", 'n' },
        { "root ::= [\\U0001F600-\\U0001F64F]", "\xf0\x9f\x99\x8f", 'y' },
        { "root ::= [\\U0001F600-\\U0001F64F]", "\xf0\x9f\x99\x90", 'n' },
        { "root ::= \"a\"\n  | \"b\"", "b", 'y' },
        { "root ::= one | never\none ::= \"1\"\nnever ::= \"x\" never", "1", 'y' },
        { "root ::= one | never\none ::= \"1\"\nnever ::= \"x\" never", "x", 'n' },
        { json, "{\"a\": [1, -2.5, {\"b\": null}], \"c\": \"x\\n\"}", 'y' },
        { json, "{\"a\": 01}", 'n' },
        { json, "[1,    2]", 'n' },
        { json, "[1,   2]", 'y' },
        { json, "\"\xe4\xbd\xa0\"", 'y' },
        { json, "{\"a\" ", 'n' },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char verdict = judge(cases[i].source, cases[i].text);
        if (verdict != cases[i].verdict)
            fail_msg("case %zu: %s on %s: '%c', not '%c'", i, cases[i].source, cases[i].text,
                     verdict, cases[i].verdict);
    }
}

TEST(bad_sources_are_refused_with_their_place)
{
    static const struct {
        const char *source, *message;
    } cases[] = {
        { "", "no rule 'root'" },
        { "root ::= \"a", "line 1, column 12" },
        { "root ::= \"a\"\nb ::= [z-a]", "line 2, column 11: a range that runs backwards" },
        { "root ::= other", "'other' is used but not defined" },
        { "root ::= root \"a\" | \"b\"", "'root' calls itself before anything else" },
        { "root ::= a* root | \"b\"\na ::= \"x\"?", "left recursion" },
        { "root ::= (\"a\"", "')' is missing" },
        { "root ::= \"a\"{3,2}", "bounds that run backwards" },
        { "root ::= \"a\"{x}", "a number is missing" },
        { "root ::= \"\\q\"", "unknown escape" },
        { "root ::= \"\\ud800\"", "no such character" },
        { "root ::= \"a\" root", "no text at all matches" },
        { "root = \"a\"", "'::=' is missing" },
        { "root ::= \"a\"\nroot ::= \"b\"", "defined twice" },
        { "root ::= \"a\" ?? !", "what is this" },
        { "root ::= \xff", "what is this" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct grammar *g;
        struct error err = { 0 };
        assert_false(gbnf_open(&g, slice_of(cases[i].source), &err));
        if (!strstr(err.message, cases[i].message))
            fail_msg("case %zu: '%s' does not say '%s'", i, err.message, cases[i].message);
    }
}

TEST(nesting_has_limits)
{
    enum { DEPTH = 10000 };
    char *source = memory_zeroed(3 * DEPTH + 20, 1);
    assert_non_null(source);
    strcpy(source, "root ::= ");
    memset(source + 9, '(', DEPTH);
    struct grammar *g;
    struct error err = { 0 };
    assert_false(gbnf_open(&g, slice_of(source), &err));
    assert_non_null(strstr(err.message, "nest"));
    strcpy(source, "root ::= \"a\"");
    memset(source + 12, '?', DEPTH);
    assert_false(gbnf_open(&g, slice_of(source), &err));
    memory_free(source);
}

TEST(an_ambiguous_grammar_meets_its_limit)
{
    struct grammar *g = grammar_from("root ::= (\"a\" | \"aa\" | \"aaa\"){1,100000} \"b\"");
    struct matcher *m = matcher_for(g);
    matcher_state s = matcher_start(m);
    struct error err = { 0 };
    bool ok = true;
    for (int i = 0; ok && i < 20000; i++)
        ok = matcher_advance(m, s, slice_of("a"), &s, &err);
    assert_false(ok);
    assert_int_equal(err.code, ERROR_BUDGET);
    matcher_close(&m);
    grammar_close(&g);
}

TEST(recursion_to_the_right_and_counters_share_states)
{
    struct grammar *g = grammar_from("root ::= \"a\" root | \"b\"");
    struct matcher *m = matcher_for(g);
    matcher_state one = after(m, matcher_start(m), "a", 1);
    assert_int_equal(one, after(m, one, "aaaaaaaa", 8));
    matcher_close(&m);
    grammar_close(&g);
    g = grammar_from("root ::= [a-z]{4,}");
    m = matcher_for(g);
    one = after(m, matcher_start(m), "abcd", 4);
    assert_int_equal(one, after(m, one, "zzz", 3));
    matcher_close(&m);
    grammar_close(&g);
}

/* ---- masks ---- */

enum { N_TOKENS = 600, N_BYTES_MOST = 7 };

struct vocabulary {
    char bytes[N_TOKENS][N_BYTES_MOST];
    struct slice tokens[N_TOKENS];
};

static uint64_t random_state = 88172645463325252u;
static uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 20) % n;
}

/* All bytes, then random words of an alphabet that the grammars below like; the last two are
 * control tokens, of which the first ends a text. */
static void fill_vocabulary(struct vocabulary *v)
{
    static const char alphabet[] = "ab\"{}[]:, 0123.xq\\n\n";
    for (size_t i = 0; i < N_TOKENS - 2; i++) {
        size_t n = i < 256 ? 1 : 1 + random_below(N_BYTES_MOST);
        for (size_t j = 0; j < n; j++)
            v->bytes[i][j] =
                i < 256 ? (char)i : alphabet[random_below((uint32_t)sizeof alphabet - 1)];
        v->tokens[i] = (struct slice){ v->bytes[i], n };
    }
}

static bool has_bit(const uint32_t *mask, size_t token)
{
    return mask[token / 32] >> (token % 32) & 1;
}

/* Random texts of the language, token by token; at each the mask says what matching says. */
static void compare_masks(const char *source, const struct vocabulary *v, size_t limit_bytes)
{
    struct grammar *g = grammar_from(source);
    struct matcher *m = matcher_for(g);
    struct token_tree *tree;
    struct token_masks *masks;
    struct error err = { 0 };
    int32_t end = N_TOKENS - 2;
    assert_true(token_tree_open(&tree, v->tokens, N_TOKENS, &end, 1, &err));
    assert_true(token_masks_open(&masks, tree, m, limit_bytes, &err));
    for (int text = 0; text < 20; text++) {
        matcher_state s = matcher_start(m);
        for (int length = 0; length < 40; length++) {
            const uint32_t *mask;
            size_t n_allowed, n_true = 0;
            int32_t allowed[N_TOKENS];
            if (!token_masks_of(masks, s, &mask, &n_allowed, &err))
                fail_msg("%s", err.message);
            for (int32_t i = 0; i < N_TOKENS; i++) {
                bool is_allowed = i == end ? matcher_may_end(m, s)
                                           : i < end && after(m, s, v->tokens[i].data,
                                                              v->tokens[i].length) != MATCHER_DEAD;
                if (is_allowed != has_bit(mask, (size_t)i))
                    fail_msg("%s: token %d: mask %d, matching %d", source, i,
                             has_bit(mask, (size_t)i), is_allowed);
                if (is_allowed)
                    allowed[n_true++] = i;
            }
            assert_int_equal(n_allowed, n_true);
            int32_t token = allowed[random_below((uint32_t)n_true)];
            if (token == end)
                break;
            s = after(m, s, v->tokens[token].data, v->tokens[token].length);
        }
    }
    token_masks_close(&masks);
    token_tree_close(&tree);
    matcher_close(&m);
    grammar_close(&g);
}

TEST(masks_say_what_matching_says)
{
    static const char *const sources[] = {
        json,
        "root ::= \"a\"{3,9} \"b\"",
        "root ::= [a-b]{0,30} \"\\\"\"",
        "root ::= ([a-b]{2,20} \",\"){1,3} \"x\"",
        "root ::= \"{\" root* \"}\" | item\nitem ::= [0-9]{1,12}",
        "root ::= ((\"a\" | \"b\"?){1,8} \":\")* \"q\"",
        "root ::= (\"a\" | \"ab\" | \"b\" | \"aab\")+",
        "root ::= .*",
        "root ::= call{12}\ncall ::= \"a\" [0-9]{1,3} | \"bb\"",
    };
    struct vocabulary v = { 0 };
    fill_vocabulary(&v);
    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        compare_masks(sources[i], &v, LIMIT_BYTES);
        compare_masks(sources[i], &v, 1000); /* a cache that forgets all the time */
    }
}

TEST(literals_share_their_beginnings)
{
    static const char *const words[] = { "abc", "abd", "ab", "x", "", "abc" };
    struct slice slices[COUNT_OF(words)];
    for (size_t i = 0; i < COUNT_OF(words); i++)
        slices[i] = slice_of(words[i]);
    struct grammar *g = grammar_new();
    struct error err = { 0 };
    grammar_rule root = grammar_declare(g, slice_of("root"));
    grammar_define(g, root, grammar_literals(g, slices, COUNT_OF(words)));
    assert_true(grammar_finish(g, root, &err));
    struct matcher *m = matcher_for(g);
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        matcher_state s = after(m, matcher_start(m), words[i], strlen(words[i]));
        assert_int_not_equal(s, MATCHER_DEAD);
        assert_true(matcher_may_end(m, s));
    }
    matcher_state s = after(m, matcher_start(m), "a", 1);
    assert_false(matcher_may_end(m, s));
    assert_int_equal(matcher_count_stacks(m, s), 1);
    assert_int_equal(after(m, s, "c", 1), MATCHER_DEAD);
    matcher_close(&m);
    grammar_close(&g);
}

TEST(memory_that_runs_out_is_an_error)
{
    struct vocabulary v = { 0 };
    fill_vocabulary(&v);
    int32_t end = N_TOKENS - 2;
    bool ok = false;
    for (int64_t n = 0; !ok; n++) {
        struct grammar *g = NULL;
        struct matcher *m = NULL;
        struct token_tree *tree = NULL;
        struct token_masks *masks = NULL;
        struct error err = { 0 };
        const uint32_t *mask;
        memory_fail_after(n);
        ok = gbnf_open(&g, slice_of(json), &err) && matcher_open(&m, g, LIMIT_BYTES, &err) &&
             token_tree_open(&tree, v.tokens, N_TOKENS, &end, 1, &err) &&
             token_masks_open(&masks, tree, m, LIMIT_BYTES, &err) &&
             token_masks_of(masks, matcher_start(m), &mask, NULL, &err);
        memory_fail_after(-1);
        if (!ok)
            assert_true(err.code == ERROR_MEMORY || err.code == ERROR_BUDGET);
        token_masks_close(&masks);
        token_tree_close(&tree);
        if (m)
            matcher_close(&m);
        grammar_close(&g);
    }
}
