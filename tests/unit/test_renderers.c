/* test_renderers.c: prompts as the reference writes them, and clear errors for messages that are
 * none.
 *
 * RENDERER=name in the environment looks at one renderer only and prints each case that differs. */
#include "test.h"

#include "chat/renderer.h"
#include "golden_lines.h"

#include <time.h>

static int64_t read_time(struct slice text)
{
    struct tm day = { 0 };
    if (!strptime(text.data, "%Y-%m-%dT%H:%M:%SZ", &day))
        fail_msg("'%s' is no time", text.data);
    return timegm(&day);
}

/* Render one golden case. */
static bool render_line(struct text *out, const struct json *line, struct error *err)
{
    struct renderer_input input = {
        .messages = json_get(line, "messages"),
        .tools = json_get(line, "tools"),
        .now = read_time(json_text(json_get(line, "now"))),
        .image_tags = json_flag(json_get(line, "image_tags"), false),
    };
    return think_read(&input.think, json_get(line, "think"), err) &&
           renderer_render(out, json_text(json_get(line, "renderer")).data, &input, err);
}

enum { MAX_RENDERERS = 64 };
struct tally {
    struct {
        char name[40];
        size_t right, wrong, unknown;
    } renderers[MAX_RENDERERS];
    size_t n_renderers;
};

static size_t renderer_index(struct tally *t, struct slice name)
{
    for (size_t i = 0; i < t->n_renderers; i++)
        if (slice_equal(slice_of(t->renderers[i].name), name))
            return i;
    assert_true(t->n_renderers < MAX_RENDERERS);
    snprintf(t->renderers[t->n_renderers].name, sizeof t->renderers->name, "%.*s", (int)name.length,
             name.data);
    return t->n_renderers++;
}

/* Both texts from shortly before where they part. */
static void show_difference(struct slice want, struct slice got)
{
    size_t at = 0;
    while (at < want.length && at < got.length && want.data[at] == got.data[at])
        at++;
    size_t from = at > 60 ? at - 60 : 0;
    printf("---- byte %zu\n  want [%.*s]\n  got  [%.*s]\n", at,
           (int)size_min(want.length - from, 400), want.data + from,
           (int)size_min(got.length - from, 400), got.data + from);
}

static void check_line(const struct json *line, void *context)
{
    struct tally *t = context;
    struct slice name = json_text(json_get(line, "renderer"));
    const char *only = getenv("RENDERER");
    if (only && !slice_equal(slice_of(only), name))
        return;
    size_t renderer = renderer_index(t, name);
    struct text out;
    struct error err = { 0 };
    text_init(&out, SIZE_MAX);
    bool ok = render_line(&out, line, &err);
    bool right = json_get(line, "error")
                     ? !ok
                     : ok && slice_equal(text_slice(&out), json_text(json_get(line, "expected")));
    if (err.code == ERROR_NOT_FOUND)
        t->renderers[renderer].unknown++;
    else if (right)
        t->renderers[renderer].right++;
    else
        t->renderers[renderer].wrong++;
    if (!right && only && ok)
        show_difference(json_text(json_get(line, "expected")), text_slice(&out));
    else if (!right && only)
        printf("---- failed: %s\n", err.message);
    text_release(&out);
}

TEST(prompts_are_those_of_the_reference)
{
    static struct tally t;
    if (!golden_each_line("parsers/renderers.jsonl", check_line, &t))
        SKIP("no golden data (HEARTH_GOLDEN or ../shared/golden) for parsers/");
    size_t n_wrong = 0;
    for (size_t i = 0; i < t.n_renderers; i++) {
        printf("%-22s %5zu right %5zu wrong %5zu without a renderer\n", t.renderers[i].name,
               t.renderers[i].right, t.renderers[i].wrong, t.renderers[i].unknown);
        n_wrong += t.renderers[i].wrong + t.renderers[i].unknown;
    }
    assert_int_equal(n_wrong, 0);
}
