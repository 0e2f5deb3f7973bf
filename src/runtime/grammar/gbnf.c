#include "runtime/grammar/gbnf.h"

#include "base/memory.h"
#include "base/table.h"
#include "base/utf8.h"
#include "runtime/grammar/grammar_expression.h"

enum { MAX_NESTING = 100, MAX_REPETITIONS = 100000 };

struct list {
    grammar_expr *items;
    size_t count, capacity;
};

struct reader {
    struct grammar *g;
    struct slice source;
    size_t at;
    size_t nesting;
    struct table rules; /* name in the source -> rule */
    struct error *err;
};

static bool refuse(struct reader *r, const char *what)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < r->at && i < r->source.length; i++) {
        column = r->source.data[i] == '\n' ? 1 : column + 1;
        line += r->source.data[i] == '\n';
    }
    return fail(r->err, ERROR_FORMAT, "grammar: line %zu, column %zu: %s", line, column, what);
}

static char peek(const struct reader *r)
{
    return r->at < r->source.length ? r->source.data[r->at] : '\0';
}

static bool is_over(const struct reader *r)
{
    return r->at >= r->source.length;
}

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* White space and comments; beyond the end of the line only where a rule may go on there. */
static void skip_space(struct reader *r, bool also_lines)
{
    for (; !is_over(r); r->at++) {
        char c = peek(r);
        if (c == '#')
            while (!is_over(r) && peek(r) != '\n')
                r->at++;
        if (is_over(r) || ((peek(r) == '\n' || peek(r) == '\r') && !also_lines))
            return;
        if (!strchr(" \t\r\n", peek(r)) || peek(r) == '\0')
            return;
    }
}

static struct slice read_name(struct reader *r)
{
    size_t begin = r->at;
    while (!is_over(r) && is_name_character(peek(r)))
        r->at++;
    return (struct slice){ r->source.data + begin, r->at - begin };
}

static bool rule_named(struct reader *r, struct slice name, grammar_rule *rule)
{
    uint64_t known;
    if (table_get(&r->rules, name, &known)) {
        *rule = (grammar_rule)known;
        return true;
    }
    *rule = grammar_declare(r->g, name);
    return table_put(&r->rules, name, *rule) || fail_memory(r->err, name.length, "a rule");
}

static bool read_hex(struct reader *r, size_t n_digits, uint32_t *value)
{
    *value = 0;
    for (size_t i = 0; i < n_digits; i++, r->at++) {
        char c = peek(r);
        const char *digits = "0123456789abcdef";
        const char *digit = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
        if (!digit)
            return refuse(r, "a hexadecimal digit is missing");
        *value = *value * 16 + (uint32_t)(digit - digits);
    }
    if (*value > 0x10FFFF || (*value >= 0xD800 && *value <= 0xDFFF))
        return refuse(r, "no such character");
    return true;
}

/* One character of a literal or class, escaped or not. */
static bool read_character(struct reader *r, uint32_t *c)
{
    static const char names[] = "tnr\\\"[]-^", values[] = "\t\n\r\\\"[]-^";
    if (peek(r) != '\\') {
        const uint8_t *p = (const uint8_t *)r->source.data + r->at;
        size_t length = utf8_length(p, r->source.length - r->at);
        if (length == 0)
            return refuse(r, is_over(r) ? "the grammar ends within a literal" : "not UTF-8");
        *c = utf8_decode(p, length);
        r->at += length;
        return true;
    }
    r->at++;
    char escape = peek(r);
    const char *name = escape ? strchr(names, escape) : NULL;
    r->at++;
    if (name) {
        *c = (uint8_t)values[name - names];
        return true;
    }
    if (escape == 'x')
        return read_hex(r, 2, c);
    if (escape == 'u')
        return read_hex(r, 4, c);
    if (escape == 'U')
        return read_hex(r, 8, c);
    r->at -= 2;
    return refuse(r, "unknown escape");
}

static bool add_item(struct reader *r, struct list *list, grammar_expr item)
{
    if (!grow((void **)&list->items, &list->capacity, list->count, 1, sizeof item))
        return fail_memory(r->err, sizeof item, "a grammar");
    list->items[list->count++] = item;
    return true;
}

static bool read_literal(struct reader *r, grammar_expr *out)
{
    struct list characters = { 0 };
    bool ok = true;
    for (r->at++; ok && peek(r) != '"';) {
        uint32_t c;
        char bytes[4];
        ok = read_character(r, &c);
        if (ok)
            ok = add_item(r, &characters,
                          grammar_bytes(r->g, (struct slice){ bytes, utf8_encode(c, bytes) }));
    }
    r->at++;
    *out = grammar_sequence(r->g, characters.items, characters.count);
    memory_free(characters.items);
    return ok;
}

static bool read_range(struct reader *r, struct code_points *range)
{
    if (!read_character(r, &range->first))
        return false;
    range->last = range->first;
    bool has_last =
        peek(r) == '-' && r->at + 1 < r->source.length && r->source.data[r->at + 1] != ']';
    if (!has_last)
        return true;
    r->at++;
    if (!read_character(r, &range->last))
        return false;
    return range->first <= range->last || refuse(r, "a range that runs backwards");
}

static bool read_class(struct reader *r, grammar_expr *out)
{
    struct code_points *ranges = NULL;
    size_t count = 0, capacity = 0;
    r->at++;
    bool is_negated = peek(r) == '^', ok = true;
    r->at += is_negated;
    while (ok && peek(r) != ']') {
        ok = grow((void **)&ranges, &capacity, count, 1, sizeof *ranges) ||
             fail_memory(r->err, sizeof *ranges, "a class");
        ok = ok && read_range(r, &ranges[count]);
        count += ok;
    }
    r->at++;
    if (ok)
        *out = grammar_class(r->g, ranges, count, is_negated);
    memory_free(ranges);
    return ok;
}

static bool read_alternatives(struct reader *r, bool is_nested, grammar_expr *out);

static bool read_group(struct reader *r, grammar_expr *out)
{
    if (++r->nesting > MAX_NESTING)
        return refuse(r, "groups nest more than 100 deep");
    r->at++;
    if (!read_alternatives(r, true, out))
        return false;
    if (peek(r) != ')')
        return refuse(r, "')' is missing");
    r->at++;
    r->nesting--;
    return true;
}

static bool read_call(struct reader *r, grammar_expr *out)
{
    grammar_rule rule;
    if (!rule_named(r, read_name(r), &rule))
        return false;
    *out = grammar_call(r->g, rule);
    return true;
}

static bool read_element(struct reader *r, grammar_expr *out)
{
    char c = peek(r);
    if (c == '"')
        return read_literal(r, out);
    if (c == '[')
        return read_class(r, out);
    if (c == '(')
        return read_group(r, out);
    if (c == '.') {
        r->at++;
        *out = grammar_class(r->g, NULL, 0, true);
        return true;
    }
    return read_call(r, out);
}

static bool read_number(struct reader *r, uint32_t *value)
{
    size_t begin = r->at;
    for (*value = 0; peek(r) >= '0' && peek(r) <= '9'; r->at++) {
        *value = *value * 10 + (uint32_t)(peek(r) - '0');
        if (*value > MAX_REPETITIONS)
            return refuse(r, "more than 100000 repetitions");
    }
    return r->at > begin || refuse(r, "a number is missing");
}

/* {m}, {m,} or {m,n} */
static bool read_bounds(struct reader *r, uint32_t *at_least, uint32_t *at_most)
{
    r->at++;
    skip_space(r, false);
    if (!read_number(r, at_least))
        return false;
    *at_most = *at_least;
    skip_space(r, false);
    if (peek(r) == ',') {
        r->at++;
        skip_space(r, false);
        *at_most = UINT32_MAX;
        if (peek(r) != '}' && !read_number(r, at_most))
            return false;
        skip_space(r, false);
    }
    if (peek(r) != '}')
        return refuse(r, "'}' is missing");
    r->at++;
    return *at_least <= *at_most || refuse(r, "bounds that run backwards");
}

static bool read_repeated(struct reader *r, grammar_expr *out)
{
    if (!read_element(r, out))
        return false;
    for (;;) {
        uint32_t at_least = 0, at_most = UINT32_MAX;
        char c = peek(r);
        if (c == '{') {
            if (!read_bounds(r, &at_least, &at_most))
                return false;
        } else if (c == '*' || c == '+' || c == '?') {
            at_least = c == '+';
            at_most = c == '?' ? 1 : UINT32_MAX;
            r->at++;
        } else {
            return true;
        }
        *out = grammar_repeat(r->g, *out, at_least, at_most);
    }
}

static bool at_element(const struct reader *r)
{
    char c = peek(r);
    return c == '"' || c == '[' || c == '(' || c == '.' || is_name_character(c);
}

static bool read_sequence(struct reader *r, bool is_nested, grammar_expr *out)
{
    struct list parts = { 0 };
    bool ok = true;
    skip_space(r, is_nested);
    while (ok && at_element(r)) {
        grammar_expr part = GRAMMAR_NONE;
        ok = read_repeated(r, &part) && add_item(r, &parts, part);
        skip_space(r, is_nested);
    }
    *out = ok ? grammar_sequence(r->g, parts.items, parts.count) : GRAMMAR_NONE;
    memory_free(parts.items);
    return ok;
}

/* A line that begins with '|' goes on with the rule of the line before. */
static bool at_bar(struct reader *r)
{
    size_t before = r->at;
    skip_space(r, true);
    if (peek(r) == '|')
        return true;
    r->at = before;
    return false;
}

static bool read_alternatives(struct reader *r, bool is_nested, grammar_expr *out)
{
    struct list choices = { 0 };
    grammar_expr one = GRAMMAR_NONE;
    bool ok = read_sequence(r, is_nested, &one) && add_item(r, &choices, one);
    while (ok && at_bar(r)) {
        r->at++;
        skip_space(r, true);
        ok = read_sequence(r, is_nested, &one) && add_item(r, &choices, one);
    }
    *out = ok ? grammar_choice(r->g, choices.items, choices.count) : GRAMMAR_NONE;
    memory_free(choices.items);
    return ok;
}

static bool read_rule(struct reader *r)
{
    struct slice name = read_name(r);
    grammar_rule rule;
    grammar_expr body;
    if (name.length == 0)
        return refuse(r, "the name of a rule is missing");
    skip_space(r, false);
    if (r->source.length - r->at < 3 || memcmp(r->source.data + r->at, "::=", 3) != 0)
        return refuse(r, "'::=' is missing");
    r->at += 3;
    skip_space(r, true);
    if (!rule_named(r, name, &rule))
        return false;
    if (rule != GRAMMAR_NONE && r->g->rules[rule].body != GRAMMAR_NONE)
        return refuse(r, "this rule is defined twice");
    if (!read_alternatives(r, false, &body))
        return false;
    if (!is_over(r) && peek(r) != '\n' && peek(r) != '\r')
        return refuse(r, "what is this?");
    if (body == GRAMMAR_NONE)
        return fail(r->err, ERROR_BUDGET, "grammar: too large or nested too deeply");
    grammar_define(r->g, rule, body);
    skip_space(r, true);
    return true;
}

static bool read_rules(struct reader *r, uint64_t *root)
{
    for (skip_space(r, true); !is_over(r);)
        if (!read_rule(r))
            return false;
    return table_get(&r->rules, slice_of("root"), root) ||
           fail(r->err, ERROR_FORMAT, "grammar: there is no rule 'root'");
}

/* The rules of `source` as further ones of g. */
static bool add_rules(struct grammar *g, struct slice source, uint64_t *root, struct error *err)
{
    struct reader r = { .g = g, .source = source, .err = err };
    bool ok =
        table_init(&r.rules, 16) ? read_rules(&r, root) : fail_memory(err, sizeof r, "a grammar");
    table_release(&r.rules);
    return ok;
}

bool gbnf_expr(struct grammar *g, struct slice source, grammar_expr *out, struct error *err)
{
    uint64_t root;
    if (!add_rules(g, source, &root, err))
        return false;
    *out = grammar_call(g, (grammar_rule)root);
    return true;
}

bool gbnf_open(struct grammar **out, struct slice source, struct error *err)
{
    struct grammar *g = grammar_new();
    uint64_t root;
    bool ok = g ? add_rules(g, source, &root, err) : fail_memory(err, 0, "a grammar");
    ok = ok && grammar_finish(g, (grammar_rule)root, err);
    if (!ok)
        grammar_close(&g);
    *out = g;
    return ok;
}
