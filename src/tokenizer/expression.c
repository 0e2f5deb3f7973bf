#include "tokenizer/expression.h"

#include "base/memory.h"
#include "base/text.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
    MAX_PATTERN_BYTES = 64 * 1024,
    /* Beyond 32 KiB, which lies on the machine's stack: what \s+ over a megabyte of spaces may use.
     */
    JIT_STACK_BYTES = 32 * 1024,
    JIT_STACK_LIMIT = 16 * 1024 * 1024,
    HEAP_LIMIT_KIB = 64 * 1024,
    /* Backtracking steps of one match. A linear expression takes a few per byte of its match. */
    MATCH_LIMIT = 50 * 1000 * 1000,
    DEPTH_LIMIT = 1000 * 1000,
};

struct expression {
    pcre2_code *code;
};

static void *allocate(size_t size, void *unused)
{
    (void)unused;
    return memory_resize(NULL, size);
}

static void release(void *memory, void *unused)
{
    (void)unused;
    memory_free(memory);
}

/* PCRE2 counts U+180E as white space, Unicode no longer does. These lists are Unicode's property
 * White_Space. */
static const char SPACE_IN_CLASS[] = "\\p{Z}\\t-\\r\\x{85}";
static const char SPACE[] = "[\\p{Z}\\t-\\r\\x{85}]";
static const char NOT_SPACE[] = "[^\\p{Z}\\t-\\r\\x{85}]";

/* Copy one escape sequence at `i`, translated. Advances `i` past it. */
static bool copy_escape(struct text *out, struct slice p, size_t *i, bool in_class)
{
    char letter = *i + 1 < p.length ? p.data[*i + 1] : '\0';
    size_t length = letter ? 2 : 1;
    const char *replacement = NULL;
    if (letter == 's')
        replacement = in_class ? SPACE_IN_CLASS : SPACE;
    else if (letter == 'S' && !in_class)
        replacement = NOT_SPACE;
    bool ok =
        replacement ? text_append_string(out, replacement) : text_append(out, p.data + *i, length);
    *i += length;
    return ok;
}

/* The pattern with escapes translated. Class operations ("&&", "--"), which PCRE2 would read as
 * plain characters, are refused. */
static bool translate(struct text *out, struct slice p, struct error *err)
{
    bool in_class = false, ok = true;
    for (size_t i = 0; ok && i < p.length;) {
        char c = p.data[i];
        if (c == '\\') {
            ok = copy_escape(out, p, &i, in_class);
            continue;
        }
        if (in_class && c == '&' && i + 1 < p.length && p.data[i + 1] == '&')
            return fail(err, ERROR_UNSUPPORTED, "the expression '%s' intersects classes",
                        printable(p));
        if (in_class && c == '[' && (i + 1 >= p.length || p.data[i + 1] != ':'))
            return fail(err, ERROR_UNSUPPORTED, "the expression '%s' nests classes", printable(p));
        if (!in_class && c == '[') {
            in_class = true;
            size_t first = i + 1 < p.length && p.data[i + 1] == '^' ? i + 2 : i + 1;
            if (first < p.length && p.data[first] == ']') { /* a literal bracket */
                ok = text_append(out, p.data + i, first - i) && text_append_string(out, "\\]");
                i = first + 1;
                continue;
            }
        } else if (in_class && c == '[') {
            const char *end = memmem(p.data + i, p.length - i, ":]", 2);
            size_t length = end ? (size_t)(end - p.data) - i + 2 : 1;
            ok = text_append(out, p.data + i, length);
            i += length;
            continue;
        } else if (in_class && c == ']') {
            in_class = false;
        }
        ok = ok && text_append_byte(out, c);
        i++;
    }
    return ok || fail_memory(err, out->length, "an expression");
}

static bool compile(struct expression *expression, struct slice pattern, struct error *err)
{
    pcre2_general_context *general = pcre2_general_context_create(allocate, release, NULL);
    pcre2_compile_context *context = general ? pcre2_compile_context_create(general) : NULL;
    bool ok = false;
    if (!context) {
        fail_memory(err, sizeof(void *), "an expression");
        goto out;
    }
    int code;
    PCRE2_SIZE offset;
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
    expression->code =
        pcre2_compile((PCRE2_SPTR)pattern.data, pattern.length, options, &code, &offset, context);
    if (!expression->code && code == PCRE2_ERROR_HEAP_FAILED) {
        fail_memory(err, pattern.length, "an expression");
    } else if (!expression->code) {
        char why[200] = "";
        pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof why);
        fail(err, ERROR_FORMAT, "the expression '%s' is wrong at byte %zu: %s", printable(pattern),
             (size_t)offset, why);
    } else {
        /* Without executable memory (a locked-down process) the interpreter does the same, slower.
         */
        (void)pcre2_jit_compile(expression->code, PCRE2_JIT_COMPLETE);
        ok = true;
    }
out:
    pcre2_compile_context_free(context);
    pcre2_general_context_free(general);
    return ok;
}

bool expression_compile(struct expression **out, struct slice pattern, struct error *err)
{
    *out = NULL;
    if (pattern.length > MAX_PATTERN_BYTES)
        return fail(err, ERROR_UNSUPPORTED, "an expression of %zu bytes, at most %d are supported",
                    pattern.length, MAX_PATTERN_BYTES);
    struct text translated;
    text_init(&translated, (size_t)MAX_PATTERN_BYTES * 16);
    struct expression *expression = memory_zeroed(1, sizeof *expression);
    bool ok = expression || fail_memory(err, sizeof *expression, "an expression");
    ok = ok && translate(&translated, pattern, err) &&
         compile(expression, text_slice(&translated), err);
    text_release(&translated);
    if (!ok)
        expression_free(&expression);
    *out = expression;
    return ok;
}

void expression_free(struct expression **expression)
{
    if (*expression)
        pcre2_code_free((*expression)->code);
    memory_free(*expression);
    *expression = NULL;
}

static bool matcher_prepare(struct matcher *matcher, struct error *err)
{
    if (matcher->context)
        return true;
    pcre2_general_context *general = pcre2_general_context_create(allocate, release, NULL);
    if (general) {
        if (!matcher->data)
            matcher->data = pcre2_match_data_create(1, general);
        if (matcher->data)
            matcher->context = pcre2_match_context_create(general);
    }
    pcre2_general_context_free(general);
    if (!matcher->context)
        return fail_memory(err, sizeof(void *), "matching an expression");
    pcre2_set_match_limit(matcher->context, MATCH_LIMIT);
    pcre2_set_depth_limit(matcher->context, DEPTH_LIMIT);
    pcre2_set_heap_limit(matcher->context, HEAP_LIMIT_KIB);
    return true;
}

void matcher_release(struct matcher *matcher)
{
    pcre2_jit_stack_free(matcher->stack);
    pcre2_match_context_free(matcher->context);
    pcre2_match_data_free(matcher->data);
    *matcher = (struct matcher){ 0 };
}

/* One attempt, then with a larger stack, then without the compiler's code. */
static int match(struct matcher *matcher, const struct expression *expression, struct slice text,
                 size_t start)
{
    PCRE2_SPTR subject = (PCRE2_SPTR)text.data;
    int rc = pcre2_match(expression->code, subject, text.length, start, PCRE2_NO_UTF_CHECK,
                         matcher->data, matcher->context);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT && !matcher->stack) {
        pcre2_general_context *general = pcre2_general_context_create(allocate, release, NULL);
        matcher->stack =
            general ? pcre2_jit_stack_create(JIT_STACK_BYTES, JIT_STACK_LIMIT, general) : NULL;
        pcre2_general_context_free(general);
        if (matcher->stack) {
            pcre2_jit_stack_assign(matcher->context, NULL, matcher->stack);
            rc = pcre2_match(expression->code, subject, text.length, start, PCRE2_NO_UTF_CHECK,
                             matcher->data, matcher->context);
        }
    }
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
        rc = pcre2_match(expression->code, subject, text.length, start,
                         PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, matcher->data, matcher->context);
    return rc;
}

bool matcher_find(struct matcher *matcher, const struct expression *expression, struct slice text,
                  size_t start, bool *found, size_t *from, size_t *to, struct error *err)
{
    *found = false;
    if (!matcher_prepare(matcher, err))
        return false;
    int rc = match(matcher, expression, text, start);
    if (rc == PCRE2_ERROR_NOMATCH)
        return true;
    if (rc == PCRE2_ERROR_NOMEMORY)
        return fail_memory(err, text.length, "matching an expression");
    if (rc < 0) {
        char why[200] = "";
        pcre2_get_error_message(rc, (PCRE2_UCHAR *)why, sizeof why);
        return fail(err, ERROR_UNSUPPORTED, "splitting %zu bytes of text gave up at byte %zu: %s",
                    text.length, start, why);
    }
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(matcher->data);
    *found = true;
    *from = size_min(ends[0], ends[1]); /* \K in a lookahead may turn them around */
    *to = ends[1];
    if (*from < start) /* \K in a lookbehind */
        *from = start;
    if (*to < *from)
        *to = *from;
    return true;
}
