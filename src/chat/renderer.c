#include "chat/renderer.h"

#include "chat/renderer/renderer_text.h"

/* Copies of pieces of a conversation, images not among them. */
enum { SCRATCH_BYTES = 256 << 20 };

/* Related names share a file. */
static const struct {
    const char *name;
    render_function *render;
} renderers[] = {
    { "cogito", render_cogito },
    { "cohere", render_cohere },
    { "deepseek3.1", render_deepseek3 },
    { "functiongemma", render_functiongemma },
    { "gemma4", render_gemma4_small },
    { "gemma4-large", render_gemma4_large },
    { "gemma4-small", render_gemma4_small },
    { "glimmer", render_glimmer },
    { "glm-4.7", render_glm47 },
    { "glm-ocr", render_glm_ocr },
    { "laguna", render_laguna },
    { "lfm2", render_lfm2 },
    { "lfm2-thinking", render_lfm2_thinking },
    { "nemotron-3-nano", render_nemotron3 },
    { "nemotron-3.5-nano", render_nemotron35 },
    { "olmo3", render_olmo3 },
    { "olmo3.1", render_olmo31 },
    { "olmo3-32b-think", render_olmo3_think_32b },
    { "olmo3-think", render_olmo3_think },
    { "ornith", render_ornith },
    { "poolside-v1", render_laguna_v8 },
    { "qwen3.5", render_qwen35 },
    { "qwen3.8", render_qwen38 },
    { "qwen3-coder", render_qwen3_coder },
    { "qwen3-vl-instruct", render_qwen3_vl_instruct },
    { "qwen3-vl-thinking", render_qwen3_vl_thinking },
};

static render_function *renderer_named(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(renderers); i++)
        if (strcmp(renderers[i].name, name) == 0)
            return renderers[i].render;
    return NULL;
}

/* All or nothing: what a prompt that failed has already written goes away again. */
static void take_back(struct text *out, size_t length)
{
    out->length = length;
    if (out->data)
        out->data[length] = '\0';
}

const char *renderer_name_at(size_t index)
{
    return index < COUNT_OF(renderers) ? renderers[index].name : NULL;
}

bool renderer_render(struct text *out, const char *name, const struct renderer_input *input,
                     struct error *err)
{
    render_function *render = renderer_named(name);
    size_t length_before = out->length;
    if (!render)
        return fail(err, ERROR_NOT_FOUND, "there is no renderer '%s'", printable(slice_of(name)));
    struct prompt p = {
        .out = out,
        .scratch = arena_new(SCRATCH_BYTES),
        .err = err,
        .tools = input->tools,
        .n_tools = json_size(input->tools),
        .think = input->think,
        .now = input->now,
        .image_tags = input->image_tags,
    };
    if (!p.think.level)
        p.think.level = ""; /* a zeroed choice is one, too */
    if (!p.scratch)
        return fail_memory(err, SCRATCH_BYTES, "a prompt");
    bool ok = messages_read(&p.messages, &p.n_messages, input->messages, p.scratch, err) &&
              tools_check(input->tools, err);
    if (ok)
        render(&p);
    arena_free(&p.scratch);
    if (!ok || p.failed)
        take_back(out, length_before);
    return ok && !p.failed;
}
