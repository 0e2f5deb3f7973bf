/* fuzz_worker_request.c: any bytes as a request to a worker with a small model that has tools,
 * thinking and a hole to fill; what can be answered is answered for a few steps. */
#include "base/base.h"
#include "runtime/session_steps.h"
#include "tiny_model.h"
#include "worker/batch_step.h"
#include "worker/job.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N_STEPS = 4, CONTEXT = 256 };

static const char chat_template[] =
    "{%- if tools %}<|im_start|>system\n<tools>{% for tool in tools %}\n{{ tool | tojson }}"
    "{% endfor %}\n</tools><|im_end|>\n{% endif %}"
    "{%- for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.reasoning_content %}<think>\n{{ m.reasoning_content }}\n</think>\n\n{% endif %}"
    "{{ m.content }}{% for c in m.tool_calls or [] %}\n<tool_call>\n"
    "{\"name\": \"{{ c.function.name }}\", \"arguments\": {{ c.function.arguments | tojson }}}\n"
    "</tool_call>{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n"
    "{% endif %}{% endif %}";

static const char *const controls[] = { "<|im_start|>",   "<|im_end|>",     "<|fim_prefix|>",
                                        "<|fim_suffix|>", "<|fim_middle|>", NULL };

static struct stage {
    struct tiny_model *tiny;
    struct worker_model model;
    struct grammar_cache *grammars;
    struct outbox *outbox;
    struct batch_step *step;
    struct client client;
} stage;

static void remove_file(void)
{
    tiny_model_free(&stage.tiny);
}

static void open_stage(void)
{
    struct error err = { 0 };
    struct tiny_options options = tiny_defaults();
    struct grammar_cache_options keeping = grammar_cache_defaults();
    struct text json;
    const struct json *wish = NULL;
    int sink = open("/dev/null", O_WRONLY);
    options.has_tokenizer = true;
    options.controls = controls;
    options.chat_template = chat_template;
    options.n_vocab = 300;
    options.n_ctx = CONTEXT;
    text_init(&json, 1 << 16);
    bool ok =
        tiny_model_new(&stage.tiny, &options, &err) &&
        text_printf(&json, "{\"path\":\"%s\"}", tiny_model_path(stage.tiny)) &&
        json_open(&wish, json.data, json.length, "open", &err) &&
        worker_model_open(&stage.model, wish, 1, &err) &&
        grammar_cache_open(&stage.grammars, &keeping, &err) &&
        outbox_open(&stage.outbox, sink, 1 << 20, &err) &&
        batch_step_open(&stage.step, model_stepped_engine(stage.model.model), stage.outbox, &err);
    atexit(remove_file);
    if (!ok) {
        fprintf(stderr, "%s\n", err.message);
        abort();
    }
    json_close(&wish);
    text_release(&json);
}

static void answer(struct job *job)
{
    struct choice *choices[REQUEST_MOST_INPUTS];
    struct error err = { 0 };
    assert(job->n_choices > 0 && job->n_choices <= REQUEST_MOST_INPUTS);
    job->client = &stage.client;
    for (size_t i = 0; i < job->n_choices; i++) {
        choices[i] = &job->choices[i];
        choices[i]->state = CHOICE_RUNNING;
        assert(choice_n_tokens(choices[i]) > 0 && choice_n_tokens(choices[i]) <= CONTEXT);
    }
    for (size_t i = 0; i < N_STEPS; i++)
        if (batch_step_run(stage.step, choices, job->n_choices, &err) != STEP_DONE)
            abort();
    batch_step_cancel(stage.step, job);
    assert(job->n_over == job->n_choices);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = { 0 };
    struct job *job;
    bool is_over;
    if (!stage.outbox)
        open_stage();
    if (!job_new(&job, 1, (struct slice){ (const char *)data, size }, &err))
        return 0;
    job_prepare(job, &stage.model, stage.grammars, stage.outbox, &is_over);
    if (!is_over)
        answer(job);
    job_free(&job);
    outbox_flush(stage.outbox);
    return 0;
}
