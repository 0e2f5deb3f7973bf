#include "test.h"

#include "dialogue/answer_key.h"

enum { MOST_KEYS = 64, MOST_BYTES = 1 << 16 };

/* Keys that must all differ. */
struct keys {
    struct text items[MOST_KEYS];
    size_t count;
};

static void add_key(struct keys *keys, const struct answer_form *form)
{
    assert_true(keys->count < MOST_KEYS);
    struct text *key = &keys->items[keys->count];
    text_init(key, MOST_BYTES);
    assert_true(answer_key_write(key, form));
    for (size_t i = 0; i < keys->count; i++)
        if (slice_equal(text_slice(&keys->items[i]), text_slice(key)))
            fail_msg("keys %zu and %zu are equal", i, keys->count);
    keys->count++;
}

static void release_keys(struct keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        text_release(&keys->items[i]);
}

static const struct json *parsed(const char *text)
{
    const struct json *value;
    struct error err = { 0 };
    assert_ok(json_open(&value, text, strlen(text), "test", &err), err);
    return value;
}

TEST(every_member_of_a_form_tells_it_from_others)
{
    static const char *const tools[] = {
        "[]",
        "[[]]",
        "[{}]",
        "[null]",
        "[true]",
        "[false]",
        "[1]",
        "[1.0]",
        "[-0.0]",
        "[100000000000000000000]",
        "[1e20]",
        "[\"1\"]",
        "[{\"a\":1,\"b\":2}]",
        "[{\"b\":2,\"a\":1}]",
    };
    struct keys keys = { .count = 0 };
    const struct dialect dialect = { 0 };
    const struct answer_form plain = { .dialect = &dialect };
    struct answer_form form = plain;
    add_key(&keys, &form);
    for (form = plain; form.choice < TOOL_CHOICE_REQUIRED;) {
        form.choice++;
        add_key(&keys, &form);
    }
    bool *const flags[] = { &form.is_parallel, &form.may_think, &form.is_thinking };
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        form = plain;
        *flags[i] = true;
        add_key(&keys, &form);
    }
    struct slice *const texts[] = { &form.tool, &form.format, &form.grammar };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        form = plain;
        *texts[i] = slice_of("");
        add_key(&keys, &form);
        *texts[i] = slice_of("x");
        add_key(&keys, &form);
    }
    for (size_t i = 0; i < COUNT_OF(tools); i++) {
        form = plain;
        form.tools = parsed(tools[i]);
        add_key(&keys, &form);
        json_close(&form.tools);
    }
    release_keys(&keys);
}

TEST(every_member_of_a_dialect_tells_it_from_others)
{
    struct keys keys = { .count = 0 };
    struct dialect d = { 0 };
    struct answer_form form = { .dialect = &d };
    struct call_syntax *c = &d.calls;
    struct slice *const texts[] = {
        &d.think_open,    &d.think_close,    &d.content_open, &d.content_close, &c->trigger,
        &c->section_open, &c->section_close, &c->between,     &c->open,         &c->name_again,
        &c->name_end,     &c->close,         &c->arg_open,    &c->arg_name_end, &c->arg_close,
        &c->arg_between,  &c->quote,
    };
    bool *const flags[] = { &c->is_only_first, &c->is_last, &c->is_single };
    add_key(&keys, &form);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        *texts[i] = slice_of("x");
        add_key(&keys, &form);
        *texts[i] = (struct slice){ NULL, 0 };
    }
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        *flags[i] = true;
        add_key(&keys, &form);
        *flags[i] = false;
    }
    while (c->arguments < ARGUMENTS_QUOTED) {
        c->arguments++;
        add_key(&keys, &form);
    }
    d.family = "qwen3";
    add_key(&keys, &form);
    release_keys(&keys);
}

TEST(one_text_does_not_pass_for_two)
{
    struct keys keys = { .count = 0 };
    struct dialect d = { .think_open = slice_of("a"), .think_close = slice_of("b") };
    struct answer_form form = { .dialect = &d };
    add_key(&keys, &form);
    d.think_open = slice_of("ab");
    d.think_close = slice_of("");
    add_key(&keys, &form);
    release_keys(&keys);
}

TEST(forms_of_equal_content_have_one_key)
{
    char twice[2][8] = { "{\"a\":1}", "{\"a\":1}" };
    struct text keys[2];
    struct dialect dialects[2] = { 0 };
    for (size_t i = 0; i < 2; i++) {
        struct answer_form form = { .dialect = &dialects[i],
                                    .tools =
                                        parsed(i ? "[ 1, { \"b\" : 0.5 } ]" : "[1,{\"b\":0.5}]"),
                                    .format = { twice[i], strlen(twice[i]) } };
        text_init(&keys[i], MOST_BYTES);
        assert_true(answer_key_write(&keys[i], &form));
        json_close(&form.tools);
    }
    assert_true(slice_equal(text_slice(&keys[0]), text_slice(&keys[1])));
    text_release(&keys[0]);
    text_release(&keys[1]);
}

TEST(a_key_that_is_too_long_is_none)
{
    struct text key;
    const struct dialect dialect = { 0 };
    struct answer_form form = { .dialect = &dialect, .format = slice_of("0123456789") };
    text_init(&key, 20);
    assert_false(answer_key_write(&key, &form));
    text_release(&key);
}
